package catalog

import (
	"fmt"
	"math"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is one service.yaml while it is read. It keeps the line of every
// key and element by its path ("routes[0].host"), so that rules which are
// checked later can still name the line.
type document struct {
	file     string
	lines    map[string]int
	unread   map[string]bool // paths whose value has the wrong type
	mistakes Mistakes
}

func newDocument(file string) *document {
	return &document{file: file, lines: map[string]int{}, unread: map[string]bool{}}
}

func (d *document) add(line int, problem, fix string) {
	d.mistakes = append(d.mistakes, Mistake{File: d.file, Line: line, Problem: problem, Fix: fix})
}

// at records a mistake at the line of path, or of the nearest parent that has one.
func (d *document) at(path, problem, fix string) {
	for p := path; ; {
		if line, ok := d.lines[p]; ok {
			d.add(line, problem, fix)
			return
		}
		cut := strings.LastIndexAny(p, ".[")
		if cut < 0 {
			d.add(1, problem, fix)
			return
		}
		p = p[:cut]
	}
}

func (d *document) has(path string) bool {
	_, ok := d.lines[path]
	return ok
}

// decode fills target from node. What does not fit is recorded and left at its
// zero value, so that one run finds every mistake.
func (d *document) decode(node *yaml.Node, target reflect.Value, path string) {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	switch target.Kind() {
	case reflect.Pointer:
		target.Set(reflect.New(target.Type().Elem()))
		d.decode(node, target.Elem(), path)
	case reflect.Struct:
		d.decodeStruct(node, target, path)
	case reflect.Map:
		d.decodeMap(node, target, path)
	case reflect.Slice:
		d.decodeSlice(node, target, path)
	default:
		d.decodeScalar(node, target, path)
	}
}

func (d *document) decodeStruct(node *yaml.Node, target reflect.Value, path string) {
	fields := fieldsByKey(target.Type())
	d.eachKey(node, path, func(key, value *yaml.Node, child string) {
		index, known := fields[key.Value]
		if !known {
			d.add(key.Line, fmt.Sprintf("%q is no key of %s", key.Value, nameOf(path)), suggest(key.Value, keys(fields)))
			return
		}
		d.decode(value, target.Field(index), child)
	})
}

func (d *document) decodeMap(node *yaml.Node, target reflect.Value, path string) {
	target.Set(reflect.MakeMap(target.Type()))
	d.eachKey(node, path, func(key, value *yaml.Node, child string) {
		element := reflect.New(target.Type().Elem()).Elem()
		d.decode(value, element, child)
		target.SetMapIndex(reflect.ValueOf(key.Value), element)
	})
}

func (d *document) eachKey(node *yaml.Node, path string, visit func(key, value *yaml.Node, child string)) {
	if node.Kind != yaml.MappingNode {
		d.mistyped(node, path, "write keys and values under it")
		return
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key, value := node.Content[i], node.Content[i+1]
		child := strings.TrimPrefix(path+"."+key.Value, ".")
		if d.has(child) {
			d.add(key.Line, fmt.Sprintf("%s is given twice", child),
				fmt.Sprintf("keep one of lines %d and %d", d.lines[child], key.Line))
			continue
		}
		d.lines[child] = key.Line
		visit(key, value, child)
	}
}

func (d *document) decodeSlice(node *yaml.Node, target reflect.Value, path string) {
	if node.Kind != yaml.SequenceNode {
		d.mistyped(node, path, `write a list, such as "- …" or [ … ]`)
		return
	}
	target.Set(reflect.MakeSlice(target.Type(), len(node.Content), len(node.Content)))
	for i, element := range node.Content {
		child := fmt.Sprintf("%s[%d]", path, i)
		d.lines[child] = element.Line
		d.decode(element, target.Index(i), child)
	}
}

func (d *document) decodeScalar(node *yaml.Node, target reflect.Value, path string) {
	switch target.Kind() {
	case reflect.String:
		if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!str" {
			target.SetString(node.Value)
			return
		}
		fix := "write a text"
		if node.Kind == yaml.ScalarNode && node.ShortTag() != "!!null" {
			fix = fmt.Sprintf("put it in quotes: %q", node.Value)
		}
		d.mistyped(node, path, fix)
	case reflect.Bool:
		var yes bool
		if node.Kind == yaml.ScalarNode && node.ShortTag() == "!!bool" && node.Decode(&yes) == nil {
			target.SetBool(yes)
			return
		}
		d.mistyped(node, path, "write true or false without quotes")
	case reflect.Int:
		var number float64
		if isNumber(node) && node.Decode(&number) == nil && number == math.Trunc(number) && math.Abs(number) < 1<<31 {
			target.SetInt(int64(number))
			return
		}
		d.mistyped(node, path, "write a whole number without quotes")
	case reflect.Float64:
		var number float64
		if isNumber(node) && node.Decode(&number) == nil {
			target.SetFloat(number)
			return
		}
		d.mistyped(node, path, "write a number without quotes")
	}
}

// mistyped records that a value has the wrong type, so that no rule looks at it.
func (d *document) mistyped(node *yaml.Node, path, fix string) {
	d.unread[path] = true
	d.add(node.Line, fmt.Sprintf("%s is %s", nameOf(path), kindOf(node)), fix)
}

// readable reports whether path was given and has the right type.
func (d *document) readable(path string) bool {
	return d.has(path) && !d.unread[path]
}

func isNumber(node *yaml.Node) bool {
	return node.Kind == yaml.ScalarNode && (node.ShortTag() == "!!int" || node.ShortTag() == "!!float")
}

// kindOf names what a node is, in the words of a person who reads the file.
func kindOf(node *yaml.Node) string {
	switch node.Kind {
	case yaml.MappingNode:
		return "a map of keys"
	case yaml.SequenceNode:
		return "a list"
	}
	switch node.ShortTag() {
	case "!!null":
		return "empty"
	case "!!bool":
		return "the boolean " + node.Value
	case "!!int", "!!float":
		return "the number " + node.Value
	case "!!str":
		return fmt.Sprintf("the text %q", node.Value)
	}
	return fmt.Sprintf("%q, which YAML reads as %s", node.Value, strings.TrimPrefix(node.ShortTag(), "!!"))
}

func nameOf(path string) string {
	if path == "" {
		return "service.yaml"
	}
	return path
}

// fieldsByKey maps the YAML key of each field of a struct to the field's index.
func fieldsByKey(structure reflect.Type) map[string]int {
	fields := map[string]int{}
	for i := range structure.NumField() {
		if key := structure.Field(i).Tag.Get("yaml"); key != "-" {
			fields[key] = i
		}
	}
	return fields
}

func keys[V any](m map[string]V) []string {
	all := make([]string, 0, len(m))
	for key := range m {
		all = append(all, key)
	}
	return all
}

package verdict

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Attribute is a value that changes. A sensitive one is named and never shown.
type Attribute struct {
	Path      string `json:"path"` // spec[0].replicas, labels["app.kubernetes.io/name"]
	Before    string `json:"before,omitempty"`
	After     string `json:"after,omitempty"`
	Sensitive bool   `json:"sensitive,omitempty"`
	Forces    bool   `json:"forces_replacement,omitempty"`

	unknown bool // the value after is known when the plan has been carried out
}

const (
	knownLater = "(known after apply)"
	// valueLength bounds a value in characters: what is longer is cut, and still tells which it is.
	valueLength = 80
)

func (a Attribute) String() string {
	if a.Sensitive {
		return a.Path + " (sensitive)"
	}
	return fmt.Sprintf("%s %s → %s", a.Path, or(a.Before, "none"), or(a.After, "none"))
}

// sides are a value before and after a change, with what is unknown and what is secret of it.
type sides struct {
	before, after, unknown, secretBefore, secretAfter any
}

// attributesOf are the values that differ, down to single ones, sorted by path.
func attributesOf(c *tfjson.Change) []Attribute {
	var found []Attribute
	compare("", sides{c.Before, c.After, c.AfterUnknown, c.BeforeSensitive, c.AfterSensitive}, &found)
	forcing := make([]string, 0, len(c.ReplacePaths))
	for _, steps := range c.ReplacePaths {
		forcing = append(forcing, pathText(steps))
	}
	for i := range found {
		found[i].Forces = slices.ContainsFunc(forcing, func(p string) bool { return within(found[i].Path, p) || within(p, found[i].Path) })
	}
	return found
}

func compare(path string, s sides, found *[]Attribute) {
	if s.unknown == true {
		*found = append(*found, leaf(path, s))
		return
	}
	if covers(s.secretBefore) || covers(s.secretAfter) {
		if !reflect.DeepEqual(s.before, s.after) {
			*found = append(*found, Attribute{Path: path, Sensitive: true})
		}
		return
	}
	if steps, ok := children(s); ok {
		for _, step := range steps {
			compare(path+stepText(step, path == ""), s.at(step), found)
		}
		return
	}
	if !reflect.DeepEqual(s.before, s.after) {
		*found = append(*found, leaf(path, s))
	}
}

// covers tells whether a mask hides a value as a whole.
func covers(mask any) bool { return mask == true }

// hides tells whether a mask hides anything in a value.
func hides(mask any) bool {
	switch m := mask.(type) {
	case bool:
		return m
	case map[string]any:
		return slices.ContainsFunc(slices.Collect(maps.Values(m)), hides)
	case []any:
		return slices.ContainsFunc(m, hides)
	}
	return false
}

func leaf(path string, s sides) Attribute {
	a := Attribute{Path: path, unknown: s.unknown == true}
	if hides(s.secretBefore) || hides(s.secretAfter) {
		a.Sensitive = true
		return a
	}
	a.Before, a.After = valueText(s.before), valueText(s.after)
	if a.unknown {
		a.After = knownLater
	}
	return a
}

// children are the steps into a value that is a collection on both sides, or on the one that has it.
func children(s sides) (steps []any, ok bool) {
	before, after := reflect.ValueOf(s.before), reflect.ValueOf(s.after)
	switch {
	case isKind(reflect.Map, before, after):
		keys := map[string]any{}
		for _, side := range []any{s.before, s.after, s.unknown} {
			maps.Copy(keys, object(side))
		}
		for _, key := range sortedKeys(keys) {
			steps = append(steps, key)
		}
		return steps, true
	case isKind(reflect.Slice, before, after):
		unknown, _ := s.unknown.([]any)
		for i := range max(before.Len(), after.Len(), len(unknown)) {
			steps = append(steps, i)
		}
		return steps, true
	}
	return nil, false
}

func isKind(kind reflect.Kind, values ...reflect.Value) bool {
	return !slices.ContainsFunc(values, func(v reflect.Value) bool { return !v.IsValid() || v.Kind() != kind })
}

func (s sides) at(step any) sides {
	return sides{child(s.before, step), child(s.after, step), child(s.unknown, step), child(s.secretBefore, step), child(s.secretAfter, step)}
}

func child(value, step any) any {
	switch key := step.(type) {
	case string:
		return object(value)[key]
	case int:
		if list, ok := value.([]any); ok && key < len(list) {
			return list[key]
		}
	}
	return nil
}

func object(value any) map[string]any {
	m, _ := value.(map[string]any)
	return m
}

var plainName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func stepText(step any, first bool) string {
	switch s := step.(type) {
	case string:
		if !plainName.MatchString(s) {
			return fmt.Sprintf("[%q]", s)
		}
		if first {
			return s
		}
		return "." + s
	default: // an index; JSON has them as float64
		return fmt.Sprintf("[%v]", s)
	}
}

// pathText writes one of a plan's replace_paths.
func pathText(steps any) string {
	var text strings.Builder
	list, _ := steps.([]any)
	for i, step := range list {
		text.WriteString(stepText(step, i == 0))
	}
	return text.String()
}

// within tells whether a path is another or lies below it.
func within(path, other string) bool {
	rest, found := strings.CutPrefix(path, other)
	return found && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// valueText is a value on one line, cut where it is long; empty for none. A collection that comes or
// goes as a whole is not spelt out.
func valueText(value any) string {
	switch value.(type) {
	case nil:
		return ""
	case map[string]any:
		return "{…}"
	case []any:
		return "[…]"
	}
	text, isText := value.(string)
	if !isText {
		encoded, err := json.Marshal(value)
		if err != nil {
			return fmt.Sprint(value)
		}
		text = string(encoded)
	}
	text = strings.Join(strings.Fields(text), " ")
	if runes := []rune(text); len(runes) > valueLength {
		return string(runes[:valueLength]) + "…"
	}
	return text
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

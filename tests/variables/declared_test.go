package variables

import (
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/require"
	"github.com/zclconf/go-cty/cty"
)

// elements is the step from a list, set or map to what it holds.
const elements = "[]"

// option is what a folder can be told: a variable, or an attribute of one.
type option struct {
	path     []string  // variable, attribute, attribute of that …
	standard cty.Value // what it is when nobody sets it; cty.NilVal when it has to be set
}

func (o option) String() string {
	return strings.ReplaceAll(strings.Join(o.path, "."), "."+elements, elements)
}

// declared is what a folder lets itself be told, and what it refuses.
type declared struct {
	options []option
	// conditions is how many validations a variable has, and how many conditions a resource, an output
	// or a check: by its address, as expect_failures names it.
	conditions map[string]int
}

// declaredBy reads the Terraform files of a folder.
func declaredBy(t *testing.T, dir string) declared {
	t.Helper()
	found := declared{conditions: map[string]int{}}
	for _, block := range parsed(t, dir, "*.tf") {
		if block.Type == "variable" {
			found.options = append(found.options, optionsOf(block)...)
		}
		if n := conditionsOf(block); n > 0 {
			found.conditions[address(block)] += n
		}
	}
	return found
}

// optionsOf are a variable and, where its type is written out, the attributes in it.
func optionsOf(variable *hclsyntax.Block) []option {
	path := []string{variable.Labels[0]}
	itself := option{path: path}
	if standard := variable.Body.Attributes["default"]; standard != nil {
		itself.standard = literal(standard.Expr)
	}
	kind := variable.Body.Attributes["type"]
	if kind == nil {
		return []option{itself}
	}
	return append([]option{itself}, attributesOf(kind.Expr, path)...)
}

// attributesOf are the attributes that a type has, and theirs.
func attributesOf(kind hclsyntax.Expression, path []string) []option {
	call, ok := kind.(*hclsyntax.FunctionCallExpr)
	if !ok || len(call.Args) == 0 {
		return nil
	}
	if call.Name != "object" {
		return attributesOf(call.Args[0], join(path, elements)) // list, set, map
	}
	object, ok := call.Args[0].(*hclsyntax.ObjectConsExpr)
	if !ok {
		return nil
	}
	var found []option
	for _, item := range object.Items {
		attribute := option{path: join(path, keyOf(item))}
		inner := item.ValueExpr
		if optional, ok := inner.(*hclsyntax.FunctionCallExpr); ok && optional.Name == "optional" {
			inner, attribute.standard = optional.Args[0], cty.NullVal(cty.DynamicPseudoType)
			if len(optional.Args) > 1 {
				attribute.standard = literal(optional.Args[1])
			}
		}
		found = append(append(found, attribute), attributesOf(inner, attribute.path)...)
	}
	return found
}

// conditionsOf counts the conditions that a block can fail by.
func conditionsOf(block *hclsyntax.Block) int {
	n := 0
	for _, inner := range block.Body.Blocks {
		switch inner.Type {
		case "validation", "precondition", "postcondition":
			n++
		case "assert":
			if block.Type == "check" {
				n++
			}
		case "lifecycle":
			n += conditionsOf(inner)
		}
	}
	return n
}

// address is how expect_failures names a block.
func address(block *hclsyntax.Block) string {
	name := strings.Join(block.Labels, ".")
	switch block.Type {
	case "resource":
		return name
	case "variable":
		return "var." + name
	}
	return block.Type + "." + name // data, output, check
}

// literal is the value that is written out, or an unknown one.
func literal(expression hclsyntax.Expression) cty.Value {
	value, diagnostics := expression.Value(nil)
	if diagnostics.HasErrors() {
		return cty.DynamicVal
	}
	return value
}

func keyOf(item hclsyntax.ObjectConsItem) string {
	key := literal(item.KeyExpr)
	if !key.IsKnown() || key.IsNull() || key.Type() != cty.String {
		return ""
	}
	return key.AsString()
}

func join(path []string, step string) []string {
	return append(append([]string(nil), path...), step)
}

// parsed are the blocks in the files of a folder.
func parsed(t *testing.T, dir, pattern string) []*hclsyntax.Block {
	t.Helper()
	var blocks []*hclsyntax.Block
	for _, path := range glob(t, dir, pattern) {
		blocks = append(blocks, bodyOf(t, path).Blocks...)
	}
	return blocks
}

func bodyOf(t *testing.T, path string) *hclsyntax.Body {
	t.Helper()
	file, diagnostics := hclsyntax.ParseConfig(read(t, path), path, hcl.InitialPos)
	require.False(t, diagnostics.HasErrors(), "%s", diagnostics)
	return file.Body.(*hclsyntax.Body)
}

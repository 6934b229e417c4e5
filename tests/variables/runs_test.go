package variables

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

// tried is what the tests of a folder do with it.
type tried struct {
	// values are what each variable is set to by a run that asserts something.
	values map[string][]hclsyntax.Expression
	// refusals is how many runs expect what an address names to fail.
	refusals map[string]int
}

// triedBy reads the tests of a folder.
func triedBy(t *testing.T, dir string) tried {
	t.Helper()
	found := tried{values: map[string][]hclsyntax.Expression{}, refusals: map[string]int{}}
	for _, path := range glob(t, dir, "tests/*.tftest.hcl") {
		asserts := false
		body := bodyOf(t, path)
		for _, run := range blocksOf(body, "run") {
			asserts = found.addRun(run.Body) || asserts
		}
		if asserts {
			found.addValues(body) // they are those of each run
		}
	}
	return found
}

// addRun tells whether a run asserts something of the folder itself: one of another module, such as an
// example, sets the variables of that one.
func (f *tried) addRun(run *hclsyntax.Body) bool {
	if len(blocksOf(run, "module")) > 0 {
		return false
	}
	if expected := run.Attributes["expect_failures"]; expected != nil {
		for _, traversal := range expected.Expr.Variables() {
			f.refusals[nameOf(traversal)]++
		}
		return false
	}
	if len(blocksOf(run, "assert")) == 0 {
		return false
	}
	f.addValues(run)
	return true
}

func (f *tried) addValues(body *hclsyntax.Body) {
	for _, block := range blocksOf(body, "variables") {
		for name, attribute := range block.Body.Attributes {
			f.values[name] = append(f.values[name], attribute.Expr)
		}
	}
}

// sets tells whether a run sets an option to something else than it is without.
func (f *tried) sets(o option) bool {
	values := f.values[o.path[0]]
	for _, step := range o.path[1:] {
		values = below(values, step)
	}
	for _, value := range values {
		if differs(literal(value), o.standard) {
			return true
		}
	}
	return false
}

// differs tells whether a value is another one than the standard. One that Terraform computes counts.
func differs(value, standard cty.Value) bool {
	switch {
	case !value.IsKnown():
		return true
	case standard == cty.NilVal:
		return !value.IsNull()
	case value.IsNull() || standard.IsNull():
		return value.IsNull() != standard.IsNull()
	}
	return !value.RawEquals(standard)
}

// below are the values that lie one step below others, where those are written out.
func below(values []hclsyntax.Expression, step string) []hclsyntax.Expression {
	var found []hclsyntax.Expression
	for _, value := range values {
		switch value := value.(type) {
		case *hclsyntax.ParenthesesExpr:
			found = append(found, below([]hclsyntax.Expression{value.Expression}, step)...)
		case *hclsyntax.ConditionalExpr:
			found = append(found, below([]hclsyntax.Expression{value.TrueResult, value.FalseResult}, step)...)
		case *hclsyntax.FunctionCallExpr: // merge, concat and the like
			found = append(found, below(value.Args, step)...)
		case *hclsyntax.TupleConsExpr:
			if step == elements {
				found = append(found, value.Exprs...)
			}
		case *hclsyntax.ObjectConsExpr:
			for _, item := range value.Items {
				if step == elements || step == keyOf(item) {
					found = append(found, item.ValueExpr)
				}
			}
		}
	}
	return found
}

func blocksOf(body *hclsyntax.Body, kind string) []*hclsyntax.Block {
	var found []*hclsyntax.Block
	for _, block := range body.Blocks {
		if block.Type == kind {
			found = append(found, block)
		}
	}
	return found
}

func nameOf(traversal hcl.Traversal) string {
	name := traversal.RootName()
	for _, step := range traversal[1:] {
		if attribute, ok := step.(hcl.TraverseAttr); ok {
			name += "." + attribute.Name
		}
	}
	return name
}

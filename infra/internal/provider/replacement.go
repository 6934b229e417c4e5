package provider

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// replacement is a changed attribute that makes a resource be replaced.
type replacement struct {
	root   string // name of the attribute of the resource
	where  string // as written in a configuration: nodes[1].port_mappings
	reason string
}

// requireReplace marks the changes that replace a resource, and warns with
// summary and the reasons.
func requireReplace(req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse, reasons map[string]string, summary string) {
	changes, err := replacements(req.State.Raw, resp.Plan.Raw, reasons)
	if err != nil {
		resp.Diagnostics.AddError("the plan cannot be compared with the state", err.Error())
		return
	}
	if len(changes) == 0 {
		return
	}
	for _, change := range changes {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root(change.root))
	}
	resp.Diagnostics.AddWarning(summary, "replacing because "+strings.Join(sentences(changes), "\nand because "))
}

// replacements compares state with plan and returns the changes for which
// reasons has an entry, each place once, in alphabetical order. The keys of
// reasons are names joined by dots, without indexes.
func replacements(state, plan tftypes.Value, reasons map[string]string) ([]replacement, error) {
	diffs, err := state.Diff(plan)
	if err != nil {
		return nil, err
	}
	var found []replacement
	for _, diff := range diffs {
		if diff.Value1 != nil && diff.Value2 != nil && !isLeaf(diff.Value1, diff.Value2) {
			continue // what differs inside it follows
		}
		if r, ok := explain(diff.Path, reasons); ok {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b replacement) int { return strings.Compare(a.where, b.where) })
	found = slices.Compact(found)
	return withoutNested(found), nil
}

// isLeaf tells whether a difference between two values has no parts.
func isLeaf(a, b *tftypes.Value) bool {
	for _, v := range []*tftypes.Value{a, b} {
		if v.IsNull() || !v.IsKnown() {
			return true
		}
		switch v.Type().(type) {
		case tftypes.Object, tftypes.Map, tftypes.List:
			return false
		}
	}
	return true
}

// explain finds the last name of a path that has a reason, and writes the
// path that far.
func explain(at *tftypes.AttributePath, reasons map[string]string) (found replacement, ok bool) {
	var names []string
	var where strings.Builder
	for _, step := range at.Steps() {
		if index, isIndex := step.(tftypes.ElementKeyInt); isIndex {
			fmt.Fprintf(&where, "[%d]", int64(index))
			continue
		}
		name, isName := step.(tftypes.AttributeName)
		if !isName {
			break // the keys of a map are not attributes
		}
		if len(names) > 0 {
			where.WriteByte('.')
		}
		where.WriteString(string(name))
		names = append(names, string(name))
		if reason, has := reasons[strings.Join(names, ".")]; has {
			found, ok = replacement{root: names[0], where: where.String(), reason: reason}, true
		}
	}
	return found, ok
}

// withoutNested drops places inside a place that is there already, such as
// the attributes of a node that is new as a whole. It wants sorted input.
func withoutNested(sorted []replacement) []replacement {
	var kept []replacement
	for _, r := range sorted {
		if n := len(kept); n > 0 && isInside(r.where, kept[n-1].where) {
			continue
		}
		kept = append(kept, r)
	}
	return kept
}

func isInside(where, other string) bool {
	rest, found := strings.CutPrefix(where, other)
	return found && (strings.HasPrefix(rest, ".") || strings.HasPrefix(rest, "["))
}

func sentences(replacements []replacement) []string {
	var all []string
	for _, r := range replacements {
		all = append(all, fmt.Sprintf("%s changed: %s", r.where, r.reason))
	}
	return all
}

package cli

import (
	"fmt"
	"slices"
	"strings"

	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
	"kindling.internal/infra/internal/verdict"
)

const (
	// shownAttributes bounds the attributes that a line of a table names; JSON has all.
	shownAttributes = 4
	// shownValue bounds, in characters, a value that is shown beside its attribute.
	shownValue = 24
)

// rootChange is a change with the root that it is in.
type rootChange struct {
	root string
	verdict.Change
}

func changesOf(report stack.PlanReport) []rootChange {
	var all []rootChange
	for _, c := range report.Cluster {
		all = append(all, rootChange{"cluster", c})
	}
	for _, c := range report.Workloads {
		all = append(all, rootChange{"workloads", c})
	}
	return all
}

// printPlanText prints what it is a plan of and the verdict, then the changes, then what stands
// against them.
func (a *app) printPlanText(report stack.PlanReport) {
	if report.Basis != "" {
		fmt.Fprintln(a.out, report.Basis)
	}
	fmt.Fprintln(a.out, report.Verdict)
	if changes := changesOf(report); len(changes) > 0 {
		rows := make([][]string, 0, len(changes))
		for _, c := range changes {
			rows = append(rows, []string{c.root, string(c.Verdict), c.Name(), strings.Join(reasons(c.Change), "\n"), c.Loses})
		}
		fmt.Fprintln(a.out)
		ui.New(a.out).Table(withoutEmpty([]string{"ROOT", "VERDICT", "RESOURCE", "WHY", "LOSES"}, rows))
	}
	if len(report.Outputs) > 0 {
		fmt.Fprintf(a.out, "outputs that change: %s\n", strings.Join(report.Outputs, ", "))
	}
	a.printFindings(report.Findings)
	for _, line := range remarks(report) {
		fmt.Fprintln(a.out, line)
	}
}

// withoutEmpty leaves out the last columns of a table when they say nothing.
func withoutEmpty(headers []string, rows [][]string) ([]string, [][]string) {
	last := len(headers) - 1
	if slices.ContainsFunc(rows, func(row []string) bool { return row[last] != "" }) {
		return headers, rows
	}
	for i := range rows {
		rows[i] = rows[i][:last]
	}
	return withoutEmpty(headers[:last], rows)
}

// remarks end a report: what up would do with the plan, and what is not in it.
func remarks(report stack.PlanReport) []string {
	var lines []string
	if len(report.Violations) > 0 {
		lines = append(lines, fmt.Sprintf("up refuses what breaks a rule; a waiver belongs into environments/%s/%s", report.Environment, policy.WaiverFile))
	}
	if report.Confirm != "" {
		lines = append(lines, "up refuses to lose data; to go on and lose it: "+report.Confirm)
	}
	if report.Note != "" {
		lines = append(lines, report.Note)
	}
	return lines
}

// reasons tell why a resource is replaced or removed, or else which of its attributes change.
func reasons(c verdict.Change) []string {
	if c.Because != "" {
		return []string{c.Because}
	}
	var texts []string
	for i, attribute := range c.Attributes {
		if i == shownAttributes {
			return append(texts, fmt.Sprintf("and %d more", len(c.Attributes)-i))
		}
		texts = append(texts, attributeText(attribute))
	}
	return texts
}

// attributeText leaves out values that would make a table wide.
func attributeText(a verdict.Attribute) string {
	if !a.Sensitive && max(len([]rune(a.Before)), len([]rune(a.After))) > shownValue {
		return a.Path
	}
	return a.String()
}

func (a *app) printFindings(found policy.Findings) {
	for _, g := range policy.Grouped(found.Violations) {
		a.printGroup("rule", g)
		fmt.Fprintf(a.out, "  fix      %s\n", g.Fix)
		if g.Waiver != nil {
			fmt.Fprintf(a.out, "  waiver   it ended on %s: %s\n", g.Waiver.Until, g.Waiver.Reason)
		}
	}
	for _, g := range policy.Grouped(found.Waived) {
		a.printGroup("waived", g)
		fmt.Fprintf(a.out, "  waiver   until %s: %s\n", g.Waiver.Until, g.Waiver.Reason)
	}
	if len(found.Violations)+len(found.Waived) > 0 {
		fmt.Fprintln(a.out)
	}
}

func (a *app) printGroup(label string, g policy.Group) {
	fmt.Fprintf(a.out, "\n%s %s: %s\n", label, g.Rule, g.Reason)
	for _, address := range g.Addresses {
		fmt.Fprintf(a.out, "  %s\n", address)
	}
}

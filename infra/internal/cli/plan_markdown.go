package cli

import (
	"fmt"
	"strings"

	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/stack"
)

// markdownRows bounds the table of a comment: hosts cut off comments of more than 65,536 characters.
const markdownRows = 150

// planMarkdown is a plan for a comment on a pull request: the verdict is the first line, and the
// table is behind a line that opens it.
func planMarkdown(report stack.PlanReport) string {
	var text strings.Builder
	fmt.Fprintf(&text, "### %s: %s\n", report.Environment, cell(report.Verdict))
	if report.Basis != "" {
		fmt.Fprintf(&text, "\n%s\n", cell(report.Basis))
	}
	writeFindings(&text, report.Findings)
	if changes := changesOf(report); len(changes) > 0 {
		writeChanges(&text, changes)
	}
	if len(report.Outputs) > 0 {
		fmt.Fprintf(&text, "\nOutputs that change: %s\n", cell(strings.Join(report.Outputs, ", ")))
	}
	for _, line := range remarks(report) {
		fmt.Fprintf(&text, "\n%s\n", cell(line))
	}
	return text.String()
}

func writeFindings(text *strings.Builder, found policy.Findings) {
	if len(found.Violations) > 0 {
		text.WriteString("\n| broken rule | resource | because | fix |\n|---|---|---|---|\n")
		for _, g := range policy.Grouped(found.Violations) {
			reason := g.Reason
			if g.Waiver != nil {
				reason += fmt.Sprintf(" (its waiver ended on %s)", g.Waiver.Until)
			}
			fmt.Fprintf(text, "| %s | %s | %s | %s |\n", g.Rule, codes(g.Addresses), cell(reason), cell(g.Fix))
		}
	}
	if len(found.Waived) > 0 {
		text.WriteString("\n| waived rule | resource | until | because |\n|---|---|---|---|\n")
		for _, g := range policy.Grouped(found.Waived) {
			fmt.Fprintf(text, "| %s | %s | %s | %s |\n", g.Rule, codes(g.Addresses), g.Waiver.Until, cell(g.Waiver.Reason))
		}
	}
}

func writeChanges(text *strings.Builder, changes []rootChange) {
	fmt.Fprintf(text, "\n<details><summary>%d resources change</summary>\n\n| root | verdict | resource | why | loses |\n|---|---|---|---|---|\n", len(changes))
	for i, c := range changes {
		if i == markdownRows {
			fmt.Fprintf(text, "\n%d more are in `--output json`.\n", len(changes)-i)
			break
		}
		why := reasons(c.Change)
		for i := range why {
			why[i] = cell(why[i])
		}
		fmt.Fprintf(text, "| %s | %s | %s | %s | %s |\n", c.root, c.Verdict, code(c.Name()), strings.Join(why, "<br>"), cell(c.Loses))
	}
	text.WriteString("\n</details>\n")
}

// cell writes text that comes from a plan so that it is text: it ends no cell, opens no tag and calls
// nobody by name.
func cell(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	return strings.NewReplacer("|", `\|`, "<", "&lt;", ">", "&gt;", "@", "&#64;", "*", `\*`, "_", `\_`, "`", "'", "[", `\[`).Replace(text)
}

// shownAddresses bounds the addresses in one cell.
const shownAddresses = 10

func codes(addresses []string) string {
	var lines []string
	for i, address := range addresses {
		if i == shownAddresses {
			lines = append(lines, fmt.Sprintf("and %d more", len(addresses)-i))
			break
		}
		lines = append(lines, code(address))
	}
	return strings.Join(lines, "<br>")
}

// code writes an address, in which nothing has a meaning but the end of the cell.
func code(text string) string {
	return "`" + strings.NewReplacer("|", `\|`, "`", "'", "\n", " ").Replace(text) + "`"
}

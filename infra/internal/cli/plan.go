package cli

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

func (a *app) planCommand() *cobra.Command {
	var environment, format string
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Say in words what up would change in the infrastructure; exit 2 when there are changes",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			report, err := s.Plan(cmd.Context())
			if err != nil {
				return err
			}
			if err := a.printPlan(report, format); err != nil {
				return err
			}
			if report.Changes() {
				return exitCode(exitInput)
			}
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	outputFlag(cmd, &format)
	return cmd
}

func (a *app) printPlan(report stack.PlanReport, format string) error {
	if format == "json" {
		return json.NewEncoder(a.out).Encode(report)
	}
	var rows [][]string
	for _, group := range []struct {
		root    string
		changes []stack.PlannedChange
	}{{"cluster", report.Cluster}, {"workloads", report.Workloads}} {
		for _, c := range group.changes {
			rows = append(rows, []string{group.root, c.Verdict, c.Address, c.Loses})
		}
	}
	if len(rows) > 0 {
		fmt.Fprintln(a.out)
		ui.New(a.out).Table([]string{"ROOT", "VERDICT", "RESOURCE", "LOSES"}, rows)
	}
	if report.Note != "" {
		fmt.Fprintln(a.out, report.Note)
	}
	return nil
}

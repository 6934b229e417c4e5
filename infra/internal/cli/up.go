package cli

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

func (a *app) upCommand() *cobra.Command {
	var environment, format, confirm string
	cmd := &cobra.Command{
		Use:   "up",
		Short: "Bring an environment to what this checkout describes",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			start := time.Now()
			confirmed, err := confirmed(confirm)
			if err != nil {
				return err
			}
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			s.ConfirmLoss = confirmed
			report, err := s.Up(cmd.Context())
			if err != nil {
				return err
			}
			if err := printReport(a.out, report, format); err != nil {
				return err
			}
			a.printer.Line("ready in %s", ui.Elapsed(time.Since(start)))
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	outputFlag(cmd, &format)
	cmd.Flags().StringVar(&confirm, "confirm", "", "yes: go on also when data is lost by it, as kindling plan tells")
	return cmd
}

// confirmed reads what somebody says to a plan that loses data. It is yes or nothing: what is
// mistyped must not lose anything.
func confirmed(answer string) (bool, error) {
	if answer != "" && answer != "yes" {
		return false, badInput("up", fmt.Sprintf("--confirm is %q; only yes confirms", answer), "kindling plan --env NAME tells what would be lost", "make up env=NAME confirm=yes")
	}
	return answer == "yes", nil
}

func (a *app) statusCommand() *cobra.Command {
	var environment, format string
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show what runs in an environment; exit 1 when something is not as it should be",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			report, err := s.Status(cmd.Context())
			if err != nil {
				return err
			}
			if err := printReport(a.out, report, format); err != nil {
				return err
			}
			if !report.Healthy() {
				return exitCode(exitFailed)
			}
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	outputFlag(cmd, &format)
	return cmd
}

func (a *app) downCommand() *cobra.Command {
	var environment string
	cmd := &cobra.Command{
		Use:   "down",
		Short: "Remove an environment and prove that nothing of it is left",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			return s.Down(cmd.Context())
		},
	}
	environmentFlag(cmd, &environment)
	return cmd
}

// environmentFlag adds --env. There is no default: what a command changes is always named.
func environmentFlag(cmd *cobra.Command, environment *string) {
	cmd.Flags().StringVarP(environment, "env", "e", "", "the environment: a folder of environments/")
}

func printReport(out io.Writer, report stack.Report, format string) error {
	if format == "json" {
		return printJSON(out, report)
	}
	rows := make([][]string, 0, len(report.Services))
	for _, s := range report.Services {
		ready := fmt.Sprintf("%d/%d", s.Ready, s.Desired)
		if s.Message != "" {
			ready += " " + s.Message
		}
		rows = append(rows, []string{s.Name, strings.Join(s.URLs, "\n"), s.Version, fmt.Sprintf("%.19s", s.Digest), ready})
	}
	fmt.Fprintln(out)
	ui.New(out).Table([]string{"SERVICE", "URL", "VERSION", "DIGEST", "READY"}, rows)
	for _, p := range report.Platform {
		if !p.Settled() {
			fmt.Fprintf(out, "%s %d/%d %s\n", p.Part, p.Ready, p.Desired, p.Message)
		}
	}
	return nil
}

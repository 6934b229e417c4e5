package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

func (a *app) stateCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "state",
		Short: "Where an environment's Terraform states are, and who has locked them",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.stateInitCommand(), a.stateShowCommand(), a.stateUnlockCommand())
	return cmd
}

func (a *app) stateInitCommand() *cobra.Command {
	var environment, address string
	cmd := &cobra.Command{
		Use:   "init",
		Short: "Keep an environment's states in a bucket, with locks; make it, and move there what is on this machine",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			moved, err := s.InitState(cmd.Context(), address)
			if err != nil {
				return err
			}
			printStates(a.out, moved.StateReport)
			a.printer.Line("commit these, so that everybody works on the same states:")
			for _, file := range moved.Files {
				a.printer.Line("  %s", file)
			}
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	cmd.Flags().StringVar(&address, "bucket", "", "the bucket: "+bucket.Example+"; empty: the one that is in use")
	return cmd
}

func (a *app) stateShowCommand() *cobra.Command {
	var environment, format string
	cmd := &cobra.Command{
		Use:   "show",
		Short: "Show where the states are, their serials, and who holds their locks since when",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			report, err := s.ShowState(cmd.Context())
			if err != nil {
				return err
			}
			if format == "json" {
				encoder := json.NewEncoder(a.out)
				encoder.SetIndent("", "  ")
				return encoder.Encode(report)
			}
			printStates(a.out, report)
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	outputFlag(cmd, &format)
	return cmd
}

func (a *app) stateUnlockCommand() *cobra.Command {
	var environment, id string
	cmd := &cobra.Command{
		Use:   "unlock",
		Short: "Remove a lock that nobody holds any more; its ID says which one you mean",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			root, err := s.UnlockState(cmd.Context(), id)
			if err != nil {
				return err
			}
			a.printer.Line("the state of %s/%s is no longer locked", environment, root)
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	cmd.Flags().StringVar(&id, "id", "", "the lock's ID, as kindling state show tells it")
	return cmd
}

func printStates(out io.Writer, report stack.StateReport) {
	rows := make([][]string, 0, len(report.Roots))
	for _, r := range report.Roots {
		serial, resources, lock := "none yet", "", "free"
		if r.Backend == "local" {
			lock = "this machine's"
		}
		if r.There {
			serial, resources = strconv.FormatUint(r.Serial, 10), strconv.Itoa(r.Resources)
		}
		if r.Lock != nil {
			lock = fmt.Sprintf("%s, %s since %s", r.Lock.Who, r.Lock.Operation, r.Lock.Since.Local().Format("2006-01-02 15:04:05"))
		}
		rows = append(rows, []string{r.Root, r.Where, serial, resources, lock})
	}
	fmt.Fprintln(out)
	ui.New(out).Table([]string{"ROOT", "STATE", "SERIAL", "RESOURCES", "LOCK"}, rows)
	for _, r := range report.Roots {
		if r.Lock != nil {
			fmt.Fprintf(out, "%s: lock %s: %s\n", r.Root, r.Lock.ID, r.Lock.Holder)
		}
	}
}

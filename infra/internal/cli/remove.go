package cli

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/scaffold"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

func (a *app) removeCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "remove",
		Short: "Take out of the repository",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.removeServiceCommand())
	return cmd
}

func (a *app) removeServiceCommand() *cobra.Command {
	var force bool
	var running []string
	var format string
	cmd := &cobra.Command{
		Use:   "service NAME",
		Short: "Remove a service's folder and its entry in go.work, and with --env what runs; without it the next up does",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := repository()
			if err != nil {
				return err
			}
			stacks, err := a.stacks(running) // before anything is removed
			if err != nil {
				return err
			}
			values, err := stack.ProvidedSecrets(root, "*", args[0])
			if err != nil {
				return err
			}
			if len(values) > 0 && !force {
				return valuesLost(args[0], values)
			}
			if err := scaffold.Remove(cmd.Context(), root, args[0], force); err != nil {
				return refusal("remove", err)
			}
			for _, value := range values {
				if err := os.Remove(filepath.Join(root, value.File)); err != nil {
					return err
				}
			}
			for _, s := range stacks {
				if _, err := s.Up(cmd.Context()); err != nil {
					return err
				}
			}
			return a.printRemoved(root, args[0], format)
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "also when another service calls it, its folder has uncommitted changes, or people provided secrets of it")
	cmd.Flags().StringSliceVarP(&running, "env", "e", nil, "also bring these environments to what is left, separated by commas")
	outputFlag(cmd, &format)
	return cmd
}

// valuesLost refuses to remove a service with values that people provided, and names the commands that
// take them away, one by one. --force would do it as well, and switch off what else is looked at before a
// service is removed.
func valuesLost(service string, values []stack.ProvidedSecret) error {
	failure := &ui.Failure{Step: "remove", Code: exitInput, Sentence: "people provided secrets of " + service + ", which git would not get back"}
	for _, value := range values {
		failure.Seen = append(failure.Seen, value.File)
		failure.Next = append(failure.Next, fmt.Sprintf("kindling secret unset --env %s --service %s %s", value.Environment, service, value.Name))
	}
	return failure
}

// stacks are several environments.
func (a *app) stacks(environments []string) ([]*stack.Stack, error) {
	stacks := make([]*stack.Stack, 0, len(environments))
	for _, environment := range environments {
		s, err := a.stack(environment)
		if err != nil {
			return nil, err
		}
		stacks = append(stacks, s)
	}
	return stacks, nil
}

// removedJSON is what `remove service --output json` prints.
type removedJSON struct {
	Service string   `json:"service"`
	RunsIn  []string `json:"runs_in"` // environments whose release record still names it
}

// printRemoved names the environments that still run the service.
func (a *app) printRemoved(root, name, format string) error {
	result := removedJSON{Service: name, RunsIn: []string{}}
	for _, environment := range environments(root) {
		record, err := release.Load(root, environment)
		if _, released := record.Services[name]; released || err != nil {
			result.RunsIn = append(result.RunsIn, environment)
		}
	}
	if format == "json" {
		return printJSON(a.out, result)
	}
	fmt.Fprintf(a.out, "services/%s and its entry in go.work are removed\n", name)
	label := "next"
	for _, environment := range result.RunsIn {
		fmt.Fprintf(a.out, "  %-4s   make up env=%s removes what runs there\n", label, environment)
		label = ""
	}
	if len(result.RunsIn) == 0 {
		fmt.Fprintln(a.out, "it runs nowhere: no environment's release record names it")
	}
	return nil
}

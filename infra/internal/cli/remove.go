package cli

import (
	"fmt"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/scaffold"
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
	cmd := &cobra.Command{
		Use:   "service NAME",
		Short: "Remove a service's folder and its entry in go.work; the next up removes what runs",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := repository()
			if err != nil {
				return err
			}
			if err := scaffold.Remove(cmd.Context(), root, args[0], force); err != nil {
				return refusal("remove", err)
			}
			a.printRemoved(root, args[0])
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "also when another service calls it, or its folder has uncommitted changes")
	return cmd
}

// printRemoved names the environments that still run the service.
func (a *app) printRemoved(root, name string) {
	fmt.Fprintf(a.out, "services/%s and its entry in go.work are removed\n", name)
	label := "next"
	for _, environment := range environments(root) {
		record, err := release.Load(root, environment)
		if _, released := record.Services[name]; !released && err == nil {
			continue
		}
		fmt.Fprintf(a.out, "  %-4s   make up env=%s removes what runs there\n", label, environment)
		label = ""
	}
	if label != "" {
		fmt.Fprintln(a.out, "it runs nowhere: no environment's release record names it")
	}
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"
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

// removal is what is asked of remove service.
type removal struct {
	service      string
	environments []string // none: those of this machine that are up
	keepRunning  bool
	force        bool
	drop         string // yes, or nothing
	format       string
}

func (a *app) removeServiceCommand() *cobra.Command {
	var r removal
	cmd := &cobra.Command{
		Use:   "service NAME",
		Short: "Remove a service: its folder, its entry in go.work, and what runs in the environments of this machine that are up",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r.service = args[0]
			return a.removeService(cmd.Context(), r)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&r.force, "force", false, "also when another service calls it, its folder has uncommitted changes, or people provided secrets of it")
	flags.StringSliceVarP(&r.environments, "env", "e", nil, "take it out of these environments only, separated by commas; one in a cloud is brought to what is left")
	flags.BoolVar(&r.keepRunning, "keep-running", false, "leave what runs alone: the next up of each environment takes it out")
	flags.StringVar(&r.drop, "drop-database", "", "yes: drop its database, with all data; also that of a service that was removed before")
	outputFlag(cmd, &r.format)
	return cmd
}

// removeService takes a service out of the repository, then out of one environment after the other.
// What cannot work is refused before anything is removed; after that, the failure of one environment
// keeps no other from its turn, and the same command goes on where one ended.
func (a *app) removeService(ctx context.Context, r removal) error {
	root, err := repository()
	if err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	places, err := a.places(ctx, root, r)
	if err != nil {
		return err
	}
	values, err := stack.ProvidedSecrets(root, "*", r.service)
	if err != nil {
		return err
	}
	if len(values) > 0 && !r.force {
		return valuesLost(r.service, values)
	}
	unlock, err := places.lock()
	if err != nil {
		return err
	}
	defer unlock()
	fresh, err := removeFolder(ctx, root, r, places)
	if err != nil {
		return err
	}
	for _, value := range values {
		if err := os.Remove(filepath.Join(root, value.File)); err != nil {
			return err
		}
	}
	err = a.takeOut(ctx, r, places)
	if ctx.Err() != nil {
		return err
	}
	return errors.Join(a.printRemoved(r, places, fresh), err)
}

// check refuses flags that mean nothing together.
func (r removal) check() error {
	switch {
	case r.drop != "" && r.drop != "yes":
		return badInput("remove", fmt.Sprintf("--drop-database is %q; only yes drops it, with all data", r.drop), "kindling remove service "+r.service+" --drop-database yes")
	case r.keepRunning && (r.drop != "" || len(r.environments) > 0):
		return badInput("remove", "--keep-running leaves every environment alone, so neither --env nor --drop-database goes with it", "kindling remove service "+r.service+" --keep-running")
	}
	return nil
}

// removeFolder takes the service out of the repository. One that is gone from there already is only
// accepted when an environment still has something of it; fresh is false then.
func removeFolder(ctx context.Context, root string, r removal, places removals) (fresh bool, err error) {
	known, err := scaffold.Exists(root, r.service)
	if err != nil {
		return false, err
	}
	if !known && places.have() {
		return false, nil
	}
	return true, refusal("remove", scaffold.Remove(ctx, root, r.service, r.force))
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

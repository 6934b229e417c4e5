package cli

import (
	"cmp"
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

func (a *app) supplyLockCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "lock",
		Short: "Lock the versions of Debian packages that the mirror has today, and print what changes",
		Long: `Write infra/supply/debian.lock.json anew for this machine's architecture: the version of every Debian
package that parts are made of, as the mirror has it today. Every Debian root is unpacked once for
it. The next build makes those parts anew. Commit the file.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			renewed, err := a.renewLock(cmd.Context())
			if err != nil {
				return err
			}
			for _, c := range renewed.Changes {
				fmt.Fprintf(a.out, "%s %s -> %s\n", c.Package, cmp.Or(c.Old, "(none)"), cmp.Or(c.New, "(none)"))
			}
			return nil
		},
	}
}

func (a *app) renewLock(ctx context.Context) (supply.Renewed, error) {
	root, err := repository()
	if err != nil {
		return supply.Renewed{}, err
	}
	builder, parts, err := a.supplyBuilder()
	if err != nil {
		return supply.Renewed{}, err
	}
	if !hasMmdebstrap() {
		if err := a.installMmdebstrap(ctx); err != nil {
			return supply.Renewed{}, err
		}
	}
	step := a.printer.Step("lock")
	renewed, err := builder.RenewLock(ctx, root, parts, func(part string) { step.Update(part) })
	if err != nil {
		step.Fail()
		return supply.Renewed{}, &ui.Failure{Step: "lock", Sentence: "the lock was not renewed", Seen: []string{err.Error()},
			Next: []string{"read " + builder.Cache.LockLog(), "kindling supply lock"}, Err: err}
	}
	step.Done(fmt.Sprintf("%d packages, %d changed", renewed.Packages, len(renewed.Changes)))
	return renewed, nil
}

package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/ui"
)

func (a *app) affectedCommand() *cobra.Command {
	var since, format string
	cmd := &cobra.Command{
		Use:   "affected --since REV",
		Short: "List the services, modules and environments that a change touches, and why",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, err := repository()
			if err != nil {
				return err
			}
			if err := checkRevision(cmd.Context(), root, "affected", since); err != nil {
				return err
			}
			changes, err := catalog.Affected(cmd.Context(), root, since)
			if err != nil {
				return err
			}
			return a.printAffected(changes, since, format)
		},
	}
	cmd.Flags().StringVar(&since, "since", "", "the git revision to compare with: a branch, a tag or a commit")
	outputFlag(cmd, &format)
	return cmd
}

// checkRevision tells a revision that was mistyped from a comparison that failed.
func checkRevision(ctx context.Context, root, command, since string) error {
	if since == "" {
		return badInput(command, "--since is missing", "kindling "+command+" --since main")
	}
	if _, err := git(ctx, root, "rev-parse", "--verify", "--quiet", "--end-of-options", since+"^{commit}"); err != nil && ctx.Err() == nil {
		return badInput(command, fmt.Sprintf("--since is %q, which is no git revision here", since), "name a branch, a tag or a commit", deepen)
	}
	return nil
}

func (a *app) printAffected(changes []catalog.Change, since, format string) error {
	if format == "json" {
		if changes == nil {
			changes = []catalog.Change{}
		}
		return printJSON(a.out, changes)
	}
	if len(changes) == 0 {
		fmt.Fprintf(a.out, "nothing is affected since %s\n", since)
		return nil
	}
	rows := make([][]string, 0, len(changes))
	for _, change := range changes {
		rows = append(rows, []string{string(change.Kind), change.Name, strings.Join(firstReasons(change.Reasons), "\n")})
	}
	ui.New(a.out).Table([]string{"KIND", "NAME", "WHY"}, rows)
	return nil
}

// shownReasons is how many reasons a person is shown for one thing.
const shownReasons = 5

func firstReasons(reasons []string) []string {
	if len(reasons) <= shownReasons+1 {
		return reasons
	}
	return append(slices.Clone(reasons[:shownReasons]), fmt.Sprintf("and %d more, all with --output json", len(reasons)-shownReasons))
}

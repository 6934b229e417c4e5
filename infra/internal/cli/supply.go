package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

func (a *app) supplyCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "supply",
		Short: "Third-party parts: build them from source, list, verify, move them to another machine",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.supplyBuildCommand(), a.supplyListCommand(), a.supplyVerifyCommand(), a.supplyLockCommand(),
		a.supplyExportCommand(), a.supplyImportCommand(), a.supplyPushCommand(), a.supplyLoadCommand(), a.supplyProvidersCommand())
	return cmd
}

func (a *app) supplyBuildCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "build [PART...]",
		Short: "Build parts that are not in the cache; all of them when none is named",
		RunE: func(cmd *cobra.Command, names []string) error {
			builder, parts, err := a.supplyBuilder()
			if err != nil {
				return err
			}
			if len(names) == 0 {
				if names, err = usedParts(); err != nil {
					return err
				}
			}
			if err := checkParts(parts, names); err != nil {
				return err
			}
			if err := a.buildTools(cmd.Context(), builder, parts, names); err != nil {
				return err
			}
			_, err = ensureParts(cmd.Context(), a.printer, builder, parts, names)
			return err
		},
	}
}

// checkParts refuses names that no part has.
func checkParts(parts []supply.Part, names []string) error {
	var known []string
	for _, part := range parts {
		known = append(known, part.Name)
	}
	for _, name := range names {
		if !slices.Contains(known, name) {
			return badInput("supply", fmt.Sprintf("there is no part %q", name), "name "+oneOf(known))
		}
	}
	return nil
}

func (a *app) supplyBuilder() (*supply.Builder, []supply.Part, error) {
	root, err := repository()
	if err != nil {
		return nil, nil, err
	}
	if err := supply.CheckDebianSettings(os.Getenv(supply.DebianLock), os.Getenv(supply.DebianSnapshot)); err != nil {
		return nil, nil, badInput("supply", err.Error(), "correct it, or unset it")
	}
	parts, err := supply.Parts(root)
	if err != nil {
		return nil, nil, err
	}
	cache, err := supply.DefaultCache()
	return &supply.Builder{Cache: cache}, parts, err
}

// ensureParts builds parts of the source supply in a step of their own.
func ensureParts(ctx context.Context, printer *ui.Printer, builder *supply.Builder, parts []supply.Part, names []string) (map[string]string, error) {
	step := printer.Step("supply")
	dirs, summary, err := buildParts(ctx, printer, step, builder, parts, names)
	if err != nil {
		return nil, err
	}
	step.Done(summary)
	return dirs, nil
}

// buildParts builds parts with a line for each that is built, and says in a few words what was
// done. Notes of the parts have lines of their own. The step fails with it.
func buildParts(ctx context.Context, printer *ui.Printer, step *ui.Step, builder *supply.Builder, parts []supply.Part, names []string) (dirs map[string]string, summary string, err error) {
	count := partCount{}
	builder.Progress = count.show(step)
	dirs, err = builder.Ensure(ctx, parts, names...)
	if err != nil {
		step.Fail()
		return nil, "", partFailure(err)
	}
	for _, note := range count.notes {
		printer.Line("           note: %s", note)
	}
	return dirs, count.String(), nil
}

// partCount counts what became of parts.
type partCount struct {
	cached, built int
	notes         []string // of those that were built
}

func (c *partCount) String() string {
	switch {
	case c.built == 0 && c.cached == 1:
		return "1 part, cached"
	case c.built == 0:
		return fmt.Sprintf("%d parts, all cached", c.cached)
	case c.built == 1:
		return fmt.Sprintf("1 part built, %d cached", c.cached)
	}
	return fmt.Sprintf("%d parts built, %d cached", c.built, c.cached)
}

// show returns what to call at every event of a build: it keeps a line of the step for each part
// that is worked on, and counts.
func (c *partCount) show(step *ui.Step) func(supply.Event) {
	items := map[string]*ui.Item{}
	return func(e supply.Event) {
		item := items[e.Part]
		switch e.State {
		case supply.Waiting, supply.Building:
			if item == nil {
				item = step.Item(e.Part)
				items[e.Part] = item
			}
			item.Update(map[supply.State]string{supply.Waiting: "another process builds it", supply.Building: "building"}[e.State])
		case supply.Built:
			item.Done("built in " + ui.Elapsed(e.Elapsed))
			c.built++
			for _, note := range e.Notes {
				c.notes = append(c.notes, e.Part+": "+note)
			}
		case supply.Cached:
			if item != nil {
				item.Done("built by another process")
			}
			c.cached++
		case supply.Failed:
		}
	}
}

func partFailure(err error) error {
	var failed *supply.BuildError
	if !errors.As(err, &failed) {
		return err
	}
	next := []string{"read " + failed.Log, "make supply args=" + failed.Part}
	var strict *supply.LockError
	if errors.As(err, &strict) {
		next = []string{"kindling supply lock", "unset " + supply.DebianLock + " to take what the mirror has"}
	}
	return &ui.Failure{Step: "supply", Sentence: failed.Error(), Seen: failed.Last, Err: err, Next: next}
}

// outputFlag adds --output to a command that scripts read. Without formats they are text and json;
// the first is the default.
func outputFlag(cmd *cobra.Command, format *string, formats ...string) {
	if len(formats) == 0 {
		formats = []string{"text", "json"}
	}
	cmd.Flags().StringVarP(format, "output", "o", formats[0], oneOf(formats))
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if !slices.Contains(formats, *format) {
			return badInput(cmd.Name(), fmt.Sprintf("--output is %q, it can be %s", *format, oneOf(formats)), cmd.CommandPath()+" --output json")
		}
		return nil
	}
}

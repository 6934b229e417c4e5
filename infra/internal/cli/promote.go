package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

// released is what a command reports that changed which images run.
type released struct {
	stack.Report
	Changes []release.Change `json:"changes"`
}

func (a *app) promoteCommand() *cobra.Command {
	var from, to, format string
	var services []string
	cmd := &cobra.Command{
		Use:   "promote",
		Short: "Run in one environment what runs in another, by digest; bring up what is not there yet",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			start := time.Now()
			if _, err := a.stack(from); err != nil {
				return err
			}
			s, err := a.stack(to)
			if err != nil {
				return err
			}
			report, changes, err := s.Promote(cmd.Context(), from, services)
			if err != nil {
				return err
			}
			return a.printReleased(released{report, changes}, format, start)
		},
	}
	cmd.Flags().StringVar(&from, "from", "", "the environment that runs the images now")
	cmd.Flags().StringVar(&to, "to", "", "the environment that is to run them")
	cmd.Flags().StringSliceVar(&services, "service", nil, "only these services; all without it")
	outputFlag(cmd, &format)
	return cmd
}

func (a *app) printReleased(r released, format string, start time.Time) error {
	if format == "json" {
		return printJSON(a.out, r)
	}
	if err := printReport(a.out, r.Report, format); err != nil {
		return err
	}
	fmt.Fprintln(a.out)
	for _, change := range r.Changes {
		fmt.Fprintln(a.out, inWords(change))
	}
	if len(r.Changes) == 0 {
		fmt.Fprintln(a.out, "nothing to release: "+r.Environment+" runs these images already")
	}
	a.printer.Line("done in %s", ui.Elapsed(time.Since(start)))
	return nil
}

// inWords tells which image took another's place.
func inWords(c release.Change) string {
	after := fmt.Sprintf("%s (%.19s)", c.After.Version, c.After.Digest())
	switch {
	case c.Before.Image == "":
		return c.Service + " is new: " + after
	case c.Before.Digest() == c.After.Digest():
		return c.Service + " stays " + after + ", from another registry"
	}
	return fmt.Sprintf("%s %s (%.19s) is now %s", c.Service, c.Before.Version, c.Before.Digest(), after)
}

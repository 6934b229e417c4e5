package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/scaffold"
	"kindling.internal/infra/internal/ui"
)

func (a *app) newCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Add to the repository",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.newServiceCommand())
	return cmd
}

func (a *app) newServiceCommand() *cobra.Command {
	var request scaffold.Request
	var kind, format string
	cmd := &cobra.Command{
		Use:   "service NAME",
		Short: "Write a service that compiles, passes its tests and comes up; asks on a terminal for what it is not told",
		RunE: func(cmd *cobra.Command, args []string) error {
			root, err := repository()
			if err != nil {
				return err
			}
			if len(args) == 1 {
				request.Name = args[0]
			}
			switch {
			case len(args) <= 1 && a.interactive() && (request.Name == "" || !described(cmd)):
				if err := a.askForService(cmd, root, &request, &kind); err != nil {
					return err
				}
			case len(args) != 1:
				return exactArgs(1)(cmd, args)
			}
			request.Template = scaffold.Template(kind)
			return a.newService(cmd.Context(), root, request, format)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&kind, "template", string(scaffold.HTTP), oneOf(scaffold.Templates()))
	flags.StringSliceVar(&request.Needs, "needs", nil, "what it cannot run without, separated by commas: "+strings.Join(scaffold.Needs(), ", "))
	flags.StringSliceVar(&request.Calls, "calls", nil, "services that it calls, separated by commas")
	flags.StringVar(&request.RoutePath, "route-path", "", "where the ingress exposes it (default /api/NAME)")
	flags.BoolVar(&request.Force, "force", false, "also when services/ or go.work have uncommitted changes")
	outputFlag(cmd, &format)
	return cmd
}

// described tells whether flags say what kind of service it is.
func described(cmd *cobra.Command) bool {
	return slices.ContainsFunc([]string{"template", "needs", "calls"}, cmd.Flags().Changed)
}

// writtenJSON is what `new service --output json` prints.
type writtenJSON struct {
	Service string   `json:"service"`
	Folder  string   `json:"folder"`        // relative to the checkout
	Files   []string `json:"files"`         // relative to the folder
	URL     string   `json:"url,omitempty"` // where the ingress will serve it
}

func (a *app) newService(ctx context.Context, root string, request scaffold.Request, format string) error {
	written, err := scaffold.New(ctx, root, request)
	if err != nil {
		return refusal("new", err)
	}
	if format == "json" {
		result := writtenJSON{Service: request.Name, Folder: written.Folder, Files: written.Files}
		if written.URL != "" {
			result.URL = "https://" + written.URL
		}
		return printJSON(a.out, result)
	}
	fmt.Fprintf(a.out, "%s: %d files, and its entry in go.work\n", written.Folder, len(written.Files))
	next := []string{"make run service=" + request.Name, "make up env=dev"}
	if written.URL != "" {
		next[1] += ", then https://" + written.URL
	}
	fmt.Fprintf(a.out, "  next   %s\n", strings.Join(next, "\n         "))
	return nil
}

// refusal turns each reason of scaffold into a failure of what was typed.
func refusal(step string, err error) error {
	var refused scaffold.Refused
	if !errors.As(err, &refused) {
		return err
	}
	failures := make([]error, 0, len(refused))
	for _, mistake := range refused {
		failures = append(failures, &ui.Failure{Step: step, Sentence: mistake.Problem, Seen: mistake.Seen, Next: []string{mistake.Fix}, Code: exitInput})
	}
	return errors.Join(failures...)
}

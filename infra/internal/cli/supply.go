package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

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
	cmd.AddCommand(a.supplyBuildCommand(), a.supplyListCommand(), a.supplyVerifyCommand(), a.supplyExportCommand(),
		a.supplyImportCommand(), a.supplyLoadCommand(), a.supplyProvidersCommand())
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
				names = supply.Finished
			}
			if err := a.buildTools(cmd.Context(), builder, parts); err != nil {
				return err
			}
			_, err = ensureParts(cmd.Context(), a.printer, builder, parts, names)
			return err
		},
	}
}

func (a *app) supplyBuilder() (*supply.Builder, []supply.Part, error) {
	root, err := repository()
	if err != nil {
		return nil, nil, err
	}
	parts, err := supply.Parts(root)
	if err != nil {
		return nil, nil, err
	}
	cache, err := supply.DefaultCache()
	return &supply.Builder{Cache: cache}, parts, err
}

// ensureParts builds parts with a line for each that is built.
func ensureParts(ctx context.Context, printer *ui.Printer, builder *supply.Builder, parts []supply.Part, names []string) (map[string]string, error) {
	step := printer.Step("supply")
	items := map[string]*ui.Item{}
	cached, built := 0, 0
	builder.Progress = func(e supply.Event) {
		switch e.State {
		case supply.Waiting:
			items[e.Part] = step.Item(e.Part)
			items[e.Part].Update("another process builds it")
		case supply.Building:
			if items[e.Part] == nil {
				items[e.Part] = step.Item(e.Part)
			}
			items[e.Part].Update("building")
		case supply.Built:
			items[e.Part].Done("built in " + ui.Elapsed(e.Elapsed))
			built++
		case supply.Cached:
			if items[e.Part] != nil {
				items[e.Part].Done("built by another process")
			}
			cached++
		case supply.Failed:
		}
	}
	dirs, err := builder.Ensure(ctx, parts, names...)
	if err != nil {
		step.Fail()
		return nil, partFailure(err)
	}
	if built == 0 {
		step.Done(fmt.Sprintf("%d parts, all cached", cached))
	} else {
		step.Done(fmt.Sprintf("%d parts built, %d cached", built, cached))
	}
	return dirs, nil
}

func partFailure(err error) error {
	var failed *supply.BuildError
	if !errors.As(err, &failed) {
		return err
	}
	return &ui.Failure{Step: "supply", Sentence: failed.Error(), Seen: failed.Last, Err: err,
		Next: []string{"read " + failed.Log, "make supply args=" + failed.Part}}
}

func (a *app) supplyListCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the parts, and which are in the cache",
		Args:  exactArgs(0),
		RunE: func(*cobra.Command, []string) error {
			builder, parts, err := a.supplyBuilder()
			if err != nil {
				return err
			}
			list, err := builder.List(parts)
			if err != nil {
				return err
			}
			if format == "json" {
				return json.NewEncoder(a.out).Encode(partsJSON(list))
			}
			ui.New(a.out).Table([]string{"PART", "WHAT", "CACHED", "SIZE", "BUILT IN"}, partRows(list))
			return nil
		},
	}
	outputFlag(cmd, &format)
	return cmd
}

func partRows(list []supply.Status) [][]string {
	rows := make([][]string, 0, len(list))
	for _, s := range list {
		row := []string{s.Part.Name, s.Part.About, "no", "", ""}
		switch {
		case s.Cached:
			row[2], row[3] = "yes", fmt.Sprintf("%d MB", s.Record.Bytes/1e6)
			row[4] = ui.Elapsed(time.Duration(s.Record.Seconds * float64(time.Second)))
		case !s.Needed:
			row[2] = "not needed"
		}
		rows = append(rows, row)
	}
	return rows
}

type partJSON struct {
	Name   string         `json:"name"`
	About  string         `json:"about"`
	Hash   string         `json:"hash"`
	Cached bool           `json:"cached"`
	Needed bool           `json:"needed"` // the next up builds it
	Record *supply.Record `json:"record,omitempty"`
}

func partsJSON(list []supply.Status) []partJSON {
	out := make([]partJSON, 0, len(list))
	for _, s := range list {
		p := partJSON{Name: s.Part.Name, About: s.Part.About, Hash: s.Hash, Cached: s.Cached, Needed: s.Needed}
		if s.Cached {
			p.Record = &s.Record
		}
		out = append(out, p)
	}
	return out
}

func (a *app) supplyVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Compare every cached part with the checksums taken when it was built",
		Args:  exactArgs(0),
		RunE: func(*cobra.Command, []string) error {
			builder, parts, err := a.supplyBuilder()
			if err != nil {
				return err
			}
			if err := builder.Verify(parts); err != nil {
				return &ui.Failure{Step: "supply", Sentence: "a cached part is not what was built", Seen: []string{err.Error()}, Next: []string{"remove the folder named above, then kindling supply build"}, Err: err}
			}
			a.printer.Line("every cached part is as it was built")
			return nil
		},
	}
}

// outputFlag adds --output to a command that scripts read.
func outputFlag(cmd *cobra.Command, format *string) {
	cmd.Flags().StringVarP(format, "output", "o", "text", "text or json")
	cmd.PreRunE = func(*cobra.Command, []string) error {
		if *format != "text" && *format != "json" {
			return badInput(cmd.Name(), fmt.Sprintf("--output is %q, it can be text or json", *format), cmd.CommandPath()+" --output json")
		}
		return nil
	}
}

func (a *app) supplyLoadCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "load",
		Short: "Give the container engine the node image and the registry, and print their names",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.ensureEngine(cmd.Context()); err != nil {
				return err
			}
			builder, parts, err := a.supplyBuilder()
			if err != nil {
				return err
			}
			dirs, err := ensureParts(cmd.Context(), a.printer, builder, parts, []string{"node", "registry"})
			if err != nil {
				return err
			}
			return a.loadEngineImages(cmd.Context(), supply.NewSource(dirs))
		},
	}
}

func (a *app) loadEngineImages(ctx context.Context, source supply.Source) error {
	for _, find := range []func() (supply.EngineImage, error){source.Node, source.Registry} {
		image, err := find()
		if err != nil {
			return err
		}
		if err := loadImage(ctx, image); err != nil {
			return err
		}
		fmt.Fprintln(a.out, image.Ref)
	}
	return nil
}

func (a *app) supplyProvidersCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "providers",
		Short: "Build the Terraform providers and print the CLI configuration that plain terraform needs",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, err := repository()
			if err != nil {
				return err
			}
			builder, parts, err := a.supplyBuilder()
			if err != nil {
				return err
			}
			dirs, err := ensureParts(cmd.Context(), a.printer, builder, parts, supply.ProviderParts())
			if err != nil {
				return err
			}
			config, _, err := writeProviders(root, supply.NewSource(dirs))
			if err != nil {
				return err
			}
			fmt.Fprintln(a.out, config)
			return nil
		},
	}
}

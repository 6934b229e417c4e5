package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/image"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

// builtJSON is what `build --output json` prints for a service.
type builtJSON struct {
	Service     string `json:"service"`
	Digest      string `json:"digest"`
	Bytes       int64  `json:"bytes"`        // of the image, as it is stored
	BinaryBytes int64  `json:"binary_bytes"` // of the program in it
	Reference   string `json:"reference,omitempty"`
}

func (a *app) buildCommand() *cobra.Command {
	var registry, since, record, format string
	var insecure bool
	cmd := &cobra.Command{
		Use:   "build [SERVICE...]",
		Short: "Build the images of services: those that are named, that a change touches, or all; up does this by itself",
		RunE: func(cmd *cobra.Command, names []string) error {
			root, err := repository()
			if err != nil {
				return err
			}
			if record != "" && registry == "" {
				return badInput("build", "--record wants --push: a release names images in a registry", "kindling build --push localhost:5001 --record "+record)
			}
			services, err := selectServices(root, names)
			if err == nil && since != "" {
				services, err = affectedServices(cmd.Context(), root, since, services)
			}
			if err != nil {
				return err
			}
			built, err := a.buildServices(cmd, root, services, registry, insecure)
			if err != nil {
				return err
			}
			if record != "" {
				if err := release.WriteFile(record, recordOf(built, describe(cmd.Context(), root))); err != nil {
					return err
				}
			}
			return a.printBuilt(built, format)
		},
	}
	cmd.Flags().StringVar(&registry, "push", "", "registry to store the images in: localhost:5001")
	cmd.Flags().StringVar(&since, "since", "", "only services that a change since this git revision touches")
	cmd.Flags().StringVar(&record, "record", "", "file to write the release record to: which image, by digest, is which version")
	cmd.Flags().BoolVar(&insecure, "insecure", false, "talk plain HTTP to the registry; localhost needs no flag")
	outputFlag(cmd, &format)
	return cmd
}

// recordOf is the release of what was built and stored.
func recordOf(built []builtJSON, version string) release.Record {
	var record release.Record
	for _, b := range built {
		record.Set(b.Service, b.Reference, version)
	}
	return record
}

// selectServices checks all descriptions, and that each name is a service.
func selectServices(root string, names []string) ([]string, error) {
	services, err := catalog.Load(root)
	if err != nil {
		return nil, stack.CatalogFailure(err)
	}
	var all []string
	known := map[string]bool{}
	for _, s := range services {
		all = append(all, s.Name)
		known[s.Name] = true
	}
	for _, name := range names {
		if !known[name] {
			return nil, badInput("build", "there is no service "+name, "name "+oneOf(all))
		}
	}
	if len(names) > 0 {
		return names, nil
	}
	return all, nil
}

// affectedServices are those of the services that a change since a revision touches.
func affectedServices(ctx context.Context, root, since string, services []string) ([]string, error) {
	if err := checkRevision(ctx, root, "build", since); err != nil {
		return nil, err
	}
	changes, err := catalog.Affected(ctx, root, since)
	if err != nil {
		return nil, err
	}
	touched := func(name string) bool {
		return slices.ContainsFunc(changes, func(c catalog.Change) bool { return c.Kind == catalog.KindService && c.Name == name })
	}
	return slices.DeleteFunc(services, func(name string) bool { return !touched(name) }), nil
}

func (a *app) buildServices(cmd *cobra.Command, root string, names []string, registry string, insecure bool) ([]builtJSON, error) {
	builder, err := serviceBuilder(root)
	if err != nil {
		return nil, err
	}
	step := a.printer.Step("images")
	built, err := builder.BuildAll(cmd.Context(), names, nil)
	if err != nil {
		step.Fail()
		return nil, compileFailure(err)
	}
	list := make([]builtJSON, 0, len(built))
	for _, b := range built {
		entry := builtJSON{Service: b.Service, Digest: b.Digest, Bytes: b.Size, BinaryBytes: b.BinarySize}
		if registry != "" {
			if entry.Reference, _, err = image.Push(cmd.Context(), b, registry, insecure || isLocal(registry)); err != nil {
				step.Fail()
				return nil, &ui.Failure{Step: "push", Sentence: b.Service + " could not be stored in " + registry, Seen: []string{err.Error()},
					Next: []string{"see that the registry runs (make doctor) and knows you: docker login " + registry}, Err: err}
			}
		}
		list = append(list, entry)
	}
	step.Done(fmt.Sprintf("%d built", len(list)))
	return list, nil
}

func compileFailure(err error) error {
	var failed *image.CompileError
	if !errors.As(err, &failed) {
		return err
	}
	return stack.BuildFailure(err)
}

func (a *app) printBuilt(built []builtJSON, format string) error {
	if format == "json" {
		return printJSON(a.out, built)
	}
	rows := make([][]string, 0, len(built))
	for _, b := range built {
		rows = append(rows, []string{b.Service, b.Digest, fmt.Sprintf("%.1f MB", float64(b.Bytes)/1e6)})
	}
	ui.New(a.out).Table([]string{"SERVICE", "DIGEST", "SIZE"}, rows)
	return nil
}

package cli

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

func (a *app) supplyExportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "export FILE",
		Short: "Write the parts of this checkout to one archive, for machines without a network",
		Long: `Write the third-party parts that this checkout uses to one archive, building those that are not
in the cache. kindling supply import puts them into the cache of another machine of the same
architecture; an up of the same checkout fetches no third-party part there.

The archive has no Go modules. To compile the tool and the services without a network, run
"go mod download" in the checkout beforehand and carry Go's module cache (go env GOMODCACHE) over,
or vendor the modules. The container engine and Go have to be installed there, and Terraform, unless
"kindling supply build opentofu" was run before the export.`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			file := args[0]
			if info, err := os.Stat(filepath.Dir(file)); err != nil || !info.IsDir() {
				return badInput("supply", filepath.Dir(file)+" is no folder", "name a file in a folder that exists, such as kindling-supply.tar.zst")
			}
			if info, err := os.Stat(file); err == nil && info.IsDir() {
				return badInput("supply", file+" is a folder", "name a file, such as "+filepath.Join(file, "kindling-supply.tar.zst"))
			}
			return a.exportParts(cmd, file)
		},
	}
}

func (a *app) exportParts(cmd *cobra.Command, file string) error {
	builder, parts, err := a.supplyBuilder()
	if err != nil {
		return err
	}
	used, err := usedParts()
	if err != nil {
		return err
	}
	if err := a.buildTools(cmd.Context(), builder, parts, used); err != nil {
		return err
	}
	if _, err := ensureParts(cmd.Context(), a.printer, builder, parts, used); err != nil {
		return err
	}
	names, err := exportedParts(builder, parts, used)
	if err != nil {
		return err
	}
	step := a.printer.Step("export")
	index, err := builder.Export(cmd.Context(), parts, names, file, func(part string) { step.Update(part) })
	if err != nil {
		step.Fail()
		return &ui.Failure{Step: "export", Sentence: file + " was not written", Seen: []string{err.Error()}, Next: []string{"kindling supply verify"}, Err: err}
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	step.Done(fmt.Sprintf("%d parts in %s, %d MB, for %s/%s", len(index.Parts), file, info.Size()/1e6, index.OS, index.Arch))
	return nil
}

// exportedParts are the parts that are used here, and those for few hosts or services that somebody
// built.
func exportedParts(builder *supply.Builder, parts []supply.Part, used []string) ([]string, error) {
	list, err := builder.List(parts)
	if err != nil {
		return nil, err
	}
	names := slices.Clone(used)
	for _, s := range list {
		if s.Part.Optional && s.Cached && !slices.Contains(names, s.Part.Name) {
			names = append(names, s.Part.Name)
		}
	}
	return names, nil
}

func (a *app) supplyImportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "import FILE",
		Short: "Put the parts of an archive that supply export wrote into the cache; needs no network",
		Long: `Put the parts of an archive into the cache. Every checksum is compared before a part appears there,
so that a damaged archive changes nothing; parts that are there already stay. The checksums come
with the archive: they find damage, not forgery, so take archives only from whom you trust.`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if _, err := os.Stat(args[0]); err != nil {
				return badInput("supply", "there is no file "+args[0], "kindling supply export "+args[0]+" on a machine with a network")
			}
			return a.importParts(cmd, args[0])
		},
	}
}

func (a *app) importParts(cmd *cobra.Command, file string) error {
	builder, parts, err := a.supplyBuilder()
	if err != nil {
		return err
	}
	step := a.printer.Step("import")
	result, err := builder.Cache.Import(cmd.Context(), file, func(part string) { step.Update(part) })
	if err != nil {
		step.Fail()
		return importFailure(file, err)
	}
	step.Done(fmt.Sprintf("%d parts imported, %d were there", len(result.New), len(result.Present)))
	lacking, err := lackingParts(builder, parts)
	if err != nil || len(lacking) == 0 {
		return err
	}
	return incompleteFailure(file, result.Index, lacking)
}

func importFailure(file string, err error) error {
	failure := &ui.Failure{Step: "import", Sentence: "nothing was imported", Seen: []string{err.Error()}, Err: err,
		Next: []string{"compare " + file + " with the original (sha256sum), copy it again"}}
	var refused *supply.ArchiveError
	if !errors.As(err, &refused) {
		failure.Next = []string{"see whether the file can be read and the cache folder written, then run the same command again"}
	}
	return failure
}

// lackingParts are those that an up of this checkout would have to build.
func lackingParts(builder *supply.Builder, parts []supply.Part) ([]string, error) {
	more, err := besides()
	if err != nil {
		return nil, err
	}
	wanted := append(slices.Clone(supply.Finished), more...)
	list, err := builder.List(parts, wanted...)
	if err != nil {
		return nil, err
	}
	var lacking []string
	for _, s := range list {
		if s.Needed && slices.Contains(wanted, s.Part.Name) {
			lacking = append(lacking, s.Part.Name)
		}
	}
	return lacking, nil
}

// incompleteFailure tells why an archive does not serve this checkout: its parts are in the cache,
// under other hashes.
func incompleteFailure(file string, index supply.Index, lacking []string) error {
	seen := []string{"not in it: " + strings.Join(lacking, ", ")}
	if index.Go != runtime.Version() {
		seen = append(seen, fmt.Sprintf("it was exported by a tool built with %s; this one is built with %s", index.Go, runtime.Version()))
	}
	if index.Kubernetes != supply.KubernetesVersion {
		seen = append(seen, fmt.Sprintf("its Kubernetes is %s, this checkout's is %s", index.Kubernetes, supply.KubernetesVersion))
	}
	return &ui.Failure{Step: "import", Sentence: file + " is of another state of the checkout and has not all of its parts", Seen: seen,
		Next: []string{"export again from this commit with this Go, or kindling supply build where there is a network"}}
}

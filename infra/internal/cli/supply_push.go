package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

func (a *app) supplyPushCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "push REGISTRY",
		Short: "Store the images of the parts in a registry of yours, from which clusters can pull them",
		Long: `Store the images that run in clusters in a registry, each under the registry that publishes it and its
name there: REGISTRY/registry.k8s.io/ingress-nginx/controller. Clusters whose registry_mirrors name
http://REGISTRY/v2/registry.k8s.io for registry.k8s.io find them there. What is printed are the
references for the variable images of the workloads root.`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			images, err := a.pushedImages(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if format == "json" {
				return printJSON(a.out, images)
			}
			for _, name := range slices.Sorted(maps.Keys(images)) {
				fmt.Fprintf(a.out, "%s = %q\n", name, images[name])
			}
			return nil
		},
	}
	outputFlag(cmd, &format)
	return cmd
}

// pushedImages pushes the workload images and returns their references by their name in Terraform.
func (a *app) pushedImages(ctx context.Context, registry string) (map[string]string, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	builder, parts, err := a.supplyBuilder()
	if err != nil {
		return nil, err
	}
	used, err := usedParts()
	if err != nil {
		return nil, err
	}
	if err := a.buildTools(ctx, builder, parts, used); err != nil {
		return nil, err
	}
	dirs, err := ensureParts(ctx, a.printer, builder, parts, used)
	if err != nil {
		return nil, err
	}
	pusher := &supplyAdapter{app: a, root: root, provided: supply.NewProvided(dirs)}
	all, fresh, err := pusher.Push(ctx, registry)
	if err != nil {
		return nil, err
	}
	a.printer.Line("%d images, %d of them new to %s", all, fresh, registry)
	return pusher.references()
}

// references are those of the workload images by their name in Terraform.
func (s *supplyAdapter) references() (map[string]string, error) {
	images, err := s.provided.WorkloadImages(s.root)
	if err != nil {
		return nil, &ui.Failure{Step: "supply", Sentence: "the images of the parts cannot be read", Seen: []string{err.Error()}, Next: []string{"kindling supply verify"}, Err: err}
	}
	named := map[string]string{}
	for _, i := range images {
		if named[i.Name], err = i.Reference(); err != nil {
			return nil, err
		}
	}
	return named, nil
}

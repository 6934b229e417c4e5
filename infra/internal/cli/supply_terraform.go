package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/supply"
)

func (a *app) supplyLoadCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "load",
		Short: "Build the node image and the registry, give them to the container engine, and print their names",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.ensureEngine(cmd.Context()); err != nil {
				return err
			}
			builder, parts, err := a.supplyBuilder()
			if err != nil {
				return err
			}
			dirs, err := ensureParts(cmd.Context(), a.printer, builder, parts, supply.EngineImages)
			if err != nil {
				return err
			}
			loader := &supplyAdapter{app: a, provided: supply.NewProvided(dirs)}
			for _, part := range supply.EngineImages {
				ref, err := loader.load(cmd.Context(), part)
				if err != nil {
					return err
				}
				fmt.Fprintln(a.out, ref)
			}
			return nil
		},
	}
}

func (a *app) supplyProvidersCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "providers [FLAVOUR...]",
		Short: "Build the Terraform providers, and those of clouds (eks, gke), and print the CLI configuration that plain terraform needs",
		RunE: func(cmd *cobra.Command, flavours []string) error {
			if err := checkFlavours(flavours); err != nil {
				return err
			}
			root, err := repository()
			if err != nil {
				return err
			}
			parts, err := a.supply(root, "")
			if err != nil {
				return err
			}
			wanted := func(kind supply.Kind) []string { return append(providersOf(kind), cloudProvidersOf(kind, flavours)...) }
			if err := parts.ensure(cmd.Context(), wanted); err != nil {
				return err
			}
			config, _, err := parts.writeProviders()
			if err != nil {
				return err
			}
			fmt.Fprintln(a.out, config)
			return nil
		},
	}
}

// providersOf are the providers among a supply's parts.
func providersOf(kind supply.Kind) []string {
	return slices.DeleteFunc(kind.Parts(), func(part string) bool { return !slices.Contains(supply.ProviderParts(), part) })
}

// cloudProvidersOf are the providers of flavours of clusters in clouds, where the supply builds them.
func cloudProvidersOf(kind supply.Kind, flavours []string) []string {
	var parts []string
	for _, flavour := range flavours {
		if kind == supply.Source {
			parts = append(parts, supply.CloudProviders[flavour].Part)
		}
	}
	return parts
}

func checkFlavours(flavours []string) error {
	known := slices.Sorted(maps.Keys(supply.CloudProviders))
	for _, flavour := range flavours {
		if !slices.Contains(known, flavour) {
			return badInput("supply", "there is no cloud "+flavour, "name "+oneOf(known)+", as in kindling supply providers "+known[0])
		}
	}
	return nil
}

// Planning builds no more than the providers of these sources that the supply does not take from
// others, and the program that evaluates rules.
func (s *supplyAdapter) Planning(ctx context.Context, sources []string) (stack.Parts, error) {
	needed := func(kind supply.Kind) []string {
		built := append(providersOf(kind), cloudProvidersOf(kind, slices.Collect(maps.Keys(supply.CloudProviders)))...)
		providers := supply.ProviderPartsOf(sources)
		return append(slices.DeleteFunc(built, func(part string) bool { return !slices.Contains(providers, part) }), supply.PolicyPart)
	}
	if err := s.ensure(ctx, needed); err != nil {
		return stack.Parts{}, err
	}
	config, fingerprint, err := s.writeProviders()
	return stack.Parts{CLIConfig: config, Fingerprint: fingerprint}, err
}

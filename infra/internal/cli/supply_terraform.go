package cli

import (
	"context"
	"fmt"
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
		Use:   "providers",
		Short: "Build the Terraform providers and print the CLI configuration that plain terraform needs",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, err := repository()
			if err != nil {
				return err
			}
			parts, err := a.supply(root, "")
			if err != nil {
				return err
			}
			if err := parts.ensure(cmd.Context(), providersOf); err != nil {
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

// Planning builds no more than the providers of these sources that the supply does not take from
// others, and the program that evaluates rules.
func (s *supplyAdapter) Planning(ctx context.Context, sources []string) (stack.Parts, error) {
	needed := func(kind supply.Kind) []string {
		providers := supply.ProviderPartsOf(sources)
		return append(slices.DeleteFunc(providersOf(kind), func(part string) bool { return !slices.Contains(providers, part) }), supply.PolicyPart)
	}
	if err := s.ensure(ctx, needed); err != nil {
		return stack.Parts{}, err
	}
	config, fingerprint, err := s.writeProviders()
	return stack.Parts{CLIConfig: config, Fingerprint: fingerprint}, err
}

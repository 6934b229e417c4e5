package supply

import (
	"context"
	"fmt"
	"slices"
)

// Kind names one of the two supplies.
type Kind string

// The supplies: published images and providers, or everything built here.
const (
	Upstream Kind = "upstream"
	Source   Kind = "source"
)

// Setting is the environment variable that names the supply: auto, upstream or source.
const Setting = "KINDLING_SUPPLY"

// auto lets the machine's network decide.
const auto = "auto"

// Choice is a supply, and why it is this one.
type Choice struct {
	Kind Kind
	Why  string // a few words: "registry.k8s.io and docker.io answer"
}

// SettingError is a value of KINDLING_SUPPLY that means nothing.
type SettingError struct{ Value string }

func (e *SettingError) Error() string {
	return fmt.Sprintf("%s is %q, it can be auto, upstream or source", Setting, e.Value)
}

// CheckSetting refuses a value of KINDLING_SUPPLY with a SettingError. Empty means auto.
func CheckSetting(value string) error {
	if value == "" || slices.Contains([]string{auto, string(Upstream), string(Source)}, value) {
		return nil
	}
	return &SettingError{Value: value}
}

// Choose decides which supply to use: the one that the setting names, or else the one that the
// standing cluster was made with, since another would replace its nodes and lose their data, or
// else upstream when the published registries answer.
func Choose(ctx context.Context, setting string, standing Kind, registries Probe) (Choice, error) {
	if err := CheckSetting(setting); err != nil {
		return Choice{}, err
	}
	if setting != "" && setting != auto {
		return Choice{Kind: Kind(setting), Why: Setting + " says so"}, nil
	}
	if standing != "" {
		return Choice{Kind: standing, Why: "the cluster was made with it"}, nil
	}
	err := registries.Ask(ctx)
	if ctx.Err() != nil {
		return Choice{}, context.Cause(ctx)
	}
	if err != nil {
		return Choice{Kind: Source, Why: err.Error()}, nil
	}
	return Choice{Kind: Upstream, Why: registries.String()}, nil
}

// PartsOn are the parts that are built on this machine for an environment on that flavour of cluster,
// whose services need that: in a cloud the providers and what judges plans, since its nodes run
// images of registries that they reach.
func (k Kind) PartsOn(flavour string, needs []string) []string {
	cloud, ok := CloudProviders[flavour]
	switch {
	case !ok:
		return append(k.Parts(), PartsFor(needs)...)
	case k == Upstream:
		return []string{PolicyPart}
	}
	return []string{"provider-kubernetes", "provider-random", cloud.Part, PolicyPart}
}

// Parts are the parts that are built on this machine whatever services need: all of them, or those
// that nobody publishes.
func (k Kind) Parts() []string {
	if k == Upstream {
		return []string{"registry", "provider-kind", PolicyPart}
	}
	return slices.Clone(Finished)
}

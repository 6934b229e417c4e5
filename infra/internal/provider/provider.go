// Package provider is the Terraform provider for kind clusters and the image
// registries beside them. It holds schemas, plans and the wording of
// diagnostics; what happens to containers is kindcluster's.
package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"kindling.internal/infra/internal/kindcluster"
)

// Address is the provider's source address in Terraform configurations.
const Address = "kindling.internal/kindling/kind"

// Version is the provider's version, which modules pin.
const Version = "0.1.0"

// Clusters is what the resource kind_cluster needs done.
type Clusters interface {
	Create(ctx context.Context, spec kindcluster.Spec, progress kindcluster.Progress) (kindcluster.Observation, error)
	Inspect(ctx context.Context, name string, known kindcluster.Credentials) (kindcluster.Observation, error)
	ReadSpec(ctx context.Context, name string) (*kindcluster.Spec, error)
	Start(ctx context.Context, spec kindcluster.Spec, progress kindcluster.Progress) (kindcluster.Observation, error)
	Update(ctx context.Context, old, spec kindcluster.Spec, progress kindcluster.Progress) error
	Delete(ctx context.Context, name, network string, progress kindcluster.Progress) error
}

// Registries is what the resource kind_registry needs done.
type Registries interface {
	RunRegistry(ctx context.Context, spec kindcluster.RegistrySpec, progress kindcluster.Progress) (kindcluster.Registry, error)
	InspectRegistry(ctx context.Context, name string) (*kindcluster.Registry, error)
	StartRegistry(ctx context.Context, spec kindcluster.RegistrySpec) (kindcluster.Registry, error)
	DeleteRegistry(ctx context.Context, spec kindcluster.RegistrySpec) error
}

// Engine is the container engine as both resources use it.
type Engine interface {
	Clusters
	Registries
}

type kindProvider struct {
	engine   Engine
	lifetime *Lifetime
}

// New returns a constructor of the provider on engine. Operations under way
// are cancelled, and clean up after themselves, when lifetime ends.
func New(lifetime *Lifetime, engine Engine) func() provider.Provider {
	return func() provider.Provider { return &kindProvider{engine: engine, lifetime: lifetime} }
}

func (p *kindProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "kind"
	resp.Version = Version
}

func (p *kindProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Kubernetes clusters of [kind](https://kind.sigs.k8s.io) and image registries beside them, " +
			"on the container engine that the `docker` command reaches (`DOCKER_HOST` and docker contexts count). " +
			"It takes no settings.",
	}
}

func (p *kindProvider) Configure(context.Context, provider.ConfigureRequest, *provider.ConfigureResponse) {
}

func (p *kindProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{
		func() resource.Resource { return &clusterResource{clusters: p.engine, lifetime: p.lifetime} },
		func() resource.Resource { return &registryResource{registries: p.engine, lifetime: p.lifetime} },
	}
}

func (p *kindProvider) DataSources(context.Context) []func() datasource.DataSource { return nil }

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"kindling.internal/infra/internal/kindcluster"
)

type registryResource struct {
	registries Registries
	lifetime   *Lifetime
}

var (
	_ resource.ResourceWithImportState = (*registryResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*registryResource)(nil)
)

// registryModel is the resource kind_registry as Terraform holds it.
type registryModel struct {
	Name        types.String `tfsdk:"name"`
	Image       types.String `tfsdk:"image"`
	Network     types.String `tfsdk:"network"`
	Cluster     types.String `tfsdk:"cluster"`
	Port        types.Int64  `tfsdk:"port"`
	Volume      types.String `tfsdk:"volume"`
	Host        types.String `tfsdk:"host"`
	ContainerID types.String `tfsdk:"container_id"`
	Status      types.String `tfsdk:"status"`
}

func (m registryModel) spec() kindcluster.RegistrySpec {
	return kindcluster.RegistrySpec{
		Name: m.Name.ValueString(), Image: m.Image.ValueString(), Network: m.Network.ValueString(),
		Cluster: m.Cluster.ValueString(), Port: int(m.Port.ValueInt64()), Volume: m.Volume.ValueString(),
	}
}

func (m *registryModel) observe(r kindcluster.Registry) {
	m.Image, m.Network = types.StringValue(r.Image), types.StringValue(r.Network)
	m.Cluster, m.Volume = types.StringValue(r.Cluster), types.StringValue(r.Volume)
	m.Port = types.Int64Value(int64(r.Port))
	m.Host = types.StringValue(registryHost(r.Port))
	m.ContainerID = types.StringValue(r.ContainerID)
	m.Status = types.StringValue(statusStopped)
	if r.Running {
		m.Status = types.StringValue(statusRunning)
	}
}

func registryHost(port int) string { return fmt.Sprintf("localhost:%d", port) }

func (r *registryResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "kind_registry"
}

func (r *registryResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ctx, done := r.lifetime.operation(ctx)
	defer done()
	var model registryModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	registry, err := r.registries.RunRegistry(ctx, model.spec(), logged(ctx, model.Name.ValueString()))
	if err != nil {
		addFailure(&resp.Diagnostics, fmt.Sprintf("registry %s was not started", model.Name.ValueString()), err)
		return
	}
	model.observe(registry)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (r *registryResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	ctx, done := r.lifetime.operation(ctx)
	defer done()
	var model registryModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	registry, err := r.registries.InspectRegistry(ctx, model.Name.ValueString())
	if err != nil {
		addFailure(&resp.Diagnostics, fmt.Sprintf("registry %s cannot be looked at", model.Name.ValueString()), err)
		return
	}
	if registry == nil {
		resp.State.RemoveResource(ctx)
		return
	}
	model.observe(*registry)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

// Update starts a stopped registry, or replaces the container of one whose
// image, port, network or cluster changed; its volume stays.
func (r *registryResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ctx, done := r.lifetime.operation(ctx)
	defer done()
	var before, model registryModel
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	var registry kindcluster.Registry
	var err error
	if before.spec() == model.spec() {
		registry, err = r.registries.StartRegistry(ctx, model.spec())
	} else {
		registry, err = r.registries.RunRegistry(ctx, model.spec(), logged(ctx, model.Name.ValueString()))
	}
	if err != nil {
		addFailure(&resp.Diagnostics, fmt.Sprintf("registry %s was not changed", model.Name.ValueString()), err)
		return
	}
	model.observe(registry)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (r *registryResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ctx, done := r.lifetime.operation(ctx)
	defer done()
	var model registryModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if err := r.registries.DeleteRegistry(ctx, model.spec()); err != nil {
		addFailure(&resp.Diagnostics, fmt.Sprintf("registry %s was not removed", model.Name.ValueString()), err)
	}
}

// ImportState takes the name of the registry's container.
func (r *registryResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), req, resp)
}

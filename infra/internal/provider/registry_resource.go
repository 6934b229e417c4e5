package provider

import (
	"context"
	"fmt"
	"strings"

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

// registryReasons says why a change loses the images of a registry.
var registryReasons = map[string]string{
	"name":    "a container cannot be renamed without its users noticing",
	"cluster": "the label of a volume cannot be changed",
	"volume":  "the images are in the old volume, which is removed with the old registry",
}

// ModifyPlan fills in what follows from the configuration, so that resources
// that use a registry are planned with real values.
func (r *registryResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return
	}
	var config, plan, state registryModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if !req.State.Raw.IsNull() {
		resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	}
	if resp.Diagnostics.HasError() {
		return
	}
	plan.fill(config, state)
	resp.Diagnostics.Append(resp.Plan.Set(ctx, &plan)...)
	if req.State.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	changes, err := replacements(req.State.Raw, resp.Plan.Raw, registryReasons)
	if err != nil {
		resp.Diagnostics.AddError("the plan cannot be compared with the state", err.Error())
		return
	}
	for _, change := range changes {
		resp.RequiresReplace = append(resp.RequiresReplace, path.Root(change.root))
	}
	if len(changes) > 0 {
		resp.Diagnostics.AddWarning(fmt.Sprintf("registry %s is recreated without its images", plan.Name.ValueString()),
			"replacing because "+strings.Join(sentences(changes), "\nand because "))
	}
}

// fill computes the values that are known before anything runs. The identity
// of the container is kept only while nothing replaces the container.
func (m *registryModel) fill(config, state registryModel) {
	if config.Volume.IsNull() {
		m.Volume = m.Name
		if !state.Volume.IsNull() {
			m.Volume = state.Volume
		}
	}
	if config.Cluster.IsNull() && !m.Name.IsUnknown() {
		m.Cluster = types.StringValue(strings.TrimSuffix(m.Name.ValueString(), "-registry"))
		if !state.Cluster.IsNull() {
			m.Cluster = state.Cluster
		}
	}
	if !m.Port.IsUnknown() {
		m.Host = types.StringValue(registryHost(int(m.Port.ValueInt64())))
	}
	m.Status = types.StringValue(statusRunning)
	m.ContainerID = types.StringUnknown()
	if m.spec() == state.spec() && !m.Network.IsUnknown() && !m.Image.IsUnknown() {
		m.ContainerID = state.ContainerID
	}
}

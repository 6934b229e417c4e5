package provider

import (
	"context"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

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
	requireReplace(req, resp, registryReasons, fmt.Sprintf("registry %s is recreated without its images", plan.Name.ValueString()))
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

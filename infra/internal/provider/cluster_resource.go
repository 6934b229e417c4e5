package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"
	"github.com/hashicorp/terraform-plugin-log/tflog"

	"kindling.internal/infra/internal/kindcluster"
)

// Values of the attribute status.
const (
	statusRunning = "running"
	statusStopped = "stopped"
)

var objectOptions = basetypes.ObjectAsOptions{}

type clusterResource struct {
	clusters Clusters
	lifetime *Lifetime
}

var (
	_ resource.ResourceWithImportState = (*clusterResource)(nil)
	_ resource.ResourceWithModifyPlan  = (*clusterResource)(nil)
)

func (r *clusterResource) Metadata(_ context.Context, _ resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = "kind_cluster"
}

func (r *clusterResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	ctx, done := r.lifetime.operation(ctx)
	defer done()
	var model clusterModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	spec := model.spec(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	observation, err := r.clusters.Create(ctx, spec, logged(ctx, spec.Name))
	if err != nil {
		addFailure(&resp.Diagnostics, fmt.Sprintf("cluster %s was not created", spec.Name), err)
		return
	}
	model.observe(observation)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (r *clusterResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	ctx, done := r.lifetime.operation(ctx)
	defer done()
	var before, model clusterModel
	resp.Diagnostics.Append(req.State.Get(ctx, &before)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &model)...)
	old, spec := before.spec(ctx, &resp.Diagnostics), model.spec(ctx, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	if before.Status.ValueString() == statusStopped {
		observation, err := r.clusters.Start(ctx, spec, logged(ctx, spec.Name))
		if err != nil {
			addFailure(&resp.Diagnostics, fmt.Sprintf("cluster %s was not started", spec.Name), err)
			return
		}
		// The plan promised the values that were known before the stop, and
		// starting changes none of them.
		model.UID = types.StringValue(observation.UID)
	}
	if err := r.clusters.Update(ctx, old, spec, logged(ctx, spec.Name)); err != nil {
		addFailure(&resp.Diagnostics, fmt.Sprintf("cluster %s was not changed", spec.Name), err)
		return
	}
	model.Status = types.StringValue(statusRunning)
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func (r *clusterResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	ctx, done := r.lifetime.operation(ctx)
	defer done()
	var model clusterModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	name := model.Name.ValueString()
	if err := r.clusters.Delete(ctx, name, model.Network.ValueString(), logged(ctx, name)); err != nil {
		addFailure(&resp.Diagnostics, fmt.Sprintf("cluster %s was not removed", name), err)
	}
}

// ImportState takes the cluster's name; everything else is read from it.
func (r *clusterResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	resource.ImportStatePassthroughID(ctx, path.Root("name"), req, resp)
}

// logged writes each step of a long operation to Terraform's log.
func logged(ctx context.Context, name string) kindcluster.Progress {
	return func(step string) {
		tflog.Info(ctx, step, map[string]any{"name": name})
	}
}

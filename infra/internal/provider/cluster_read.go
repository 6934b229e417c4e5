package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"kindling.internal/infra/internal/kindcluster"
)

// Read tells a cluster that is gone (its plan creates it), stopped (its plan
// starts it) and unreachable (an error) apart.
func (r *clusterResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	ctx, done := r.lifetime.operation(ctx)
	defer done()
	var model clusterModel
	resp.Diagnostics.Append(req.State.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	imported := model.Nodes.IsNull()
	name := model.Name.ValueString()
	observation, err := r.clusters.Inspect(ctx, name, model.credentials())
	if err != nil {
		addFailure(&resp.Diagnostics, fmt.Sprintf("cluster %s cannot be looked at", name), err)
		return
	}
	switch observation.State {
	case kindcluster.StateGone, kindcluster.StateHalfMade:
		// An import that finds nothing is Terraform's own error.
		resp.State.RemoveResource(ctx)
		return
	case kindcluster.StateUnreachable:
		addFailure(&resp.Diagnostics, fmt.Sprintf("cluster %s does not answer", name), observation.Cause)
		return
	case kindcluster.StateStopped:
		if imported {
			addFailure(&resp.Diagnostics, fmt.Sprintf("cluster %s cannot be imported while it is stopped", name), observation.Cause)
			return
		}
		model.Status = types.StringValue(statusStopped)
	case kindcluster.StateRunning:
		warnOfOtherCluster(&resp.Diagnostics, model, observation)
		model.observe(observation)
	}
	if imported {
		r.restore(ctx, &model, observation, &resp.Diagnostics)
	} else {
		model.drift(ctx, observation, &resp.Diagnostics)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, &model)...)
}

func warnOfOtherCluster(diags *diag.Diagnostics, model clusterModel, seen kindcluster.Observation) {
	before := model.UID.ValueString()
	if before == "" || before == seen.UID {
		return
	}
	diags.AddWarning(fmt.Sprintf("cluster %s is another cluster than before", model.Name.ValueString()),
		fmt.Sprintf("it was recreated outside of Terraform: the UID of its namespace kube-system was %s and is %s. "+
			"Whatever Terraform put into it is gone.", before, seen.UID))
}

// restore fills in the configuration of an imported cluster: from what was
// written down when it was made here, else from its containers.
func (r *clusterResource) restore(ctx context.Context, model *clusterModel, seen kindcluster.Observation, diags *diag.Diagnostics) {
	spec, err := r.clusters.ReadSpec(ctx, model.Name.ValueString())
	if err != nil {
		addFailure(diags, fmt.Sprintf("cluster %s cannot be imported", model.Name.ValueString()), err)
		return
	}
	if spec == nil {
		diags.AddWarning("cluster was not made by this provider",
			"Its nodes, image and network were read from its containers. Labels, taints, patches and what else kind was "+
				"given cannot be read back: where the configuration has them, the plan recreates the cluster.")
		spec = seen.Spec(model.Name.ValueString())
	}
	diags.Append(model.configure(ctx, *spec)...)
}

// drift takes over what its containers tell of a cluster's configuration. A
// node whose container was removed is missing in the new state, so that the
// plan shows it.
func (m *clusterModel) drift(ctx context.Context, seen kindcluster.Observation, diags *diag.Diagnostics) {
	if image := seen.Image(); image != "" {
		m.NodeImage = types.StringValue(image)
	}
	var nodes []nodeModel
	diags.Append(m.Nodes.ElementsAs(ctx, &nodes, false)...)
	kept := make([]nodeModel, 0, len(nodes))
	names := kindcluster.NodeNames(m.Name.ValueString(), m.spec(ctx, diags).Nodes)
	for i, node := range nodes {
		if seen.HasNode(names[i]) {
			kept = append(kept, node)
			continue
		}
		diags.AddWarning(fmt.Sprintf("node %s is gone", names[i]), "Its container was removed outside of Terraform.")
	}
	if len(kept) == len(nodes) {
		return
	}
	list, d := types.ListValueFrom(ctx, types.ObjectType{AttrTypes: nodeType}, kept)
	diags.Append(d...)
	m.Nodes = list
}

package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// ModifyPlan fills in the name of the network, plans a stopped cluster to
// run, and says why a change recreates the cluster.
func (r *clusterResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if req.Plan.Raw.IsNull() {
		return // destroyed: nothing to plan
	}
	var config, plan clusterModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if config.Network.IsNull() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("network"), plannedNetwork(ctx, req, plan.Name))...)
	}
	// Whether created, started or changed, it runs afterwards.
	resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("status"), statusRunning)...)
	if req.State.Raw.IsNull() || resp.Diagnostics.HasError() {
		return
	}
	requireReplace(req, resp, clusterReasons, fmt.Sprintf("cluster %s is recreated, with everything in it", plan.Name.ValueString()))
}

// plannedNetwork keeps the network of a cluster that exists: it may have been
// imported from another.
func plannedNetwork(ctx context.Context, req resource.ModifyPlanRequest, name types.String) types.String {
	if !req.State.Raw.IsNull() {
		var network types.String
		if diags := req.State.GetAttribute(ctx, path.Root("network"), &network); !diags.HasError() {
			return network
		}
	}
	if name.IsUnknown() {
		return types.StringUnknown()
	}
	return types.StringValue("kindling-" + name.ValueString())
}

// clusterReasons says, for an attribute or an attribute of an attribute, why
// its change cannot be made to a cluster that exists. Attributes that are not
// here are changed in place.
var clusterReasons = map[string]string{
	"name":                      "the name is part of every container and certificate of the cluster",
	"node_image":                "a node's container cannot take another image, and kind does not upgrade nodes",
	"network":                   "the addresses in a cluster's certificates belong to the network it was made on",
	"nodes":                     "kind cannot add nodes to a cluster or take them away",
	"nodes.role":                "a node has its role from the moment it joins",
	"nodes.labels":              "kind labels nodes only when they join",
	"nodes.taints":              "kind taints nodes only when they join",
	"nodes.extra_mounts":        "docker cannot change the mounts of a container",
	"nodes.port_mappings":       "kind cannot change the published ports of a running node",
	"networking":                "the control plane is given its addresses when it is initialised",
	"kubeadm_config_patches":    "kubeadm reads its configuration only when a node is made",
	"containerd_config_patches": "kind configures containerd only when a node is made",
	"feature_gates":             "feature gates are given to the control plane when it is initialised",
	"runtime_config":            "the API server is given its runtime configuration when it is initialised",
	"encrypt_secrets":           "the API server is given its encryption when it is initialised, and Secrets that are stored stay as they are",
	"audit_policy":              "the API server is given its audit policy when it is initialised",
}

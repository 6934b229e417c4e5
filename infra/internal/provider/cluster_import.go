package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"kindling.internal/infra/internal/kindcluster"
)

// configure sets the configured half of the model from spec; it is the
// inverse of clusterModel.spec.
func (m *clusterModel) configure(ctx context.Context, spec kindcluster.Spec) diag.Diagnostics {
	var diags diag.Diagnostics
	m.NodeImage = types.StringValue(spec.NodeImage)
	m.Network = types.StringValue(spec.Network)
	m.EncryptSecrets = types.BoolValue(spec.EncryptSecrets)
	m.AuditPolicy = optionalString(spec.AuditPolicy)
	m.Wait = types.StringValue(shortDuration(spec.Wait))
	m.WaitAtCreation = types.BoolValue(!spec.Unawaited)
	m.KubeadmConfigPatches = listOf(ctx, types.StringType, spec.KubeadmConfigPatches, &diags)
	m.ContainerdConfigPatches = listOf(ctx, types.StringType, spec.ContainerdConfigPatches, &diags)
	m.RegistryMirrors = mapOf(ctx, types.ListType{ElemType: types.StringType}, spec.RegistryMirrors, &diags)
	m.FeatureGates = mapOf(ctx, types.BoolType, spec.FeatureGates, &diags)
	m.RuntimeConfig = mapOf(ctx, types.StringType, spec.RuntimeConfig, &diags)
	m.Manifests = mapOf(ctx, types.StringType, spec.Manifests, &diags)

	nodes := make([]nodeModel, 0, len(spec.Nodes))
	for _, node := range spec.Nodes {
		nodes = append(nodes, nodeModelOf(ctx, node, &diags))
	}
	m.Nodes = listOf(ctx, types.ObjectType{AttrTypes: nodeType}, nodes, &diags)

	networking, d := types.ObjectValueFrom(ctx, networkingType, networkingModelOf(spec.Networking))
	diags.Append(d...)
	m.Networking = networking
	return diags
}

func nodeModelOf(ctx context.Context, node kindcluster.NodeSpec, diags *diag.Diagnostics) nodeModel {
	model := nodeModel{
		Role:   types.StringValue(node.Role),
		Labels: mapOf(ctx, types.StringType, node.Labels, diags),
		// Never nil: a nil slice would become null instead of an empty list.
		Taints: []taintModel{}, ExtraMounts: []mountModel{}, PortMappings: []portMappingModel{},
	}
	for _, t := range node.Taints {
		model.Taints = append(model.Taints, taintModel{Key: types.StringValue(t.Key), Value: types.StringValue(t.Value), Effect: types.StringValue(t.Effect)})
	}
	for _, mount := range node.ExtraMounts {
		model.ExtraMounts = append(model.ExtraMounts, mountModel{
			HostPath: types.StringValue(mount.HostPath), ContainerPath: types.StringValue(mount.ContainerPath), ReadOnly: types.BoolValue(mount.ReadOnly),
		})
	}
	for _, p := range node.PortMappings {
		model.PortMappings = append(model.PortMappings, portMappingModel{
			ContainerPort: types.Int64Value(int64(p.ContainerPort)), HostPort: types.Int64Value(int64(p.HostPort)),
			ListenAddress: types.StringValue(p.ListenAddress), Protocol: types.StringValue(p.Protocol),
		})
	}
	return model
}

func networkingModelOf(n *kindcluster.Networking) networkingModel {
	if n == nil {
		n = &kindcluster.Networking{}
	}
	return networkingModel{
		PodSubnet:         types.StringValue(or(n.PodSubnet, defaultPodSubnet)),
		ServiceSubnet:     types.StringValue(or(n.ServiceSubnet, defaultServiceSubnet)),
		APIServerAddress:  types.StringValue(or(n.APIServerAddress, defaultAPIServerAddress)),
		APIServerPort:     types.Int64Value(int64(n.APIServerPort)),
		DisableDefaultCNI: types.BoolValue(n.DisableDefaultCNI),
		KubeProxyMode:     types.StringValue(or(n.KubeProxyMode, defaultKubeProxyMode)),
	}
}

func listOf[T any](ctx context.Context, element attr.Type, values []T, diags *diag.Diagnostics) types.List {
	if values == nil {
		values = []T{}
	}
	list, d := types.ListValueFrom(ctx, element, values)
	diags.Append(d...)
	return list
}

func mapOf[T any](ctx context.Context, element attr.Type, values map[string]T, diags *diag.Diagnostics) types.Map {
	if values == nil {
		values = map[string]T{}
	}
	m, d := types.MapValueFrom(ctx, element, values)
	diags.Append(d...)
	return m
}

func optionalString(text string) types.String {
	if text == "" {
		return types.StringNull()
	}
	return types.StringValue(text)
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"kindling.internal/infra/internal/kindcluster"
)

// clusterModel is the resource kind_cluster as Terraform holds it.
type clusterModel struct {
	Name                    types.String `tfsdk:"name"`
	NodeImage               types.String `tfsdk:"node_image"`
	Network                 types.String `tfsdk:"network"`
	Nodes                   types.List   `tfsdk:"nodes"`
	Networking              types.Object `tfsdk:"networking"`
	KubeadmConfigPatches    types.List   `tfsdk:"kubeadm_config_patches"`
	ContainerdConfigPatches types.List   `tfsdk:"containerd_config_patches"`
	RegistryMirrors         types.Map    `tfsdk:"registry_mirrors"`
	FeatureGates            types.Map    `tfsdk:"feature_gates"`
	RuntimeConfig           types.Map    `tfsdk:"runtime_config"`
	EncryptSecrets          types.Bool   `tfsdk:"encrypt_secrets"`
	AuditPolicy             types.String `tfsdk:"audit_policy"`
	Manifests               types.Map    `tfsdk:"manifests"`
	Wait                    types.String `tfsdk:"wait"`
	WaitAtCreation          types.Bool   `tfsdk:"wait_at_creation"`

	Endpoint          types.String `tfsdk:"endpoint"`
	CACertificate     types.String `tfsdk:"ca_certificate"`
	ClientCertificate types.String `tfsdk:"client_certificate"`
	ClientKey         types.String `tfsdk:"client_key"`
	Kubeconfig        types.String `tfsdk:"kubeconfig"`
	UID               types.String `tfsdk:"uid"`
	Status            types.String `tfsdk:"status"`
}

type nodeModel struct {
	Role         types.String       `tfsdk:"role"`
	Labels       types.Map          `tfsdk:"labels"`
	Taints       []taintModel       `tfsdk:"taints"`
	ExtraMounts  []mountModel       `tfsdk:"extra_mounts"`
	PortMappings []portMappingModel `tfsdk:"port_mappings"`
}

type taintModel struct {
	Key    types.String `tfsdk:"key"`
	Value  types.String `tfsdk:"value"`
	Effect types.String `tfsdk:"effect"`
}

type mountModel struct {
	HostPath      types.String `tfsdk:"host_path"`
	ContainerPath types.String `tfsdk:"container_path"`
	ReadOnly      types.Bool   `tfsdk:"read_only"`
}

type portMappingModel struct {
	ContainerPort types.Int64  `tfsdk:"container_port"`
	HostPort      types.Int64  `tfsdk:"host_port"`
	ListenAddress types.String `tfsdk:"listen_address"`
	Protocol      types.String `tfsdk:"protocol"`
}

type networkingModel struct {
	PodSubnet         types.String `tfsdk:"pod_subnet"`
	ServiceSubnet     types.String `tfsdk:"service_subnet"`
	APIServerAddress  types.String `tfsdk:"api_server_address"`
	APIServerPort     types.Int64  `tfsdk:"api_server_port"`
	DisableDefaultCNI types.Bool   `tfsdk:"disable_default_cni"`
	KubeProxyMode     types.String `tfsdk:"kube_proxy_mode"`
}

// spec converts the configured half of the model. All values must be known.
func (m clusterModel) spec(ctx context.Context, diags *diag.Diagnostics) kindcluster.Spec {
	wait, _ := time.ParseDuration(m.Wait.ValueString()) // validated by the schema
	spec := kindcluster.Spec{
		Name: m.Name.ValueString(), NodeImage: m.NodeImage.ValueString(), Network: m.Network.ValueString(),
		EncryptSecrets: m.EncryptSecrets.ValueBool(), AuditPolicy: m.AuditPolicy.ValueString(), Wait: wait, Unawaited: !m.WaitAtCreation.ValueBool(),
	}
	diags.Append(m.KubeadmConfigPatches.ElementsAs(ctx, &spec.KubeadmConfigPatches, false)...)
	diags.Append(m.ContainerdConfigPatches.ElementsAs(ctx, &spec.ContainerdConfigPatches, false)...)
	diags.Append(m.RegistryMirrors.ElementsAs(ctx, &spec.RegistryMirrors, false)...)
	diags.Append(m.FeatureGates.ElementsAs(ctx, &spec.FeatureGates, false)...)
	diags.Append(m.RuntimeConfig.ElementsAs(ctx, &spec.RuntimeConfig, false)...)
	diags.Append(m.Manifests.ElementsAs(ctx, &spec.Manifests, false)...)

	var nodes []nodeModel
	diags.Append(m.Nodes.ElementsAs(ctx, &nodes, false)...)
	for _, node := range nodes {
		spec.Nodes = append(spec.Nodes, node.spec(ctx, diags))
	}
	var networking networkingModel
	diags.Append(m.Networking.As(ctx, &networking, objectOptions)...)
	spec.Networking = networking.spec()
	return spec
}

func (m nodeModel) spec(ctx context.Context, diags *diag.Diagnostics) kindcluster.NodeSpec {
	node := kindcluster.NodeSpec{Role: m.Role.ValueString()}
	if !m.Labels.IsNull() {
		diags.Append(m.Labels.ElementsAs(ctx, &node.Labels, false)...)
	}
	for _, t := range m.Taints {
		node.Taints = append(node.Taints, kindcluster.Taint{Key: t.Key.ValueString(), Value: t.Value.ValueString(), Effect: t.Effect.ValueString()})
	}
	for _, mount := range m.ExtraMounts {
		node.ExtraMounts = append(node.ExtraMounts, kindcluster.Mount{
			HostPath: mount.HostPath.ValueString(), ContainerPath: mount.ContainerPath.ValueString(), ReadOnly: mount.ReadOnly.ValueBool(),
		})
	}
	for _, mapping := range m.PortMappings {
		node.PortMappings = append(node.PortMappings, mapping.spec())
	}
	return node
}

// spec fills in the schema's defaults, which a configuration that is only
// being validated does not have yet.
func (m portMappingModel) spec() kindcluster.PortMapping {
	mapping := kindcluster.PortMapping{
		ContainerPort: int32(m.ContainerPort.ValueInt64()), HostPort: int32(m.HostPort.ValueInt64()),
		ListenAddress: "127.0.0.1", Protocol: "TCP",
	}
	if !m.ListenAddress.IsNull() {
		mapping.ListenAddress = m.ListenAddress.ValueString()
	}
	if !m.Protocol.IsNull() {
		mapping.Protocol = m.Protocol.ValueString()
	}
	return mapping
}

func (m networkingModel) spec() *kindcluster.Networking {
	return &kindcluster.Networking{
		PodSubnet: m.PodSubnet.ValueString(), ServiceSubnet: m.ServiceSubnet.ValueString(),
		APIServerAddress: m.APIServerAddress.ValueString(), APIServerPort: int32(m.APIServerPort.ValueInt64()),
		DisableDefaultCNI: m.DisableDefaultCNI.ValueBool(), KubeProxyMode: m.KubeProxyMode.ValueString(),
	}
}

func (m clusterModel) credentials() kindcluster.Credentials {
	return kindcluster.Credentials{
		Endpoint: m.Endpoint.ValueString(), CACertificate: m.CACertificate.ValueString(),
		ClientCertificate: m.ClientCertificate.ValueString(), ClientKey: m.ClientKey.ValueString(),
		Kubeconfig: m.Kubeconfig.ValueString(),
	}
}

// observe takes over what was seen of a running cluster.
func (m *clusterModel) observe(o kindcluster.Observation) {
	m.Endpoint = types.StringValue(o.Credentials.Endpoint)
	m.CACertificate = types.StringValue(o.Credentials.CACertificate)
	m.ClientCertificate = types.StringValue(o.Credentials.ClientCertificate)
	m.ClientKey = types.StringValue(o.Credentials.ClientKey)
	m.Kubeconfig = types.StringValue(o.Credentials.Kubeconfig)
	m.UID = types.StringValue(o.UID)
	m.Status = types.StringValue(statusRunning)
}

package kindcluster

import (
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// NodeNames returns the names of the containers that kind makes of nodes, in
// their order: NAME-control-plane, NAME-control-plane2, NAME-worker, …
func NodeNames(cluster string, nodes []NodeSpec) []string {
	count := map[string]int{}
	names := make([]string, 0, len(nodes))
	for _, node := range nodes {
		count[node.Role]++
		name := cluster + "-" + node.Role
		if n := count[node.Role]; n > 1 {
			name = fmt.Sprintf("%s%d", name, n)
		}
		names = append(names, name)
	}
	return names
}

// kindConfig translates spec for kind, with what host needs added.
func kindConfig(spec Spec, host Host) (*v1alpha4.Cluster, error) {
	networking := spec.networking()
	config := &v1alpha4.Cluster{
		Name:          spec.Name,
		FeatureGates:  spec.FeatureGates,
		RuntimeConfig: spec.RuntimeConfig,
		Networking: v1alpha4.Networking{
			// The cluster's network is made without IPv6, see ensureNetwork.
			IPFamily:          v1alpha4.IPv4Family,
			PodSubnet:         networking.PodSubnet,
			ServiceSubnet:     networking.ServiceSubnet,
			APIServerAddress:  networking.APIServerAddress,
			APIServerPort:     networking.APIServerPort,
			DisableDefaultCNI: networking.DisableDefaultCNI,
			KubeProxyMode:     v1alpha4.ProxyMode(networking.KubeProxyMode),
		},
		ContainerdConfigPatches: slices.Concat(host.containerdPatches(), spec.ContainerdConfigPatches),
	}
	config.KubeadmConfigPatches = slices.Concat([]string{controllerManagerPatch}, host.kubeadmPatches(), spec.KubeadmConfigPatches)
	patch, err := controlPlanePatch(spec)
	if err != nil {
		return nil, err
	}
	if patch != "" {
		config.KubeadmConfigPatches = append(config.KubeadmConfigPatches, patch)
	}
	for _, node := range spec.Nodes {
		kindNode, err := node.kind(spec)
		if err != nil {
			return nil, err
		}
		config.Nodes = append(config.Nodes, kindNode)
	}
	v1alpha4.SetDefaultsCluster(config)
	return config, nil
}

func (n NodeSpec) kind(spec Spec) (v1alpha4.Node, error) {
	node := v1alpha4.Node{Role: v1alpha4.NodeRole(n.Role), Image: spec.NodeImage, Labels: n.Labels}
	for _, m := range n.ExtraMounts {
		node.ExtraMounts = append(node.ExtraMounts, v1alpha4.Mount{HostPath: m.HostPath, ContainerPath: m.ContainerPath, Readonly: m.ReadOnly})
	}
	for _, p := range n.PortMappings {
		node.ExtraPortMappings = append(node.ExtraPortMappings, v1alpha4.PortMapping{
			ContainerPort: p.ContainerPort, HostPort: p.HostPort, ListenAddress: p.ListenAddress, Protocol: v1alpha4.PortMappingProtocol(p.Protocol),
		})
	}
	if len(n.Taints) == 0 {
		return node, nil
	}
	taints := n.Taints
	if n.Role == RoleControlPlane && len(spec.Nodes) == 1 {
		// On a single node kind removes this taint and fails where it is not.
		taints = append(slices.Clone(taints), Taint{Key: "node-role.kubernetes.io/control-plane", Effect: "NoSchedule"})
	}
	for _, kind := range []string{"InitConfiguration", "JoinConfiguration"} {
		patch, err := yaml.Marshal(map[string]any{"kind": kind, "nodeRegistration": map[string]any{"taints": taints}})
		if err != nil {
			return node, fmt.Errorf("write the taints of a %s: %w", n.Role, err)
		}
		node.KubeadmConfigPatches = append(node.KubeadmConfigPatches, string(patch))
	}
	return node, nil
}

// Clashes tells whether two mappings want the same port of the host.
func (p PortMapping) Clashes(other PortMapping) bool {
	if p.HostPort == 0 || p.HostPort != other.HostPort || p.Protocol != other.Protocol {
		return false
	}
	return p.ListenAddress == other.ListenAddress || isWildcard(p.ListenAddress) || isWildcard(other.ListenAddress)
}

func isWildcard(address string) bool {
	return address == "" || address == "0.0.0.0" || address == "::"
}

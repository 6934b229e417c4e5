// Package kindcluster makes, watches and removes Kubernetes clusters of kind
// and the image registries beside them.
//
// It is the only importer of sigs.k8s.io/kind. Containers, networks and
// volumes are reached through the docker command, so that DOCKER_HOST and
// docker contexts mean the same here as in the user's shell; the API server
// is read with plain HTTPS requests and the cluster's client certificate.
package kindcluster

import (
	"slices"
	"time"
)

// Spec is everything that decides how a cluster is made. Its JSON form is
// written into the cluster's first control-plane node when the cluster is
// complete, so that an import can tell how the cluster was made; it therefore
// holds nothing secret.
type Spec struct {
	Name       string      `json:"name"`
	NodeImage  string      `json:"node_image"`
	Network    string      `json:"network"`
	Nodes      []NodeSpec  `json:"nodes"`
	Networking *Networking `json:"networking,omitempty"`

	// KubeadmConfigPatches are YAML merge patches and ContainerdConfigPatches
	// TOML merge patches, both as kind's configuration file takes them.
	KubeadmConfigPatches    []string `json:"kubeadm_config_patches,omitempty"`
	ContainerdConfigPatches []string `json:"containerd_config_patches,omitempty"`

	// RegistryMirrors lists for a registry host, as image references name it,
	// the base URLs that containerd asks instead, in order.
	RegistryMirrors map[string][]string `json:"registry_mirrors,omitempty"`
	FeatureGates    map[string]bool     `json:"feature_gates,omitempty"`
	RuntimeConfig   map[string]string   `json:"runtime_config,omitempty"`

	// EncryptSecrets has the API server encrypt Secrets in etcd with a key
	// that is made for this cluster and lies in its control-plane nodes only.
	EncryptSecrets bool `json:"encrypt_secrets,omitempty"`
	// AuditPolicy is an audit.k8s.io/v1 Policy in YAML; empty means no audit log.
	AuditPolicy string `json:"audit_policy,omitempty"`
	// Manifests are YAML documents by name, applied when the cluster is up.
	Manifests map[string]string `json:"manifests,omitempty"`

	// Wait bounds the time until all nodes are Ready, counted from the moment
	// the control plane answers. Zero means not to wait.
	Wait time.Duration `json:"wait,omitempty"`
	// Unawaited has a creation end when the control plane answers; Wait then
	// bounds starts only.
	Unawaited bool `json:"unawaited,omitempty"`
}

// Roles of a node.
const (
	RoleControlPlane = "control-plane"
	RoleWorker       = "worker"
)

// NodeSpec is one node of a cluster.
type NodeSpec struct {
	Role         string            `json:"role"`
	Labels       map[string]string `json:"labels,omitempty"`
	Taints       []Taint           `json:"taints,omitempty"`
	ExtraMounts  []Mount           `json:"extra_mounts,omitempty"`
	PortMappings []PortMapping     `json:"port_mappings,omitempty"`
}

// Taint keeps pods off a node; Effect is NoSchedule, PreferNoSchedule or NoExecute.
type Taint struct {
	Key    string `json:"key" yaml:"key"`
	Value  string `json:"value,omitempty" yaml:"value,omitempty"`
	Effect string `json:"effect" yaml:"effect"`
}

// Mount is a folder or file of the engine's host that a node sees.
type Mount struct {
	HostPath      string `json:"host_path"`
	ContainerPath string `json:"container_path"`
	ReadOnly      bool   `json:"read_only,omitempty"`
}

// PortMapping publishes a node's port on the engine's host. HostPort 0 lets
// kind choose a free one; Protocol is TCP, UDP or SCTP.
type PortMapping struct {
	ContainerPort int32  `json:"container_port"`
	HostPort      int32  `json:"host_port"`
	ListenAddress string `json:"listen_address"`
	Protocol      string `json:"protocol"`
}

// Networking is kind's networking section; empty fields mean kind's defaults.
type Networking struct {
	PodSubnet         string `json:"pod_subnet,omitempty"`
	ServiceSubnet     string `json:"service_subnet,omitempty"`
	APIServerAddress  string `json:"api_server_address,omitempty"`
	APIServerPort     int32  `json:"api_server_port,omitempty"`
	DisableDefaultCNI bool   `json:"disable_default_cni,omitempty"`
	KubeProxyMode     string `json:"kube_proxy_mode,omitempty"`
}

// Credentials is what a client needs to reach a cluster. Certificates and key
// are PEM; Endpoint is a URL.
type Credentials struct {
	Endpoint          string
	CACertificate     string
	ClientCertificate string
	ClientKey         string
	Kubeconfig        string
}

// Progress is told each step of a long operation as it starts.
type Progress func(step string)

// controlPlanes counts the control-plane nodes.
func (s Spec) controlPlanes() int {
	return len(slices.DeleteFunc(slices.Clone(s.Nodes), func(n NodeSpec) bool { return n.Role != RoleControlPlane }))
}

// networking returns the networking section, never nil.
func (s Spec) networking() Networking {
	if s.Networking == nil {
		return Networking{}
	}
	return *s.Networking
}

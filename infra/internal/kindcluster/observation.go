package kindcluster

import (
	"slices"
	"time"
)

// State is what has become of a cluster.
type State string

// The states of a cluster, told apart by what a caller must do next.
const (
	// StateGone: no container of it exists. Create it.
	StateGone State = "gone"
	// StateHalfMade: a creation was cut off. Create replaces it.
	StateHalfMade State = "half-made"
	// StateStopped: at least one node's container does not run. Start it.
	StateStopped State = "stopped"
	// StateUnreachable: all containers run and the API server does not answer.
	StateUnreachable State = "unreachable"
	// StateRunning: the API server answers.
	StateRunning State = "running"
)

// Observation is what Inspect found.
type Observation struct {
	State       State
	Nodes       []NodeContainer
	Network     string
	UID         string      // of the kube-system namespace; only when running
	Credentials Credentials // only when running
	// Cause tells in words why the cluster is unreachable or stopped.
	Cause error
}

// Image returns the image of the first control-plane node, or "".
func (o Observation) Image() string {
	for _, node := range o.Nodes {
		if node.Role == RoleControlPlane {
			return node.Image
		}
	}
	return ""
}

// HasNode tells whether a node's container exists.
func (o Observation) HasNode(name string) bool {
	return slices.ContainsFunc(o.Nodes, func(n NodeContainer) bool { return n.Name == name })
}

// Spec returns what the containers tell of how the cluster was made. Labels,
// taints, patches, gates and subnets cannot be told from them.
func (o Observation) Spec(name string) *Spec {
	spec := &Spec{Name: name, NodeImage: o.Image(), Network: o.Network, Wait: 2 * time.Minute}
	for _, role := range []string{RoleControlPlane, RoleWorker} {
		for _, node := range o.Nodes {
			if node.Role == role {
				spec.Nodes = append(spec.Nodes, NodeSpec{Role: role, ExtraMounts: node.Mounts, PortMappings: node.Ports})
			}
		}
	}
	return spec
}

package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// cleanupTime bounds the removal of what a cancelled or failed creation made.
const cleanupTime = time.Minute

// Create makes a cluster and returns when all its nodes are Ready, or, when
// spec says that it is unawaited, when its control plane answers. What a
// killed creation left under the same name is removed first; a complete
// cluster that was made from the same spec is taken over, any other refused.
// When it fails, or ctx ends, nothing of the cluster remains.
func (e *Engine) Create(ctx context.Context, spec Spec, progress Progress) (Observation, error) {
	unlock, err := e.lock(ctx, spec.Name, progress)
	if err != nil {
		return Observation{}, err
	}
	defer unlock()
	present, err := e.makeRoom(ctx, spec, progress)
	if err != nil {
		return Observation{}, err
	}
	if present {
		return e.adopt(ctx, spec, progress)
	}
	observation, err := e.create(ctx, spec, progress)
	if err == nil {
		return observation, nil
	}
	// ctx may be what ended the creation; the removal must not end with it.
	cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	progress("removing what was made")
	if removal := e.remove(cleanup, spec.Name, spec.Network); removal != nil {
		err = errors.Join(err, fmt.Errorf("remove what was made: %w", removal))
	}
	if ctx.Err() != nil {
		return Observation{}, &Failure{Cause: fmt.Sprintf("the creation of cluster %s was interrupted", spec.Name), Err: err, Next: "run it again"}
	}
	return Observation{}, err
}

// makeRoom looks at what has the cluster's name. It removes what a killed
// creation left, and tells whether the very cluster of spec is there.
func (e *Engine) makeRoom(ctx context.Context, spec Spec, progress Progress) (present bool, err error) {
	nodes, err := e.nodes(ctx, spec.Name)
	if err != nil || len(nodes) == 0 {
		return false, err
	}
	made, err := e.ReadSpec(ctx, spec.Name)
	if err != nil {
		return false, err
	}
	if made != nil {
		if sameCluster(*made, spec) && len(nodes) >= len(spec.Nodes) {
			return true, nil
		}
		return false, &Failure{
			Cause: fmt.Sprintf("a cluster named %s is there already, made from another configuration", spec.Name),
			Seen:  "containers " + nodeNames(nodes),
			Next:  fmt.Sprintf("import it (terraform import ADDRESS %s), remove it (kind delete cluster --name %s), or choose another name", spec.Name, spec.Name),
		}
	}
	halfMade, err := e.isHalfMade(ctx, spec.Name, nodes)
	if err != nil {
		return false, err
	}
	if !halfMade {
		return false, &Failure{
			Cause: fmt.Sprintf("a kind cluster named %s is there already, and was not made by this provider", spec.Name),
			Seen:  "containers " + nodeNames(nodes),
			Next:  fmt.Sprintf("kind delete cluster --name %s, or choose another name", spec.Name),
		}
	}
	progress(fmt.Sprintf("removing %s, which an interrupted creation left", nodeNames(nodes)))
	return false, e.removeNodes(ctx, spec.Name)
}

// adopt takes over the cluster of a creation whose outcome was lost, for
// instance because Terraform was killed before it wrote its state.
func (e *Engine) adopt(ctx context.Context, spec Spec, progress Progress) (Observation, error) {
	progress(fmt.Sprintf("taking over cluster %s, which was made from the same configuration", spec.Name))
	made, err := e.ReadSpec(ctx, spec.Name)
	if err != nil {
		return Observation{}, err
	}
	observation, err := e.start(ctx, spec, progress)
	if err != nil {
		return Observation{}, err
	}
	return observation, e.update(ctx, *made, spec, progress)
}

func (e *Engine) create(ctx context.Context, spec Spec, progress Progress) (Observation, error) {
	host, err := e.prepare(ctx, spec, progress)
	if err != nil {
		return Observation{}, err
	}
	config, err := kindConfig(spec, host)
	if err != nil {
		return Observation{}, err
	}
	folder, err := os.MkdirTemp("", "kindling-kubeconfig-")
	if err != nil {
		return Observation{}, fmt.Errorf("make a folder for the kubeconfig: %w", err)
	}
	defer os.RemoveAll(folder)
	kubeconfig := filepath.Join(folder, "kubeconfig")
	building := &build{engine: e, spec: spec, progress: progress}
	if err := building.run(ctx, config, kubeconfig); err != nil {
		return Observation{}, err
	}
	text, err := os.ReadFile(kubeconfig)
	if err != nil {
		return Observation{}, fmt.Errorf("read the kubeconfig that kind wrote: %w", err)
	}
	return e.finish(ctx, spec, string(text), progress)
}

// prepare does what can fail before anything is made, and makes the network.
func (e *Engine) prepare(ctx context.Context, spec Spec, progress Progress) (Host, error) {
	progress("looking at the engine's host")
	host, err := e.host(ctx)
	if err != nil {
		return host, err
	}
	if host.Local {
		if err := e.checkPorts(ctx, spec.publishedPorts()); err != nil {
			return host, err
		}
	}
	if err := e.ensureImage(ctx, spec.NodeImage, progress); err != nil {
		return host, err
	}
	if spec.controlPlanes() > 1 {
		if err := e.ensureImage(ctx, loadBalancerImage, progress); err != nil {
			return host, err
		}
	}
	return host, e.ensureNetwork(ctx, spec.Network, spec.Name)
}

// finish waits until the cluster can be used, and marks it complete.
func (e *Engine) finish(ctx context.Context, spec Spec, kubeconfig string, progress Progress) (Observation, error) {
	credentials, err := parseKubeconfig(kubeconfig)
	if err != nil {
		return Observation{}, err
	}
	server, err := newAPI(credentials)
	if err != nil {
		return Observation{}, err
	}
	defer server.close()
	if !spec.Unawaited {
		if err := e.waitForNodes(ctx, server, spec, nil, progress); err != nil {
			return Observation{}, err
		}
	}
	if len(spec.Manifests) > 0 {
		progress("applying manifests")
		if err := e.changeManifests(ctx, spec.Name, nil, spec.Manifests); err != nil {
			return Observation{}, err
		}
	}
	uid, err := server.uid(ctx)
	if err != nil {
		return Observation{}, fmt.Errorf("read the UID of the cluster: %w", err)
	}
	nodes, err := e.nodes(ctx, spec.Name)
	if err != nil {
		return Observation{}, err
	}
	if err := e.markComplete(ctx, spec); err != nil {
		return Observation{}, err
	}
	return Observation{State: StateRunning, Nodes: nodes, Network: spec.Network, UID: uid, Credentials: credentials}, nil
}

func (s Spec) publishedPorts() []PortMapping {
	var ports []PortMapping
	for _, node := range s.Nodes {
		ports = append(ports, node.PortMappings...)
	}
	networking := s.networking()
	address := networking.APIServerAddress
	if address == "" {
		address = "127.0.0.1"
	}
	return append(ports, PortMapping{HostPort: networking.APIServerPort, ListenAddress: address, Protocol: "TCP"})
}

func nodeNames(nodes []NodeContainer) string {
	var names []string
	for _, node := range nodes {
		names = append(names, node.Name)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

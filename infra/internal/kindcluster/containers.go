package kindcluster

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Labels that kind gives to node containers.
const (
	labelKindCluster = "io.x-k8s.kind.cluster"
	labelKindRole    = "io.x-k8s.kind.role"
)

// Label marks every network, volume and registry container that this package
// makes; its value is the name of the cluster they belong to.
const Label = "kindling.internal/cluster"

// NodeContainer is a node's container as the engine tells it.
type NodeContainer struct {
	Name      string
	Role      string // control-plane, worker or external-load-balancer
	Image     string
	Running   bool
	Status    string // docker's word: created, running, exited, …
	ExitCode  int
	StartedAt time.Time
	Network   string
	Mounts    []Mount
	Ports     []PortMapping
}

// portBinding is where the host publishes a port of a container.
type portBinding struct {
	HostIP   string `json:"HostIp"`
	HostPort string
}

// inspected is what is used of `docker inspect`.
type inspected struct {
	ID    string `json:"Id"`
	Name  string
	State struct {
		Status    string
		Running   bool
		ExitCode  int
		StartedAt time.Time
	}
	Config struct {
		Image  string
		Labels map[string]string
	}
	HostConfig struct {
		Binds        []string
		PortBindings map[string][]portBinding
	}
	Mounts []struct {
		Type, Name, Source, Destination string
		RW                              bool
	}
	NetworkSettings struct {
		Networks map[string]json.RawMessage
	}
}

// nodes returns the containers of a cluster, in order of their names.
func (e *Engine) nodes(ctx context.Context, cluster string) ([]NodeContainer, error) {
	ids, err := lines(ctx, e.docker, "ps", "--all", "--quiet", "--filter", "label="+labelKindCluster+"="+cluster)
	if err != nil {
		return nil, fmt.Errorf("list the nodes of cluster %s: %w", cluster, err)
	}
	if len(ids) == 0 {
		return nil, nil
	}
	containers, err := e.inspect(ctx, ids...)
	if isMissing(err) {
		return nil, nil // removed between the two commands
	}
	if err != nil {
		return nil, fmt.Errorf("inspect the nodes of cluster %s: %w", cluster, err)
	}
	nodes := make([]NodeContainer, 0, len(containers))
	for _, c := range containers {
		nodes = append(nodes, c.node())
	}
	slices.SortFunc(nodes, func(a, b NodeContainer) int { return strings.Compare(a.Name, b.Name) })
	return nodes, nil
}

func (e *Engine) inspect(ctx context.Context, names ...string) ([]inspected, error) {
	out, err := e.docker.run(ctx, nil, append([]string{"inspect", "--type", "container"}, names...)...)
	if err != nil {
		return nil, err
	}
	var containers []inspected
	if err := json.Unmarshal(out, &containers); err != nil {
		return nil, fmt.Errorf("read the answer of docker inspect: %w", err)
	}
	return containers, nil
}

func (c inspected) node() NodeContainer {
	return NodeContainer{
		Name: strings.TrimPrefix(c.Name, "/"), Role: c.Config.Labels[labelKindRole], Image: c.Config.Image,
		Running: c.State.Running, Status: c.State.Status, ExitCode: c.State.ExitCode, StartedAt: c.State.StartedAt,
		Network: c.network(), Mounts: c.mounts(), Ports: c.ports(),
	}
}

// network returns the first network by name; kind attaches a node to one.
func (c inspected) network() string {
	var names []string
	for name := range c.NetworkSettings.Networks {
		names = append(names, name)
	}
	if len(names) == 0 {
		return ""
	}
	return slices.Min(names)
}

// mounts leaves out the one that kind adds to every node.
func (c inspected) mounts() []Mount {
	var mounts []Mount
	for _, bind := range c.HostConfig.Binds {
		parts := strings.Split(bind, ":")
		if len(parts) < 2 || parts[1] == "/lib/modules" {
			continue
		}
		readOnly := len(parts) > 2 && slices.Contains(strings.Split(parts[2], ","), "ro")
		mounts = append(mounts, Mount{HostPath: parts[0], ContainerPath: parts[1], ReadOnly: readOnly})
	}
	return mounts
}

// apiServerPort is where the API server listens in a control-plane node.
const apiServerPort = 6443

// ports leaves out the API server's, which kind publishes itself.
func (c inspected) ports() []PortMapping {
	var ports []PortMapping
	for key, bindings := range c.HostConfig.PortBindings {
		number, protocol, _ := strings.Cut(key, "/")
		inside, _ := strconv.Atoi(number)
		for _, b := range bindings {
			outside, _ := strconv.Atoi(b.HostPort)
			if inside != apiServerPort {
				ports = append(ports, PortMapping{ContainerPort: int32(inside), HostPort: int32(outside), ListenAddress: b.HostIP, Protocol: strings.ToUpper(protocol)})
			}
		}
	}
	slices.SortFunc(ports, func(a, b PortMapping) int { return int(a.ContainerPort - b.ContainerPort) })
	return ports
}

// removeNodes removes the containers of a cluster with their volumes, and
// fails when one of them is still there afterwards.
func (e *Engine) removeNodes(ctx context.Context, cluster string) error {
	filter := []string{"ps", "--all", "--quiet", "--filter", "label=" + labelKindCluster + "=" + cluster}
	ids, err := lines(ctx, e.docker, filter...)
	if err != nil || len(ids) == 0 {
		return err
	}
	_, removal := e.docker.run(ctx, nil, append([]string{"rm", "--force", "--volumes"}, ids...)...)
	left, err := lines(ctx, e.docker, filter...)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		return &Failure{Cause: fmt.Sprintf("%d containers of cluster %s could not be removed", len(left), cluster), Err: removal,
			Next: "docker rm --force --volumes " + strings.Join(left, " ")}
	}
	return nil
}

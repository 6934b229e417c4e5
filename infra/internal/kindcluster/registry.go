package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// RegistrySpec is how a registry is run.
type RegistrySpec struct {
	Name    string // of the container
	Image   string
	Network string
	Cluster string // that it belongs to
	Port    int    // of 127.0.0.1
	Volume  string
}

// Registry is a registry's container as it was found.
type Registry struct {
	RegistrySpec
	ContainerID string
	Running     bool
}

// What a registry's image must keep to.
const (
	registryPort = 5000
	registryData = "/var/lib/registry"
)

// registryStart bounds the wait for a registry's first answer; it needs
// milliseconds.
const registryStart = 15 * time.Second

// InspectRegistry returns nil for a registry that does not exist.
func (e *Engine) InspectRegistry(ctx context.Context, name string) (*Registry, error) {
	containers, err := e.inspect(ctx, name)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("inspect registry %s: %w", name, err)
	}
	c := containers[0]
	registry := &Registry{ContainerID: c.ID, Running: c.State.Running, RegistrySpec: RegistrySpec{
		Name: name, Image: c.Config.Image, Network: c.network(), Cluster: c.Config.Labels[Label],
	}}
	for _, mount := range c.Mounts {
		if mount.Destination == registryData {
			registry.Volume = mount.Name
		}
	}
	for _, binding := range c.HostConfig.PortBindings[strconv.Itoa(registryPort)+"/tcp"] {
		registry.Port, _ = strconv.Atoi(binding.HostPort)
	}
	return registry, nil
}

// RunRegistry runs a registry in place of a container of its name that was
// made here. Its volume is kept when it is there. When it fails, no container
// remains.
func (e *Engine) RunRegistry(ctx context.Context, spec RegistrySpec, progress Progress) (Registry, error) {
	existing, err := e.InspectRegistry(ctx, spec.Name)
	if err != nil {
		return Registry{}, err
	}
	if existing != nil && existing.Cluster == "" {
		return Registry{}, &Failure{Cause: fmt.Sprintf("a container named %s is there already, and was not made by this provider", spec.Name),
			Next: fmt.Sprintf("docker rm --force %s, or choose another name", spec.Name)}
	}
	if err := e.ensureImage(ctx, spec.Image, progress); err != nil {
		return Registry{}, err
	}
	if existing != nil {
		progress("removing the container of registry " + spec.Name)
		if err := e.removeContainer(ctx, spec.Name); err != nil {
			return Registry{}, err
		}
	}
	if err := e.prepareRegistry(ctx, spec); err != nil {
		return Registry{}, err
	}
	progress("starting registry " + spec.Name)
	registry, err := e.runRegistry(ctx, spec)
	if err != nil {
		cleanup, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
		defer cancel()
		return Registry{}, errors.Join(err, e.removeContainer(cleanup, spec.Name))
	}
	return registry, nil
}

func (e *Engine) prepareRegistry(ctx context.Context, spec RegistrySpec) error {
	host, err := e.host(ctx)
	if err != nil {
		return err
	}
	if host.Local {
		port := PortMapping{HostPort: int32(spec.Port), ListenAddress: "127.0.0.1", Protocol: "TCP"}
		if err := e.checkPorts(ctx, []PortMapping{port}); err != nil {
			return err
		}
	}
	if err := e.ensureNetwork(ctx, spec.Network, spec.Cluster); err != nil {
		return err
	}
	return e.ensureVolume(ctx, spec.Volume, spec.Cluster)
}

func (e *Engine) runRegistry(ctx context.Context, spec RegistrySpec) (Registry, error) {
	_, err := e.docker.run(ctx, nil, "run", "--detach", "--name", spec.Name,
		"--label", Label+"="+spec.Cluster,
		"--network", spec.Network,
		"--restart", "unless-stopped",
		"--publish", fmt.Sprintf("127.0.0.1:%d:%d", spec.Port, registryPort),
		"--volume", spec.Volume+":"+registryData,
		"--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges",
		spec.Image)
	if err != nil {
		return Registry{}, fmt.Errorf("run registry %s: %w", spec.Name, err)
	}
	return e.waitForRegistry(ctx, spec)
}

// StartRegistry starts the stopped container of a registry.
func (e *Engine) StartRegistry(ctx context.Context, spec RegistrySpec) (Registry, error) {
	if _, err := e.docker.run(ctx, nil, "start", spec.Name); err != nil {
		return Registry{}, fmt.Errorf("start registry %s: %w", spec.Name, err)
	}
	return e.waitForRegistry(ctx, spec)
}

// waitForRegistry returns when the registry answers, and fails at once when
// its container has ended.
func (e *Engine) waitForRegistry(ctx context.Context, spec RegistrySpec) (Registry, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, registryStart, errWaited)
	defer cancel()
	url := fmt.Sprintf("http://127.0.0.1:%d/v2/", spec.Port)
	for {
		answer := ping(ctx, url)
		registry, err := e.InspectRegistry(ctx, spec.Name)
		if err == nil && registry != nil && registry.Running && answer == nil {
			return *registry, nil
		}
		ended := err == nil && (registry == nil || !registry.Running)
		if ended || !e.pause(ctx) {
			logs, _ := e.docker.run(context.WithoutCancel(ctx), nil, "logs", "--tail", "5", spec.Name)
			return Registry{}, &Failure{Cause: fmt.Sprintf("registry %s does not answer at %s", spec.Name, url),
				Seen: strings.TrimSpace(fmt.Sprintf("%v\n%s", answer, lastLines(string(logs), 5))), Err: answer,
				Next: "the image must serve HTTP on port 5000; docker run it by hand to see more"}
		}
	}
}

func ping(ctx context.Context, url string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	client := &http.Client{Timeout: requestTimeout, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("it answered %s", response.Status)
	}
	return nil
}

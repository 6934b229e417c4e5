package kindcluster

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

type network struct {
	Name       string
	Labels     map[string]string
	Containers map[string]struct{ Name string }
}

// inspectNetwork returns nil for a network that does not exist.
func (e *Engine) inspectNetwork(ctx context.Context, name string) (*network, error) {
	out, err := e.docker.run(ctx, nil, "network", "inspect", name)
	if isMissing(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("inspect network %s: %w", name, err)
	}
	var networks []network
	if err := json.Unmarshal(out, &networks); err != nil || len(networks) == 0 {
		return nil, fmt.Errorf("read the answer of docker network inspect %s: %w", name, err)
	}
	return &networks[0], nil
}

// ensureNetwork makes the network of a cluster when it is missing. One that
// somebody else made is used and never removed.
func (e *Engine) ensureNetwork(ctx context.Context, name, cluster string) error {
	// docker accepts two networks of one name, and cluster and registry may
	// be created at the same time.
	e.networks.Lock()
	defer e.networks.Unlock()
	existing, err := e.inspectNetwork(ctx, name)
	if err != nil || existing != nil {
		return err
	}
	args := []string{"network", "create", "--driver", "bridge", "--label", Label + "=" + cluster,
		"--opt", "com.docker.network.bridge.enable_ip_masquerade=true"}
	if mtu := e.bridgeMTU(ctx); mtu != "" {
		args = append(args, "--opt", "com.docker.network.driver.mtu="+mtu)
	}
	if _, err := e.docker.run(ctx, nil, append(args, name)...); err != nil {
		return fmt.Errorf("create network %s: %w", name, err)
	}
	return nil
}

// bridgeMTU returns the MTU of docker's default network, which does not pass
// to new networks by itself; "" when the engine's default holds.
func (e *Engine) bridgeMTU(ctx context.Context) string {
	found, err := lines(ctx, e.docker, "network", "inspect", "bridge", "--format", `{{index .Options "com.docker.network.driver.mtu"}}`)
	if err != nil || len(found) != 1 || strings.HasPrefix(found[0], "<") {
		return ""
	}
	return found[0]
}

// removeNetwork removes a network that was made here and that nothing uses.
func (e *Engine) removeNetwork(ctx context.Context, name string) error {
	existing, err := e.inspectNetwork(ctx, name)
	if err != nil || existing == nil {
		return err
	}
	if existing.Labels[Label] == "" || len(existing.Containers) > 0 {
		return nil
	}
	_, removal := e.docker.run(ctx, nil, "network", "rm", name)
	left, err := e.inspectNetwork(ctx, name)
	if err != nil {
		return err
	}
	if left != nil && len(left.Containers) == 0 {
		return &Failure{Cause: fmt.Sprintf("network %s could not be removed", name), Err: removal, Next: "docker network rm " + name}
	}
	return nil
}

// isOurs tells whether a network was made for cluster by this package.
func (n *network) isOurs(cluster string) bool {
	return n != nil && n.Labels[Label] == cluster
}

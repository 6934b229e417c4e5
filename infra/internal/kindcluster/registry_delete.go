package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// DeleteRegistry removes a registry's container and volume, and the network
// when it was made here and nothing else uses it.
func (e *Engine) DeleteRegistry(ctx context.Context, spec RegistrySpec) error {
	if err := e.removeContainer(ctx, spec.Name); err != nil {
		return err
	}
	return errors.Join(e.removeVolume(ctx, spec.Volume), e.removeNetwork(ctx, spec.Network))
}

// removeContainer removes a container and proves it.
func (e *Engine) removeContainer(ctx context.Context, name string) error {
	_, removal := e.docker.run(ctx, nil, "rm", "--force", name)
	left, err := e.inspect(ctx, name)
	if isMissing(err) {
		return nil
	}
	if err != nil {
		return errors.Join(removal, err)
	}
	return &Failure{Cause: fmt.Sprintf("container %s could not be removed", left[0].ID[:min(12, len(left[0].ID))]), Err: removal,
		Next: "docker rm --force " + name}
}

// ensureVolume makes a volume, or takes one that was made here before.
func (e *Engine) ensureVolume(ctx context.Context, name, cluster string) error {
	owner, exists, err := e.volumeOwner(ctx, name)
	if err != nil {
		return err
	}
	if exists && owner == "" {
		return &Failure{Cause: fmt.Sprintf("a volume named %s is there already, and was not made by this provider", name),
			Next: fmt.Sprintf("docker volume rm %s, or choose another name", name)}
	}
	if exists {
		return nil
	}
	if _, err := e.docker.run(ctx, nil, "volume", "create", "--label", Label+"="+cluster, name); err != nil {
		return fmt.Errorf("create volume %s: %w", name, err)
	}
	return nil
}

func (e *Engine) volumeOwner(ctx context.Context, name string) (owner string, exists bool, err error) {
	out, err := e.docker.run(ctx, nil, "volume", "inspect", "--format", fmt.Sprintf("{{index .Labels %q}}", Label), name)
	if isMissing(err) {
		return "", false, nil
	}
	if err != nil {
		return "", false, fmt.Errorf("inspect volume %s: %w", name, err)
	}
	return strings.TrimSpace(string(out)), true, nil
}

func (e *Engine) removeVolume(ctx context.Context, name string) error {
	owner, exists, err := e.volumeOwner(ctx, name)
	if err != nil || !exists || owner == "" {
		return err
	}
	_, removal := e.docker.run(ctx, nil, "volume", "rm", name)
	if _, exists, err = e.volumeOwner(ctx, name); err != nil {
		return err
	}
	if exists {
		return &Failure{Cause: fmt.Sprintf("volume %s could not be removed", name), Err: removal, Next: "docker volume rm " + name}
	}
	return nil
}

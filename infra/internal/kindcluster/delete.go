package kindcluster

import (
	"context"
	"errors"
	"fmt"
)

// Delete removes a cluster's containers with their volumes, and its network
// when it was made here and nothing else uses it. It returns without error
// only when all that is gone; a cluster that is gone already is no error.
func (e *Engine) Delete(ctx context.Context, name, network string, progress Progress) error {
	unlock, err := e.lock(ctx, name, progress)
	if err != nil {
		return err
	}
	defer unlock()
	progress(fmt.Sprintf("removing cluster %s", name))
	return e.remove(ctx, name, network)
}

func (e *Engine) remove(ctx context.Context, name, network string) error {
	nodes := e.removeNodes(ctx, name)
	if network == "" {
		return nodes
	}
	return errors.Join(nodes, e.removeNetwork(ctx, network))
}

package stack

import (
	"context"
	"encoding/json"
	"fmt"
)

// readOutputs decodes outputs of a root, by name. One that the state does not have yet leaves its
// target as it is.
func readOutputs(ctx context.Context, root Root, targets map[string]any) error {
	values, err := root.Outputs(ctx)
	if err != nil {
		return err
	}
	for name, target := range targets {
		value, ok := values[name]
		if !ok {
			continue
		}
		if err := json.Unmarshal(value, target); err != nil {
			return fmt.Errorf("output %s: %w", name, err)
		}
	}
	return nil
}

// clusterOutputs are what a cluster root tells of the cluster and its registry.
func clusterOutputs(ctx context.Context, root Root) (connection Connection, registry Registry, err error) {
	err = readOutputs(ctx, root, map[string]any{"cluster": &connection, "registry": &registry})
	return connection, registry, err
}

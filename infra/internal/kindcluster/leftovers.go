package kindcluster

import (
	"context"
	"fmt"
)

// Leftovers names everything of a cluster that is still in the engine:
// containers of nodes and registries, networks and volumes. It is empty when
// the cluster is gone without a trace.
func (e *Engine) Leftovers(ctx context.Context, cluster string) ([]string, error) {
	var found []string
	for _, query := range []struct {
		what string
		args []string
	}{
		{"container", []string{"ps", "--all", "--filter", "label=" + labelKindCluster + "=" + cluster, "--format", "{{.Names}}"}},
		{"container", []string{"ps", "--all", "--filter", "label=" + Label + "=" + cluster, "--format", "{{.Names}}"}},
		{"network", []string{"network", "ls", "--filter", "label=" + Label + "=" + cluster, "--format", "{{.Name}}"}},
		{"volume", []string{"volume", "ls", "--filter", "label=" + Label + "=" + cluster, "--format", "{{.Name}}"}},
	} {
		names, err := lines(ctx, e.docker, query.args...)
		if err != nil {
			return nil, fmt.Errorf("look for what is left of cluster %s: %w", cluster, err)
		}
		for _, name := range names {
			found = append(found, query.what+" "+name)
		}
	}
	return found, nil
}

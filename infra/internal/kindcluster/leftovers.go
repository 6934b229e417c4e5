package kindcluster

import (
	"context"
	"fmt"
	"strings"
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

// Sweep removes what was made here of a cluster, whatever state its making ended in: registries,
// volumes and networks by their label, and nodes on such a network. Nodes of a cluster of the same
// name that kind itself made are on none, and stay.
func (e *Engine) Sweep(ctx context.Context, cluster string) error {
	own := "label=" + Label + "=" + cluster
	networks, err := lines(ctx, e.docker, "network", "ls", "--filter", own, "--format", "{{.Name}}")
	if err != nil {
		return fmt.Errorf("look for networks of cluster %s: %w", cluster, err)
	}
	queries := [][]string{{"ps", "--all", "--filter", own, "--format", "{{.Names}}"}}
	for _, network := range networks {
		queries = append(queries, []string{"ps", "--all", "--filter", "label=" + labelKindCluster + "=" + cluster, "--filter", "network=" + network, "--format", "{{.Names}}"})
	}
	for _, query := range queries {
		if err := e.sweep(ctx, query, "rm", "--force", "--volumes"); err != nil {
			return err
		}
	}
	if err := e.sweep(ctx, []string{"volume", "ls", "--filter", own, "--format", "{{.Name}}"}, "volume", "rm"); err != nil {
		return err
	}
	return e.sweep(ctx, []string{"network", "ls", "--filter", own, "--format", "{{.Name}}"}, "network", "rm")
}

// sweep removes what a query names.
func (e *Engine) sweep(ctx context.Context, query []string, remove ...string) error {
	names, err := lines(ctx, e.docker, query...)
	if err != nil || len(names) == 0 {
		return err
	}
	if _, err := e.docker.run(ctx, nil, append(remove, names...)...); err != nil {
		return fmt.Errorf("remove %s: %w", strings.Join(names, ", "), err)
	}
	return nil
}

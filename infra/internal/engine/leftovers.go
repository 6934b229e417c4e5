package engine

import (
	"context"
	"slices"
	"strings"
)

// Leftovers names what the engine still has of a cluster: kind's nodes, what carries the
// cluster's label, and the volumes and network named after it.
func Leftovers(ctx context.Context, cluster string) ([]string, error) {
	questions := []struct {
		what string
		args []string
	}{
		{"container", []string{"ps", "-a", "--filter", "label=io.x-k8s.kind.cluster=" + cluster, "--format", "{{.Names}}"}},
		{"container", []string{"ps", "-a", "--filter", "label=kindling.internal/cluster=" + cluster, "--format", "{{.Names}}"}},
		{"volume", []string{"volume", "ls", "--filter", "label=kindling.internal/cluster=" + cluster, "--format", "{{.Name}}"}},
		{"volume", []string{"volume", "ls", "--filter", "name=^" + cluster + "-registry$", "--format", "{{.Name}}"}},
		{"network", []string{"network", "ls", "--filter", "name=^kindling-" + cluster + "$", "--format", "{{.Name}}"}},
	}
	var left []string
	for _, q := range questions {
		text, err := docker(ctx, q.args...)
		if err != nil {
			return nil, err
		}
		for _, name := range strings.Fields(string(text)) {
			left = append(left, q.what+" "+name)
		}
	}
	slices.Sort(left)
	return slices.Compact(left), nil
}

package stack

import (
	"context"
	"io"
	"maps"
	"slices"

	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/ui"
)

// Logs writes what the pods of a service, or of another part of the environment, have logged.
func (s *Stack) Logs(ctx context.Context, part string, follow bool, tail int64, out io.Writer) error {
	parts, err := s.known()
	if err != nil {
		return err
	}
	connection, err := s.connection(ctx, parts)
	if err != nil {
		return err
	}
	root, err := s.root(ctx, s.workloadsDir(), parts, nil)
	if err != nil {
		return err
	}
	workloads, _, err := readWorkloads(ctx, root)
	if err != nil {
		return err
	}
	namespaces := map[string]string{}
	for _, w := range workloads {
		if w.Kind != kube.Job {
			namespaces[w.Part] = w.Namespace
		}
	}
	namespace, ok := namespaces[part]
	if !ok {
		return &ui.Failure{Step: "logs", Sentence: "nothing called " + part + " runs in " + s.Environment, Code: 2,
			Seen: slices.Sorted(maps.Keys(namespaces)), Next: []string{"name one of these"}}
	}
	cluster, err := s.Cluster(connection)
	if err != nil {
		return err
	}
	return cluster.Logs(ctx, kube.LogOptions{Namespace: namespace, Selector: "app.kubernetes.io/name=" + part, Follow: follow, Tail: tail}, out)
}

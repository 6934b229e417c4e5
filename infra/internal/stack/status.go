package stack

import (
	"context"

	"kindling.internal/infra/internal/ui"
)

// Status tells what runs now.
func (s *Stack) Status(ctx context.Context) (Report, error) {
	report, _, err := s.statusAndRegistry(ctx)
	return report, err
}

// statusAndRegistry tells what runs now, and where its images lie.
func (s *Stack) statusAndRegistry(ctx context.Context) (Report, Registry, error) {
	parts, err := s.known()
	if err != nil {
		return Report{}, Registry{}, err
	}
	target, err := s.recorded(ctx, parts)
	if err != nil {
		return Report{}, Registry{}, err
	}
	report, err := s.status(ctx, parts, target.connection)
	return report, target.registry, err
}

func (s *Stack) status(ctx context.Context, parts Parts, connection Connection) (Report, error) {
	root, err := s.root(ctx, s.workloadsDir(), parts, nil)
	if err != nil {
		return Report{}, err
	}
	workloads, services, err := readWorkloads(ctx, root)
	if err != nil {
		return Report{}, err
	}
	cluster, err := s.Cluster(connection)
	if err != nil {
		return Report{}, err
	}
	statuses, err := cluster.Snapshot(ctx, workloads)
	if err != nil {
		return Report{}, &ui.Failure{Step: "status", Sentence: "the cluster of " + s.Environment + " does not answer", Seen: []string{err.Error()},
			Next: []string{"make up env=" + s.Environment}, Err: err}
	}
	return s.report(services, statuses), nil
}

// connection is the recorded cluster.
func (s *Stack) connection(ctx context.Context, parts Parts) (Connection, error) {
	target, err := s.recorded(ctx, parts)
	return target.connection, err
}

// recorded reads the recorded cluster and registry; that there are none is a failure with the way
// to them.
func (s *Stack) recorded(ctx context.Context, parts Parts) (t target, err error) {
	root, err := s.root(ctx, s.clusterDir(), parts, nil)
	if err != nil {
		return t, s.terraformFailure("cluster", err)
	}
	state, err := root.State(ctx)
	if err != nil {
		return t, s.terraformFailure("cluster", err)
	}
	if !state.Manages() {
		return t, s.notUp()
	}
	t.connection, t.registry, err = clusterOutputs(ctx, root)
	if err == nil && t.connection.Endpoint == "" {
		err = s.notUp()
	}
	return t, err
}

func (s *Stack) notUp() error {
	return &ui.Failure{Step: s.Environment, Sentence: "environment " + s.Environment + " is not up", Next: []string{"make up env=" + s.Environment}}
}

// known are the parts that the last `up` provided; nothing is built.
func (s *Stack) known() (Parts, error) { return s.Supply.Known() }

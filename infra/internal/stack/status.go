package stack

import (
	"context"

	"kindling.internal/infra/internal/ui"
)

// Status tells what runs now.
func (s *Stack) Status(ctx context.Context) (Report, error) {
	parts, err := s.known()
	if err != nil {
		return Report{}, err
	}
	connection, err := s.connection(ctx, parts)
	if err != nil {
		return Report{}, err
	}
	root, err := s.Terraform(s.workloadsDir(), parts, nil)
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

// connection reads the recorded cluster; that there is none is a failure with the way to one.
func (s *Stack) connection(ctx context.Context, parts Parts) (Connection, error) {
	root, err := s.Terraform(s.clusterDir(), parts, nil)
	if err != nil {
		return Connection{}, s.terraformFailure("cluster", err)
	}
	if !root.HasState() {
		return Connection{}, s.notUp()
	}
	connection, _, err := clusterOutputs(ctx, root)
	if err == nil && connection.Endpoint == "" {
		err = s.notUp()
	}
	return connection, err
}

func (s *Stack) notUp() error {
	return &ui.Failure{Step: s.Environment, Sentence: "environment " + s.Environment + " is not up", Next: []string{"make up env=" + s.Environment}}
}

// known are the parts that the last `up` provided; nothing is built.
func (s *Stack) known() (Parts, error) { return s.Supply.Known() }

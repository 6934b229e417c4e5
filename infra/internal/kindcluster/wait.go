package kindcluster

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// waitForNodes returns when all nodes of spec are Ready, and fails with the
// words of those that are not when spec.Wait is over. Of a node in started, a
// lease is wanted that its kubelet renewed after that time: what the API server
// says of the node may be from before its stop.
func (e *Engine) waitForNodes(ctx context.Context, server *api, spec Spec, started map[string]time.Time, progress Progress) error {
	// Without a CNI no node becomes Ready.
	if spec.Wait == 0 || spec.networking().DisableDefaultCNI {
		return nil
	}
	progress(fmt.Sprintf("waiting for %d nodes to be Ready", len(spec.Nodes)))
	ctx, cancel := context.WithTimeoutCause(ctx, spec.Wait, errWaited)
	defer cancel()
	reason := "the API server has not answered"
	for {
		unready, err := unreadyNodes(ctx, server, spec, started)
		switch {
		case err != nil && ctx.Err() == nil:
			reason = err.Error()
		case err == nil && len(unready) == 0:
			return nil
		case err == nil:
			reason = strings.Join(unready, "; ")
		}
		if e.pause(ctx) {
			continue
		}
		if context.Cause(ctx) != errWaited {
			return context.Cause(ctx)
		}
		return &Failure{
			Cause: fmt.Sprintf("the nodes of cluster %s are not Ready after %s", spec.Name, spec.Wait), Seen: reason,
			Next: "raise wait if the machine is slow; otherwise the reason above is what to mend",
		}
	}
}

var errWaited = fmt.Errorf("time is over: %w", context.DeadlineExceeded)

func unreadyNodes(ctx context.Context, server *api, spec Spec, started map[string]time.Time) ([]string, error) {
	nodes, err := server.nodes(ctx)
	if err != nil {
		return nil, err
	}
	renewals := map[string]time.Time{}
	if len(started) > 0 {
		if renewals, err = server.renewals(ctx); err != nil {
			return nil, err
		}
	}
	var unready []string
	for _, node := range nodes {
		switch {
		case node.Reason != "":
			unready = append(unready, fmt.Sprintf("node %s: %s", node.Name, node.Reason))
		case !started[node.Name].IsZero() && !renewals[node.Name].After(started[node.Name]):
			unready = append(unready, fmt.Sprintf("node %s: its kubelet has not reported since the start", node.Name))
		}
	}
	if missing := len(spec.Nodes) - len(nodes); missing > 0 {
		unready = append(unready, fmt.Sprintf("%d nodes have not joined", missing))
	}
	return unready, nil
}

// waitForServer returns the cluster's UID once the API server answers, or the
// last error when deadline passes or ctx ends.
func (e *Engine) waitForServer(ctx context.Context, server *api, deadline time.Time) (string, error) {
	for {
		uid, err := server.uid(ctx)
		if err == nil || isOtherCluster(err) || time.Now().After(deadline) {
			return uid, err
		}
		if !e.pause(ctx) {
			return "", err
		}
	}
}

package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Inspect tells what has become of a cluster. known are its credentials, if
// the caller has them: they save reading them from a node. An API server
// whose container has just started is given a moment to answer.
func (e *Engine) Inspect(ctx context.Context, name string, known Credentials) (Observation, error) {
	nodes, err := e.nodes(ctx, name)
	if err != nil {
		return Observation{}, err
	}
	o := Observation{Nodes: nodes, State: StateGone}
	if len(nodes) == 0 {
		return o, nil
	}
	o.Network = nodes[0].Network
	for _, node := range nodes {
		if !node.Running {
			o.State = StateStopped
			o.Cause = &Failure{
				Cause: fmt.Sprintf("container %s does not run", node.Name),
				Seen:  fmt.Sprintf("%s, exit code %d", node.Status, node.ExitCode), Next: "docker start " + node.Name,
			}
			return o, nil
		}
	}
	return e.reach(ctx, name, o, known)
}

// reach asks the API server of a cluster whose containers all run.
func (e *Engine) reach(ctx context.Context, name string, o Observation, known Credentials) (Observation, error) {
	uid, err := e.ask(ctx, known, time.Time{})
	if err == nil {
		o.State, o.UID, o.Credentials = StateRunning, uid, known
		return o, nil
	}
	halfMade, markerErr := e.isHalfMade(ctx, name, o.Nodes)
	if markerErr != nil {
		return o, markerErr
	}
	if halfMade {
		o.State = StateHalfMade
		return o, nil
	}
	credentials := known
	if known.Endpoint == "" || isOtherCluster(err) {
		if credentials, err = e.readCredentials(name); err != nil {
			o.State, o.Cause = StateUnreachable, unreachable(name, credentials, err)
			return o, nil
		}
	}
	uid, err = e.ask(ctx, credentials, youngest(o.Nodes).Add(e.grace))
	if err != nil {
		o.State, o.Cause = StateUnreachable, unreachable(name, credentials, err)
		return o, nil
	}
	o.State, o.UID, o.Credentials = StateRunning, uid, credentials
	return o, nil
}

var errNoCredentials = errors.New("no credentials")

func (e *Engine) ask(ctx context.Context, credentials Credentials, deadline time.Time) (string, error) {
	if credentials.Endpoint == "" {
		return "", errNoCredentials
	}
	server, err := newAPI(credentials)
	if err != nil {
		return "", err
	}
	defer server.close()
	return e.waitForServer(ctx, server, deadline)
}

func (e *Engine) readCredentials(name string) (Credentials, error) {
	text, err := e.kind.kubeconfig(name)
	if err != nil {
		return Credentials{}, fmt.Errorf("read the kubeconfig of cluster %s: %w", name, err)
	}
	return parseKubeconfig(text)
}

// isHalfMade tells what a killed creation left from a complete cluster and
// from one that was made by somebody else: it lacks the marker, on a network
// that was made for it here.
func (e *Engine) isHalfMade(ctx context.Context, name string, nodes []NodeContainer) (bool, error) {
	made, err := e.ReadSpec(ctx, name)
	if err != nil || made != nil {
		return false, err
	}
	for _, node := range nodes {
		if node.Network == "" {
			continue
		}
		network, err := e.inspectNetwork(ctx, node.Network)
		return network.isOurs(name), err
	}
	// Created and never started: docker attaches networks at the start.
	return true, nil
}

func unreachable(name string, credentials Credentials, err error) error {
	return &Failure{
		Cause: fmt.Sprintf("the containers of cluster %s run, but its API server does not answer at %s", name, or(credentials.Endpoint, "any address")),
		Err:   err,
		Next:  fmt.Sprintf("docker restart %s; if that does not help, terraform apply -replace, or terraform destroy -refresh=false", firstControlPlane(name)),
	}
}

// youngest returns when the last of the containers started.
func youngest(nodes []NodeContainer) time.Time {
	var last time.Time
	for _, node := range nodes {
		if node.StartedAt.After(last) {
			last = node.StartedAt
		}
	}
	return last
}

func or(value, otherwise string) string {
	if value == "" {
		return otherwise
	}
	return value
}

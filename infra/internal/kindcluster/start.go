package kindcluster

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"time"
)

// startTime bounds the wait for the API server of a cluster that starts.
const startTime = 2 * time.Minute

// Start starts the stopped containers of a cluster and returns when its nodes
// are Ready again.
func (e *Engine) Start(ctx context.Context, spec Spec, progress Progress) (Observation, error) {
	unlock, err := e.lock(ctx, spec.Name, progress)
	if err != nil {
		return Observation{}, err
	}
	defer unlock()
	return e.start(ctx, spec, progress)
}

func (e *Engine) start(ctx context.Context, spec Spec, progress Progress) (Observation, error) {
	nodes, err := e.nodes(ctx, spec.Name)
	if err != nil {
		return Observation{}, err
	}
	started, err := e.startNodes(ctx, spec.Name, nodes, progress)
	if err != nil {
		return Observation{}, err
	}
	credentials, err := e.readCredentials(spec.Name)
	if err != nil {
		return Observation{}, err
	}
	server, err := newAPI(credentials)
	if err != nil {
		return Observation{}, err
	}
	defer server.close()
	progress("waiting for the API server")
	uid, err := e.waitForServer(ctx, server, time.Now().Add(startTime))
	if err != nil {
		return Observation{}, unreachable(spec.Name, credentials, err)
	}
	if err := e.waitForNodes(ctx, server, spec, started, progress); err != nil {
		return Observation{}, err
	}
	return Observation{State: StateRunning, Nodes: nodes, Network: spec.Network, UID: uid, Credentials: credentials}, nil
}

// startNodes starts the containers that do not run, and returns when each of
// them was.
func (e *Engine) startNodes(ctx context.Context, cluster string, nodes []NodeContainer, progress Progress) (map[string]time.Time, error) {
	started := map[string]time.Time{}
	for _, node := range nodes {
		if !node.Running {
			started[node.Name] = time.Now()
		}
	}
	if len(started) == 0 {
		return nil, nil
	}
	progress(fmt.Sprintf("starting %d containers", len(started)))
	args := append([]string{"start"}, slices.Sorted(maps.Keys(started))...)
	if _, err := e.docker.run(ctx, nil, args...); err != nil {
		return nil, &Failure{Cause: fmt.Sprintf("the containers of cluster %s cannot be started", cluster), Err: err,
			Next: "mend what docker says, or recreate the cluster (terraform apply -replace)"}
	}
	return started, nil
}

// Update changes what can be changed while a cluster runs: registry mirrors
// and manifests.
func (e *Engine) Update(ctx context.Context, old, spec Spec, progress Progress) error {
	unlock, err := e.lock(ctx, spec.Name, progress)
	if err != nil {
		return err
	}
	defer unlock()
	return e.update(ctx, old, spec, progress)
}

func (e *Engine) update(ctx context.Context, old, spec Spec, progress Progress) error {
	if !maps.EqualFunc(old.RegistryMirrors, spec.RegistryMirrors, slices.Equal) {
		progress("changing registry mirrors")
		if err := e.changeMirrors(ctx, NodeNames(spec.Name, spec.Nodes), old.RegistryMirrors, spec.RegistryMirrors); err != nil {
			return err
		}
	}
	if !maps.Equal(old.Manifests, spec.Manifests) {
		progress("changing manifests")
		if err := e.changeManifests(ctx, spec.Name, old.Manifests, spec.Manifests); err != nil {
			return err
		}
	}
	if reflect.DeepEqual(old, spec) {
		return nil
	}
	return e.markComplete(ctx, spec)
}

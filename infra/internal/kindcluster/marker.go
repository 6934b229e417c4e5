package kindcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// markerFile lies in the first control-plane node of a complete cluster. It
// is the last thing that a creation does: containers without it are what a
// killed creation left, or not made here.
const markerFile = "/kind/kindling.json"

// ReadSpec returns how a cluster was made, or nil for one that is not
// complete or was not made here.
func (e *Engine) ReadSpec(ctx context.Context, name string) (*Spec, error) {
	content, err := e.readFile(ctx, firstControlPlane(name), markerFile)
	if err != nil || content == nil {
		return nil, err
	}
	var spec Spec
	if err := json.Unmarshal(content, &spec); err != nil {
		return nil, fmt.Errorf("read %s of node %s: %w", markerFile, firstControlPlane(name), err)
	}
	return &spec, nil
}

func (e *Engine) markComplete(ctx context.Context, spec Spec) error {
	content, err := json.Marshal(spec)
	if err != nil {
		return fmt.Errorf("write down how cluster %s was made: %w", spec.Name, err)
	}
	return e.writeFiles(ctx, firstControlPlane(spec.Name), []nodeFile{{path: markerFile, mode: 0o644, content: content}})
}

func firstControlPlane(cluster string) string { return cluster + "-" + RoleControlPlane }

// sameCluster tells whether two specs make the same cluster, apart from what
// can be changed while it runs.
func sameCluster(a, b Spec) bool {
	for _, spec := range []*Spec{&a, &b} {
		spec.Wait, spec.Unawaited, spec.RegistryMirrors, spec.Manifests = 0, false, nil, nil
	}
	left, errLeft := json.Marshal(a)
	right, errRight := json.Marshal(b)
	return errLeft == nil && errRight == nil && bytes.Equal(left, right)
}

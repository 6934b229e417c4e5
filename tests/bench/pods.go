package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"
)

// podStart compares how long a bare pod of the service takes from its creation until it is ready
// with a pod that has nothing to do and no probes, both as somebody who watches sees them, with
// images that the node has.
func podStart(ctx context.Context, b *bench) (result, error) {
	defer b.removeAfter(ctx)
	if err := b.up(ctx); err != nil {
		return result{}, err
	}
	ofService, err := servicePod(ctx)
	if err != nil {
		return result{}, err
	}
	paused, err := pausePod(ctx, ofService)
	if err != nil {
		return result{}, err
	}
	starts, stop, err := watchStarts(ctx)
	if err != nil {
		return result{}, err
	}
	defer b.cleanUp(stop)
	s, err := b.inTurns("s", func(pair int) (float64, error) {
		return starts.measure(ctx, fmt.Sprintf("bench-%s-%d", service, pair), ofService)
	}, func(pair int) (float64, error) {
		return starts.measure(ctx, fmt.Sprintf("bench-pause-%d", pair), paused)
	})
	if err != nil {
		return result{}, err
	}
	return s.lowerIsBetter(), nil
}

// manifest is a pod without a name.
type manifest struct {
	Metadata map[string]any             `json:"metadata"`
	Spec     map[string]json.RawMessage `json:"spec"`
}

// servicePod is what the service's Deployment makes pods from.
func servicePod(ctx context.Context) (manifest, error) {
	text, err := kubectl(ctx, "get", "deployment", service, "--namespace=apps", "--output=jsonpath={.spec.template}")
	if err != nil {
		return manifest{}, err
	}
	var m manifest
	err = json.Unmarshal([]byte(text), &m)
	return m, err
}

// pausePod is a service's pod with the image that holds pods together and nothing that takes time:
// no probes, no settings. Without labels, no Service sends requests to it.
func pausePod(ctx context.Context, of manifest) (manifest, error) {
	image, err := pauseImage(ctx)
	if err != nil {
		return manifest{}, err
	}
	var containers []map[string]any
	if err := json.Unmarshal(of.Spec["containers"], &containers); err != nil {
		return manifest{}, err
	}
	if len(containers) != 1 {
		return manifest{}, fmt.Errorf("a pod of %s has %d containers, not 1", service, len(containers))
	}
	c := containers[0]
	text, err := json.Marshal([]map[string]any{{
		"name": "pause", "image": image, "resources": c["resources"], "securityContext": c["securityContext"],
	}})
	paused := manifest{Metadata: map[string]any{}, Spec: maps.Clone(of.Spec)}
	paused.Spec["containers"] = text
	return paused, err
}

// pauseImage is the image of pods' sandboxes, which every node has.
func pauseImage(ctx context.Context) (string, error) {
	const repository = "registry.k8s.io/pause:"
	text, err := kubectl(ctx, "get", "nodes", node, "--output=jsonpath={.status.images[*].names[*]}")
	if err != nil {
		return "", err
	}
	for name := range strings.FieldsSeq(text) {
		if strings.HasPrefix(name, repository) {
			return name, nil
		}
	}
	return "", fmt.Errorf("the node has no image %s…, only %s", repository, text)
}

// starts tells of the pods of the namespace apps, when they are seen.
type starts struct{ seen <-chan sighting }

type sighting struct {
	pod pod
	at  time.Time
}

// watchStarts begins a watch and returns when it has told of the first pod.
func watchStarts(ctx context.Context) (starts, func() error, error) {
	seen := make(chan sighting, 1024) // what is not asked for until the watch is stopped has room
	stop, err := watch(ctx, func(p pod) {
		select {
		case seen <- sighting{p, time.Now()}:
		default: // nobody measures
		}
	}, "--namespace=apps")
	if err != nil {
		return starts{}, nil, err
	}
	select {
	case <-seen:
		return starts{seen}, stop, nil
	case <-time.After(startLimit):
		return starts{}, nil, errors.Join(errors.New("the watch tells of no pods"), stop())
	}
}

const startLimit = 2 * time.Minute

// measure makes a pod, returns the seconds from the first sight of it until it is ready, and
// removes it.
func (s starts) measure(ctx context.Context, name string, m manifest) (float64, error) {
	if err := create(ctx, name, m); err != nil {
		return 0, err
	}
	took, err := s.await(ctx, name)
	_, removed := kubectl(context.WithoutCancel(ctx), "delete", "pod", name, "--namespace=apps", "--now")
	return took.Seconds(), errors.Join(err, removed)
}

func create(ctx context.Context, name string, m manifest) error {
	metadata := maps.Clone(m.Metadata)
	metadata["name"], metadata["namespace"] = name, "apps"
	text, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": m.Spec})
	if err != nil {
		return err
	}
	cmd := kubectlCommand(ctx, "create", "--filename=-")
	cmd.Stdin = strings.NewReader(string(text))
	_, err = output(cmd)
	return err
}

// await waits until a pod is ready and returns how long that was after it was first seen.
func (s starts) await(ctx context.Context, name string) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	var created time.Time
	for {
		select {
		case <-ctx.Done():
			return 0, fmt.Errorf("pod %s does not become ready: %w", name, ctx.Err())
		case seen := <-s.seen:
			if seen.pod.Metadata.Name != name {
				continue
			}
			if created.IsZero() {
				created = seen.at
			}
			if seen.pod.isReady() {
				return seen.at.Sub(created), nil
			}
		}
	}
}

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"
)

// rolloutWait divides the time from the first change of a rollout to the end of `up` by the time to
// the last new pod's readiness: what `up` adds to a rollout is what it takes to notice its end.
// Kubernetes tells both times in whole seconds.
func rolloutWait(ctx context.Context, b *bench) (result, error) {
	if err := b.up(ctx); err != nil {
		return result{}, err
	}
	defer b.cleanUp(func() error { return b.down(context.WithoutCancel(ctx)) })
	var ratios, waits, rollouts []float64
	for pair := range b.pairs {
		if err := b.edit(fmt.Sprintf("rollout %d", pair)); err != nil {
			return result{}, err
		}
		if err := b.up(ctx); err != nil {
			return result{}, err
		}
		end := time.Now()
		began, ready, err := b.rollout(ctx)
		if err != nil {
			return result{}, err
		}
		wait, rollout := end.Sub(began).Seconds(), ready.Sub(began).Seconds()
		fmt.Fprintf(b.log, "bench: rollout %d: %.1f s until up ended / %.1f s until the last pod was ready = %.2f\n", pair+1, wait, rollout, wait/rollout)
		ratios, waits, rollouts = append(ratios, wait/rollout), append(waits, wait), append(rollouts, rollout)
	}
	return result{median: fmt.Sprintf("%.2f", median(ratios)), worst: fmt.Sprintf("%.2f", slices.Max(ratios)),
		raw: seconds(waits) + " / " + seconds(rollouts) + " s"}, nil
}

// rollout tells when the newest release of the service began and when its last pod became ready.
func (b *bench) rollout(ctx context.Context) (began, ready time.Time, err error) {
	var sets struct{ Items []struct{ Metadata metadata } }
	if err := b.get(ctx, "replicasets", &sets); err != nil {
		return began, ready, err
	}
	newest := ""
	for _, set := range sets.Items {
		if set.Metadata.Created.After(began) {
			began, newest = set.Metadata.Created, set.Metadata.Labels["pod-template-hash"]
		}
	}
	var pods struct {
		Items []struct {
			Metadata metadata
			Status   struct {
				Conditions []struct {
					Type               string
					LastTransitionTime time.Time
				}
			}
		}
	}
	if err := b.get(ctx, "pods", &pods); err != nil {
		return began, ready, err
	}
	for _, pod := range pods.Items {
		for _, condition := range pod.Status.Conditions {
			if pod.Metadata.Labels["pod-template-hash"] == newest && condition.Type == "Ready" && condition.LastTransitionTime.After(ready) {
				ready = condition.LastTransitionTime
			}
		}
	}
	if !ready.After(began) {
		return began, ready, fmt.Errorf("no pod of %s became ready after %s", service, began)
	}
	return began, ready, nil
}

type metadata struct {
	Created time.Time `json:"creationTimestamp"`
	Labels  map[string]string
}

// get reads the service's objects of a kind with the node's kubectl.
func (b *bench) get(ctx context.Context, kind string, into any) error {
	text, err := b.command(ctx, b.temp, nil, "docker", "exec", "bench-control-plane", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf",
		"get", kind, "--namespace=apps", "--selector=app.kubernetes.io/name="+service, "--output=json")
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

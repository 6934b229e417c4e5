package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"sync"
	"time"
)

// rolloutWait divides the time from a rollout's first pod to the end of `up` by the time to the
// last new pod's readiness, both as somebody who watches sees them: what `up` adds to a rollout is
// what it takes to notice its end.
func rolloutWait(ctx context.Context, b *bench) (result, error) {
	if err := b.up(ctx); err != nil {
		return result{}, err
	}
	defer b.cleanUp(func() error { return b.down(context.WithoutCancel(ctx)) })
	var ratios, waits, rollouts []float64
	for pair := range b.pairs {
		seen, stop, err := b.watchPods(ctx)
		if err != nil {
			return result{}, err
		}
		if err = b.edit(fmt.Sprintf("rollout %d", pair)); err == nil {
			err = b.up(ctx)
		}
		end := time.Now()
		if err = errors.Join(err, stop()); err != nil {
			return result{}, err
		}
		began, ready, err := seen.newest()
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

// sightings are when releases of the service were first seen, and when their pods became ready.
type sightings struct {
	mu     sync.Mutex
	before map[string]bool // releases that ran when the watch began
	first  map[string]time.Time
	ready  map[string]time.Time // the last pod's
	pods   map[string]bool      // that are ready
}

// newest tells of the one release that began while it was watched.
func (s *sightings) newest() (began, ready time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for release, at := range s.first {
		if !s.before[release] {
			began, ready = at, s.ready[release]
		}
	}
	if !ready.After(began) || began.IsZero() {
		return began, ready, fmt.Errorf("no pod of a new release of %s became ready", service)
	}
	return began, ready, nil
}

type pod struct {
	Metadata struct {
		Name   string
		Labels map[string]string
	}
	Status struct {
		Conditions []struct{ Type, Status string }
	}
}

func (p pod) isReady() bool {
	return slices.ContainsFunc(p.Status.Conditions, func(c struct{ Type, Status string }) bool { return c.Type == "Ready" && c.Status == "True" })
}

func (s *sightings) saw(p pod) {
	s.mu.Lock()
	defer s.mu.Unlock()
	release := p.Metadata.Labels["pod-template-hash"]
	if _, known := s.first[release]; !known {
		s.first[release] = time.Now()
	}
	if p.isReady() && !s.pods[p.Metadata.Name] {
		s.pods[p.Metadata.Name] = true
		s.ready[release] = time.Now()
	}
}

// watchPods watches the service's pods with the node's kubectl until it is stopped.
func (b *bench) watchPods(ctx context.Context) (*sightings, func() error, error) {
	arguments := []string{"exec", "bench-control-plane", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf",
		"get", "pods", "--namespace=apps", "--selector=app.kubernetes.io/name=" + service, "--output=json"}
	text, err := b.command(ctx, b.temp, nil, "docker", arguments...)
	if err != nil {
		return nil, nil, err
	}
	var now struct{ Items []pod }
	if err := json.Unmarshal([]byte(text), &now); err != nil {
		return nil, nil, err
	}
	s := &sightings{before: map[string]bool{}, first: map[string]time.Time{}, ready: map[string]time.Time{}, pods: map[string]bool{}}
	for _, p := range now.Items {
		s.before[p.Metadata.Labels["pod-template-hash"]] = true
	}
	cmd := exec.CommandContext(ctx, "docker", append(arguments, "--watch")...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		s.follow(out)
	}()
	return s, func() error {
		err := cmd.Process.Kill()
		<-done
		_ = cmd.Wait() // it was killed
		return err
	}, nil
}

// follow reads pods, one after the other, until there are no more.
func (s *sightings) follow(out io.Reader) {
	decoder := json.NewDecoder(out)
	for {
		var p pod
		if decoder.Decode(&p) != nil {
			return // the watch was ended
		}
		s.saw(p)
	}
}

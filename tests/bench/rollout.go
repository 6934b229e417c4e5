package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
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
	defer b.removeAfter(ctx)
	s := series{unit: "s"}
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
		s.add(wait, rollout)
	}
	return s.lowerIsBetter(), nil
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

// watchPods notes when pods of the service are seen, until it is stopped.
func (b *bench) watchPods(ctx context.Context) (*sightings, func() error, error) {
	selector := "--selector=app.kubernetes.io/name=" + service
	text, err := kubectl(ctx, "get", "pods", "--namespace=apps", selector, "--output=json")
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
	stop, err := watch(ctx, s.saw, "--namespace=apps", selector)
	return s, stop, err
}

// watch tells saw of the pods that there are and of each of their changes, until it is stopped.
func watch(ctx context.Context, saw func(pod), selection ...string) (stop func() error, err error) {
	cmd := kubectlCommand(ctx, append([]string{"get", "pods", "--output=json", "--watch"}, selection...)...)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		follow(out, saw)
	}()
	return func() error {
		err := cmd.Process.Kill()
		<-done
		_ = cmd.Wait() // it was killed
		return err
	}, nil
}

// follow reads pods, one after the other, until there are no more.
func follow(out io.Reader, saw func(pod)) {
	decoder := json.NewDecoder(out)
	for {
		var p pod
		if decoder.Decode(&p) != nil {
			return // the watch was ended
		}
		saw(p)
	}
}

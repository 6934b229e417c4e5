package stack

import (
	"context"
	"errors"
	"os"
)

var errNoWorkloads = errors.New("there is no plan of the workloads")

// earlyPlan is a plan of the workloads that is made while services are built and the cluster is
// planned. It holds when neither changes what it was made from; then a run that finds nothing to
// do takes as long as the longest of the three, not all of them.
type earlyPlan struct {
	file    string
	stop    context.CancelFunc
	done    chan struct{}
	root    Root
	changed bool
	err     error
}

// planEarly starts the plan, when there are workloads that can be planned.
func (s *Stack) planEarly(ctx context.Context, parts Parts) *earlyPlan {
	e := &earlyPlan{file: s.planFile("workloads-early"), done: make(chan struct{})}
	ctx, e.stop = context.WithCancel(ctx)
	if !s.plannable(ctx, parts) {
		e.stop()
		close(e.done)
		e.err = errNoWorkloads
		return e
	}
	go func() {
		defer close(e.done)
		if e.root, e.err = s.open(ctx, s.workloadsDir(), parts); e.err == nil {
			e.changed, e.err = e.root.Plan(ctx, e.file, false)
		}
	}()
	return e
}

// plannable tells whether both roots have a state, so that the workloads can be planned, and nobody
// has locked that of the workloads.
func (s *Stack) plannable(ctx context.Context, parts Parts) bool {
	for _, dir := range []string{s.clusterDir(), s.workloadsDir()} {
		root, err := s.root(ctx, dir, parts, nil)
		if err != nil {
			return false
		}
		if state, err := root.State(ctx); err != nil || !state.Manages() {
			return false
		}
		if lock, err := lockOn(ctx, root); err != nil || (lock != nil && dir == s.workloadsDir()) {
			return false
		}
	}
	return true
}

// wait returns the plan's root and whether it changes anything; ok is false when there is no plan
// that holds, or there was none. Why not is found out by whoever plans then.
func (e *earlyPlan) wait() (root Root, changed, ok bool) {
	if e == nil {
		return nil, false, false
	}
	<-e.done
	return e.root, e.changed, e.err == nil
}

// drop ends the plan and removes what it wrote. It may be called again.
func (e *earlyPlan) drop() {
	e.stop()
	<-e.done
	if e.err == nil {
		e.err = errNoWorkloads
	}
	_ = os.Remove(e.file) // it is not there when the plan failed
}

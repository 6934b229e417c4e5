package stack

import (
	"context"
	"errors"
	"os"
)

var errNoWorkloads = errors.New("there is no plan of the workloads")

// earlyPlan is the workloads root, which is initialised while services are built and the cluster is
// made, and, where it can be planned already and the images are expected to stay, a plan of it. The plan holds when neither changes what
// it was made from; then a run that finds nothing to do takes as long as the longest of the three,
// not all of them.
type earlyPlan struct {
	file    string
	stop    context.CancelFunc // ends the planning, not the initialisation
	done    chan struct{}
	root    Root // nil when it cannot be initialised
	changed bool
	err     error // why there is no plan
}

// planEarly starts it. A plan is made when the images are expected to stay: otherwise it would be for
// nothing, and take time from the compiler.
func (s *Stack) planEarly(ctx context.Context, parts Parts, keepsImages bool) *earlyPlan {
	e := &earlyPlan{file: s.planFile("workloads-early"), done: make(chan struct{})}
	plannable := keepsImages && s.plannable(ctx, parts)
	planning, stop := context.WithCancel(ctx)
	e.stop = stop
	go func() {
		defer close(e.done)
		if e.root, e.err = s.initialised(ctx, s.workloadsDir(), parts); e.err != nil {
			return
		}
		if !plannable {
			e.err = errNoWorkloads
			return
		}
		if e.err = s.credentials(planning, parts); e.err == nil {
			e.changed, e.err = e.root.Plan(planning, e.file, false)
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

// wait returns the initialised root, nil when there is none, and, where planned is true, whether its
// plan changes anything. Why there is no root or no plan is found out by whoever goes on without.
func (e *earlyPlan) wait() (root Root, planned, changed bool) {
	if e == nil {
		return nil, false, false
	}
	<-e.done
	return e.root, e.err == nil, e.changed
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

package kube

import (
	"context"
	"slices"
	"time"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/klog/v2"
)

// Wait says what to wait for.
type Wait struct {
	Workloads []Workload
	// Since is when the caller began to change the cluster. Pods that were stuck
	// before are deleted once, so that they are tried anew at once instead of at
	// the end of a back-off of up to five minutes. Zero: nothing is deleted.
	Since    time.Time
	Services []string     // parts that have a folder under services/, for better hints
	Again    string       // the command to run again, for hints: "make up env=dev"
	Progress func(Status) // called when a workload's status changes, never twice at once; may be nil
}

// WaitReady watches all workloads at once until each is settled: it runs its newest revision
// completely, or as far as its Await says. It returns a *NotReadyError as soon as it is knowable that one
// cannot, a *TimeoutError when ctx ends before, an *UnreachableError when the
// API server does not answer.
func (c *Client) WaitReady(ctx context.Context, wait Wait) error {
	if len(wait.Workloads) == 0 {
		return nil
	}
	// Informers retry in silence: ask first whether anybody answers.
	if err := c.answers(ctx); err != nil {
		return err
	}
	// What the watches log would break into the lines of progress.
	watching, stop := context.WithCancel(klog.NewContext(ctx, logr.Discard()))
	defer stop()
	w := newWatcher(c, wait)
	if err := w.start(watching); err != nil {
		return err
	}
	w.begin(ctx)
	return w.run(ctx)
}

// begin frees pods that were stuck before the caller changed anything, and
// notes how often the other ones had exited by then.
func (w *watcher) begin(ctx context.Context) {
	v := w.view()
	for _, workload := range w.wait.Workloads {
		for _, pod := range v.currentPods(workload) {
			if !pod.CreationTimestamp.Time.Before(w.wait.Since) {
				continue
			}
			if isStuck(pod) && workload.Kind != Job {
				w.freed[pod.UID] = w.client.free(ctx, pod)
				continue
			}
			for _, c := range statuses(pod) {
				w.baseline[exitKey(pod, c)] = countExits(c)
			}
		}
	}
}

// isStuck reports whether a pod is tried again and again, with growing pauses.
func isStuck(pod *corev1.Pod) bool {
	return slices.ContainsFunc(statuses(pod), func(c containerStatus) bool {
		if c.State.Terminated != nil {
			return !c.init && c.RestartCount > 0
		}
		waiting := c.State.Waiting
		return waiting != nil && (waiting.Reason == "CrashLoopBackOff" || slices.Contains(pullReasons, waiting.Reason))
	})
}

// settleSilence is how long the API server may be silent: it may be restarting.
const settleSilence = 15 * time.Second

// run looks at every change until all is ready or something cannot be.
func (w *watcher) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	var silent time.Time
	for {
		done, next, err := w.look(ctx)
		if done || err != nil {
			return err
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
			return &TimeoutError{Waiting: w.waiting(), Err: context.Cause(ctx)}
		case <-w.changed:
		case <-timer.C:
		case <-w.broken: // also when a watch merely expired
			err := w.client.answers(ctx)
			switch {
			case err == nil:
				silent = time.Time{}
			case silent.IsZero():
				silent = w.client.now()
			case w.client.now().Sub(silent) > settleSilence:
				return err
			}
		}
	}
}

// look evaluates the workloads once. It reports whether all are done, or after
// which time to look again even if nothing changes.
func (w *watcher) look(ctx context.Context) (done bool, next time.Duration, err error) {
	o := w.observe()
	done, next = true, time.Minute
	var diagnoses []*Diagnosis
	for _, workload := range w.wait.Workloads {
		status, _ := o.status(workload)
		findings := o.findings(workload)
		w.report(o, status, findings)
		done = done && status.Settled()
		for _, f := range findings {
			if f.settle > 0 {
				next = min(next, f.settle)
				continue
			}
			if f.confirm != nil && !f.confirm(ctx, w.client) {
				next = min(next, settleRegistry)
				continue
			}
			diagnoses = append(diagnoses, w.client.complete(ctx, f, o))
			break
		}
	}
	if len(diagnoses) > 0 {
		return false, 0, &NotReadyError{Diagnoses: diagnoses}
	}
	return done, next, nil
}

// observe takes a view and brings what the wait knows of time up to date.
func (w *watcher) observe() *observation {
	v := w.view()
	o := &observation{
		view: v, now: w.client.now(), coming: map[Workload]bool{}, unready: map[Workload]bool{},
		baseline: w.baseline, lastLines: w.lastLines, services: w.wait.Services, again: w.wait.Again,
	}
	score := 0
	for _, workload := range w.wait.Workloads {
		status, _ := v.status(workload)
		score += status.Ready
		if status.Done {
			score++
			continue
		}
		o.unready[workload] = true
		pods := v.currentPods(workload)
		o.coming[workload] = len(pods) == 0
		for _, pod := range pods {
			started, waiting := 0, false
			for _, c := range statuses(pod) {
				if c.ContainerID != "" {
					started++
				}
				waiting = waiting || (c.State.Waiting != nil && slices.Contains([]string{"ContainerCreating", "PodInitializing"}, c.State.Waiting.Reason))
			}
			score += started
			o.coming[workload] = o.coming[workload] || waiting || len(statuses(pod)) == 0
		}
	}
	if score > w.score {
		w.score, w.progress = score, o.now
	}
	o.progress = w.progress
	return o
}

// report calls Progress when there is something new to say of a workload.
func (w *watcher) report(o *observation, status Status, findings []finding) {
	if !status.Done {
		status.Message = o.message(status, findings)
	}
	if last, known := w.last[status.Workload]; !known || last != status {
		w.last[status.Workload] = status
		w.wait.Progress(status)
	}
}

// waiting are the last statuses of what is not done.
func (w *watcher) waiting() []Status {
	var waiting []Status
	for _, workload := range w.wait.Workloads {
		status, seen := w.last[workload]
		if !seen {
			status = Status{Workload: workload}
		}
		if !status.Settled() {
			waiting = append(waiting, status)
		}
	}
	return waiting
}

// Package health answers the probes: whether the program lives, and whether
// it should be sent requests.
package health

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// Check returns nil when what it looks at can be used, and otherwise an error
// that says why not. It must return soon after its context ends.
type Check func(ctx context.Context) error

// Report is the body of a readiness answer. Checks holds "ok" or the reason
// by the name of the check.
type Report struct {
	Status string            `json:"status"`
	Checks map[string]string `json:"checks,omitempty"`
}

const (
	statusReady    = "ready"
	statusNotReady = "not ready"
	statusDraining = "draining"
	resultOK       = "ok"
)

// Health holds the checks of a program.
type Health struct {
	timeout  time.Duration
	keep     time.Duration
	draining atomic.Bool

	mu      sync.Mutex
	checks  map[string]Check
	report  Report
	expires time.Time

	finished time.Time // when the last checks were
}

// New returns a Health without checks, which is ready. Each check gets one
// second; an answer is kept for half a second, so that many probes at once
// cost one round of checks.
func New() *Health {
	return &Health{timeout: time.Second, keep: 500 * time.Millisecond, checks: map[string]Check{}}
}

// Add registers a check of readiness by name.
func (h *Health) Add(name string, check Check) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.checks[name] = check
	h.expires = time.Time{}
}

// Drain makes readiness answer 503 from now on, while the program goes on
// answering requests.
func (h *Health) Drain() { h.draining.Store(true) }

// Draining tells whether Drain was called.
func (h *Health) Draining() bool { return h.draining.Load() }

// Live answers 200 as long as the program can answer at all.
func (h *Health) Live(w http.ResponseWriter, _ *http.Request) {
	write(w, http.StatusOK, Report{Status: "live"})
}

// Ready answers 200 when every check passes, and 503 with the reasons when
// one does not or the program is draining.
func (h *Health) Ready(w http.ResponseWriter, r *http.Request) {
	if h.Draining() {
		write(w, http.StatusServiceUnavailable, Report{Status: statusDraining})
		return
	}
	report := h.Report(r.Context())
	status := http.StatusOK
	if report.Status != statusReady {
		status = http.StatusServiceUnavailable
	}
	write(w, status, report)
}

// Report runs the checks side by side, or returns the last answer while it is
// fresh. Only a passing answer is kept: a program that has just become ready
// says so at the next probe. Who asks while checks run gets their answer.
func (h *Health) Report(ctx context.Context) Report {
	asked := time.Now()
	h.mu.Lock()
	defer h.mu.Unlock()
	if time.Now().Before(h.expires) || h.finished.After(asked) {
		return h.report
	}
	// A caller that goes away must not fail the answer that others share.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), h.timeout)
	defer cancel()
	h.report = run(ctx, h.checks)
	h.finished = time.Now()
	if h.report.Status == statusReady {
		h.expires = time.Now().Add(h.keep)
	}
	return h.report
}

func run(ctx context.Context, checks map[string]Check) Report {
	type result struct {
		name string
		err  error
	}
	results := make(chan result, len(checks))
	for name, check := range checks {
		go func() { results <- result{name, guarded(ctx, check)} }()
	}
	report := Report{Status: statusReady, Checks: make(map[string]string, len(checks))}
	for range checks {
		r := <-results
		report.Checks[r.name] = resultOK
		if r.err != nil {
			report.Status = statusNotReady
			report.Checks[r.name] = r.err.Error()
		}
	}
	return report
}

// guarded runs a check so that neither a panic nor a check that ignores its
// context can hold up the answer.
func guarded(ctx context.Context, check Check) error {
	done := make(chan error, 1)
	go func() {
		defer func() {
			if cause := recover(); cause != nil {
				done <- fmt.Errorf("check panicked: %v", cause)
			}
		}()
		done <- check(ctx)
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("no answer in time: %w", ctx.Err())
	}
}

func write(w http.ResponseWriter, status int, report Report) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// The only error left is a prober that hung up.
	_ = json.NewEncoder(w).Encode(report)
}

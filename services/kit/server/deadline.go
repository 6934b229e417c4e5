package server

import (
	"context"
	"sync"
	"time"
)

// lazyDeadline is context.WithDeadline that sets its timer only when somebody
// waits for it: most handlers never do, and timers cost more than all other
// middleware but the log.
type lazyDeadline struct {
	parent   context.Context
	deadline time.Time

	mu     sync.Mutex
	timed  context.Context // nil until somebody waits
	stop   context.CancelFunc
	closed bool
}

func newLazyDeadline(parent context.Context, deadline time.Time) *lazyDeadline {
	return &lazyDeadline{parent: parent, deadline: deadline}
}

// Deadline returns the earlier of the parent's and its own.
func (d *lazyDeadline) Deadline() (time.Time, bool) {
	if earlier, ok := d.parent.Deadline(); ok && earlier.Before(d.deadline) {
		return earlier, true
	}
	return d.deadline, true
}

// Done sets the timer.
func (d *lazyDeadline) Done() <-chan struct{} { return d.wait().Done() }

// Err tells whether the context has ended, by the clock where nobody waits.
func (d *lazyDeadline) Err() error {
	if time.Now().Before(d.deadline) {
		d.mu.Lock()
		timed, closed := d.timed, d.closed
		d.mu.Unlock()
		if timed == nil && !closed {
			return d.parent.Err()
		}
	}
	return d.wait().Err()
}

// Value asks the timed context once there is one: the context package finds
// by a value whom a derived context can be registered with, and otherwise
// starts a goroutine for each.
func (d *lazyDeadline) Value(key any) any {
	d.mu.Lock()
	timed := d.timed
	d.mu.Unlock()
	if timed != nil {
		return timed.Value(key)
	}
	return d.parent.Value(key)
}

func (d *lazyDeadline) wait() context.Context {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.timed == nil {
		d.timed, d.stop = context.WithDeadline(d.parent, d.deadline)
		if d.closed {
			d.stop()
		}
	}
	return d.timed
}

// cancel ends the context after the request.
func (d *lazyDeadline) cancel() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.closed = true
	if d.stop != nil {
		d.stop()
	}
}

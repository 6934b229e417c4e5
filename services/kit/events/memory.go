package events

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"time"
)

// waiting is how many events a process keeps for its handlers.
const waiting = 1024

// memory is the broker of a service that runs alone: it carries the service's
// events to its own handlers. What is not handled ends with the process.
type memory struct {
	concurrency int
	logger      *slog.Logger
	filters     atomic.Pointer[[]string] // nil until handlers are there
	queue       chan delivery
	places      chan struct{} // one for each event that waits or is handled
	sequence    atomic.Uint64
}

func newMemory(config Config, logger *slog.Logger) *memory {
	return &memory{
		concurrency: config.Concurrency, logger: logger,
		queue: make(chan delivery, waiting), places: make(chan struct{}, waiting),
	}
}

func (m *memory) subscribe(filters []string) { m.filters.Store(&filters) }

// publish returns at once. An event that nobody handles is let go.
func (m *memory) publish(ctx context.Context, subject string, event Event) error {
	if !m.wanted(subject) {
		m.logger.DebugContext(ctx, "event published; nothing in this process handles it", "subject", subject, "id", event.ID)
		return nil
	}
	select {
	case m.places <- struct{}{}:
	default:
		return fmt.Errorf("%w: %d wait to be handled in this process", ErrUnavailable, waiting)
	}
	m.deliver(delivery{event: event, subject: subject, sequence: m.sequence.Add(1)})
	return nil
}

func (m *memory) wanted(subject string) bool {
	filters := m.filters.Load()
	return filters != nil && slices.ContainsFunc(*filters, func(filter string) bool { return overlap(filter, subject) })
}

// deliver queues the next try of an event that has a place.
func (m *memory) deliver(d delivery) {
	d.attempt++
	d.done = func() error { <-m.places; return nil }
	d.park = func(string) error { <-m.places; return nil }
	d.again = func(pause time.Duration) error {
		time.AfterFunc(pause, func() { m.deliver(d) })
		return nil
	}
	m.queue <- d // has room: there are no more deliveries than places
}

// consume handles what is queued, also after ctx has ended: it would be lost.
func (m *memory) consume(ctx context.Context, take func(delivery)) {
	slots := newSlots(m.concurrency)
	defer slots.wait()
	for {
		slots.take(1)
		d, ok := m.next(ctx)
		if !ok {
			slots.release(1)
			return
		}
		slots.run(func() { take(d) })
	}
}

func (m *memory) next(ctx context.Context) (delivery, bool) {
	select {
	case d := <-m.queue:
		return d, true
	case <-ctx.Done():
	}
	select {
	case d := <-m.queue:
		return d, true
	default:
		return delivery{}, false
	}
}

func (m *memory) check() error { return nil }

func (m *memory) close(context.Context) error {
	if left := len(m.places); left > 0 {
		m.logger.Warn("events that were not handled end with the process", "events", left)
	}
	return nil
}

package events

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"kindling.internal/services/kit/tracing"
)

// delivery is one try to have an event handled.
type delivery struct {
	event    Event
	subject  string
	sequence uint64 // in the stream
	attempt  int    // from 1

	done  func() error                    // it was handled
	again func(pause time.Duration) error // it comes back after a pause
	park  func(reason string) error       // it never comes back
}

// take has a delivery handled and tells the broker what became of it.
func (b *Bus) take(d delivery) {
	ctx, cancel := context.WithTimeout(d.event.inTrace(b.handling), b.config.HandleTimeout)
	defer cancel()
	ctx, span := tracing.Tracer().Start(ctx, "handle "+d.subject, trace.WithSpanKind(trace.SpanKindConsumer))
	defer span.End()
	filter, err := b.handle(ctx, d)
	if err != nil {
		span.SetStatus(codes.Error, err.Error())
	}
	if err := b.settle(ctx, d, filter, err); err != nil {
		// The broker takes no word as a failure: the event comes back.
		b.logger.WarnContext(ctx, "event comes again: the broker could not be told what became of it",
			"subject", d.subject, "id", d.event.ID, "error", err)
	}
}

// noFilter is the label of events that no handler is there for.
const noFilter = "none"

func (b *Bus) handle(ctx context.Context, d delivery) (filter string, err error) {
	for _, s := range b.handlers {
		if !overlap(s.filter, d.subject) {
			continue
		}
		if d.attempt > b.config.MaxDeliveries {
			return s.filter, errors.New("the last try came to no end")
		}
		start := time.Now()
		err := guarded(ctx, s.handle, d.event)
		b.metrics.duration.WithLabelValues(s.filter).Observe(time.Since(start).Seconds())
		return s.filter, err
	}
	// Another version of the service handles these, while both run.
	return noFilter, errors.New("this replica has no handler for the subject")
}

// settle tells the broker that the event was handled, comes again or is parked.
func (b *Bus) settle(ctx context.Context, d delivery, filter string, err error) error {
	attributes := []any{"subject", d.subject, "id", d.event.ID, "sequence", d.sequence, "attempt", d.attempt}
	switch {
	case err == nil:
		b.metrics.handled.WithLabelValues(filter, "done").Inc()
		b.logger.DebugContext(ctx, "event handled", attributes...)
		return d.done()
	case b.handling.Err() != nil:
		return d.again(0) // the service stops: this is not the event's fault
	case errors.Is(err, ErrRejected) || d.attempt >= b.config.MaxDeliveries:
		b.metrics.handled.WithLabelValues(filter, "failed").Inc()
		b.metrics.parked.WithLabelValues(filter).Inc()
		b.logger.ErrorContext(ctx, "event parked: it is not tried again, and stays in the stream by its sequence",
			append(attributes, "error", err)...)
		return d.park(err.Error())
	}
	pause := b.pauseAfter(d.attempt)
	b.metrics.handled.WithLabelValues(filter, "failed").Inc()
	b.logger.WarnContext(ctx, "event not handled, trying again", append(attributes, "pause", pause.String(), "error", err)...)
	return d.again(pause)
}

// longestPause bounds the time between two tries of an event, give or take half.
const longestPause = time.Minute

func (b *Bus) pauseAfter(attempt int) time.Duration {
	return growing(b.config.RetryDelay, longestPause, attempt)
}

// growing is the pause after so many tries, from 1: it doubles up to longest and
// varies by half, so that what failed together does not come back together.
func growing(first, longest time.Duration, tries int) time.Duration {
	pause := first
	for range tries - 1 {
		if pause = 2 * pause; pause >= longest {
			pause = longest
			break
		}
	}
	return pause/2 + rand.N(pause)
}

// guarded turns a panic of a handler into its error.
func guarded(ctx context.Context, handle Handler, event Event) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("handler panicked: %v", cause)
		}
	}()
	return handle(ctx, event)
}

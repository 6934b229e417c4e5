// Package events publishes what has happened in a service and hands what has
// happened in others to handlers. With MESSAGING_URL events go through NATS
// with JetStream; without, they stay in the process.
//
// An event is delivered at least once: a handler must do no harm when it gets
// one twice, which it knows by the ID. Events are handled side by side, in no
// order that can be relied on.
package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/trace"

	"kindling.internal/services/kit/tracing"
)

// Handler does what an event asks for. An error brings the event back after a
// pause, unless it wraps ErrRejected.
type Handler func(ctx context.Context, event Event) error

// Parts are what a Bus works with.
type Parts struct {
	// Service is the name that events are published under and the name of the
	// consumer that its replicas share.
	Service string
	Logger  *slog.Logger
	// Registry takes the metrics.
	Registry prometheus.Registerer
}

// broker carries events from those who publish to those who handle.
type broker interface {
	publish(ctx context.Context, subject string, event Event) error
	// subscribe tells which events are wanted, before consume.
	subscribe(filters []string)
	// consume gives deliveries to take until ctx ends, as many at once as are
	// configured, and returns when the last was handled.
	consume(ctx context.Context, take func(delivery))
	check() error
	close(ctx context.Context) error
}

// Bus publishes events and hands them to handlers.
type Bus struct {
	config   Config
	service  string
	logger   *slog.Logger
	metrics  *metrics
	broker   broker
	handlers []subscription

	taking   context.Context // ends when no further event is taken
	stop     context.CancelFunc
	handling context.Context // ends when handlers must end, too
	abandon  context.CancelFunc
	group    sync.WaitGroup
}

type subscription struct {
	filter string
	handle Handler
}

// Open returns at once. A broker that is away is waited for in the background,
// for ever. The error is about the configuration only.
func Open(config Config, parts Parts) (*Bus, error) {
	b := &Bus{config: config, service: parts.Service, logger: parts.Logger, metrics: newMetrics(parts.Registry)}
	b.taking, b.stop = context.WithCancel(context.Background())
	b.handling, b.abandon = context.WithCancel(context.Background())
	if config.URL == "" {
		b.broker = newMemory(config, parts.Logger)
		b.metrics.connected.Set(1)
		return b, nil
	}
	connected, err := connect(config, parts, b.metrics)
	if err != nil {
		return nil, fmt.Errorf("messaging settings: %w", err)
	}
	b.broker = connected
	return b, nil
}

// Publish makes an event of the type and returns when it is stored. The error
// wraps ErrUnavailable when the same may succeed later.
func (b *Bus) Publish(ctx context.Context, kind string, payload any) error {
	event, err := New(ctx, kind, payload)
	if err != nil {
		return err
	}
	return b.Send(ctx, event)
}

// Send publishes an event that was made before. Sent again with the same ID
// within two minutes, it is stored once.
func (b *Bus) Send(ctx context.Context, event Event) error {
	if err := checkType(event.Type); err != nil {
		return err
	}
	event.Service = b.service
	subject := subjectOf(b.service, event.Type)
	ctx, span := tracing.Tracer().Start(event.inTrace(ctx), "publish "+subject, trace.WithSpanKind(trace.SpanKindProducer))
	defer span.End()
	event.Trace = traceOf(ctx)
	ctx, cancel := context.WithTimeout(ctx, b.config.PublishTimeout)
	defer cancel()
	if err := b.broker.publish(ctx, subject, event); err != nil {
		b.metrics.published.WithLabelValues(event.Type, "failed").Inc()
		span.SetStatus(codes.Error, err.Error())
		return fmt.Errorf("publish %s: %w", subject, err)
	}
	b.metrics.published.WithLabelValues(event.Type, "done").Inc()
	return nil
}

// Handle has the events handled whose subject, events.SERVICE.TYPE, fits the
// filter: * stands for one part, > for one or more at the end. It is called
// before Start.
func (b *Bus) Handle(filter string, handle Handler) {
	b.handlers = append(b.handlers, subscription{filter, handle})
}

// Start begins to hand events to the handlers. It is called one time. A
// service that has not had events before gets all that the stream still has.
func (b *Bus) Start() error {
	var filters []string
	for i, s := range b.handlers {
		if err := checkFilter(s.filter); err != nil {
			return err
		}
		for _, other := range filters[:i] {
			if overlap(s.filter, other) {
				return fmt.Errorf("%s and %s fit the same events, and each event has one handler: make one filter narrower, or handle both in one", other, s.filter)
			}
		}
		filters = append(filters, s.filter)
		b.metrics.prepare(s.filter)
	}
	if len(filters) > 0 {
		b.broker.subscribe(filters)
		b.group.Go(func() { b.broker.consume(b.taking, b.take) })
	}
	return nil
}

// Check fails only for what waiting does not mend before the broker was of use
// for the first time: a password or right that is refused, a stream that is
// missing. A broker that is away is no reason to send a service no requests:
// the log and the metric events_connected tell of it.
func (b *Bus) Check(context.Context) error { return b.broker.check() }

// lastWord is how long a handler whose context was ended has to return, so that
// its event goes to another replica now, not when the broker loses patience.
const lastWord = 500 * time.Millisecond

// Stop takes no further event and lets handlers end; publishing goes on. When
// ctx ends first, the handlers' contexts end, too, and their events come back
// to another replica. Call it before what handlers work with is closed.
func (b *Bus) Stop(ctx context.Context) error {
	b.stop()
	defer b.abandon()
	ended := make(chan struct{})
	go func() { b.group.Wait(); close(ended) }()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
	}
	b.abandon()
	select {
	case <-ended:
	case <-time.After(lastWord):
	}
	return fmt.Errorf("events were still being handled: %w", ctx.Err())
}

// Close stops and closes the connection.
func (b *Bus) Close(ctx context.Context) error {
	return errors.Join(b.Stop(ctx), b.broker.close(ctx))
}

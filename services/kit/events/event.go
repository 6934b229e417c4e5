package events

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"go.opentelemetry.io/otel/propagation"
)

// MaxPayload is the largest payload in bytes: half of what the broker takes.
const MaxPayload = 512 << 10

var (
	// ErrUnavailable means that the event was not stored, and may be later.
	ErrUnavailable = errors.New("events cannot be published at the moment")
	// ErrRejected is wrapped by the error of a handler that no further try
	// would help: the event is parked at once.
	ErrRejected = errors.New("rejected")
)

// Event is something that has happened.
type Event struct {
	// ID is the event's for ever: whoever sees it twice has seen one event.
	ID string
	// Service that published it; Send fills it in.
	Service string
	// Type is what has happened, such as placed or items.created.
	Type string
	Time time.Time
	// Payload is JSON.
	Payload json.RawMessage
	// Trace is the W3C traceparent of what caused the event, or empty.
	Trace string
}

// New makes an event of a type, now, in the trace of ctx. The payload becomes
// JSON.
func New(ctx context.Context, kind string, payload any) (Event, error) {
	if err := checkType(kind); err != nil {
		return Event{}, err
	}
	body, err := json.Marshal(payload)
	if err != nil {
		return Event{}, fmt.Errorf("payload of %s: %w", kind, err)
	}
	if len(body) > MaxPayload {
		return Event{}, fmt.Errorf("payload of %s has %d bytes, more than %d: publish where it can be read instead", kind, len(body), MaxPayload)
	}
	id, err := uuid.NewV7()
	if err != nil {
		return Event{}, err
	}
	now := time.Now().UTC().Truncate(time.Microsecond) // what PostgreSQL keeps
	return Event{ID: id.String(), Type: kind, Time: now, Payload: body, Trace: traceOf(ctx)}, nil
}

// Decode reads the payload. The error wraps ErrRejected: it stays wrong.
func (e Event) Decode(into any) error {
	if err := json.Unmarshal(e.Payload, into); err != nil {
		return fmt.Errorf("payload of %s: %w: %w", e.Type, ErrRejected, err)
	}
	return nil
}

const traceHeader = "traceparent"

func traceOf(ctx context.Context) string {
	carrier := propagation.MapCarrier{}
	propagation.TraceContext{}.Inject(ctx, carrier)
	return carrier[traceHeader]
}

// inTrace continues the trace that the event belongs to.
func (e Event) inTrace(ctx context.Context) context.Context {
	return propagation.TraceContext{}.Extract(ctx, propagation.MapCarrier{traceHeader: e.Trace})
}

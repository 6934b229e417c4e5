package events

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	timeHeader = "Kindling-Time"
	typeHeader = "Content-Type"
	mediaType  = "application/json"
	// oneTry is how long the broker has to answer before it is asked again.
	oneTry = 2 * time.Second
)

// publish tries until ctx ends. The ID lets the broker store one of all tries.
func (s *stream) publish(ctx context.Context, subject string, event Event) error {
	message := messageOf(subject, event)
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval, policy.MaxInterval = 20*time.Millisecond, 500*time.Millisecond
	var last error
	_, err := backoff.Retry(ctx, func() (struct{}, error) {
		err := s.tryPublish(ctx, message)
		if last == nil || ctx.Err() == nil { // that time is up tells less than what was before
			last = err
		}
		if err != nil && !passing(err) {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(policy), backoff.WithMaxElapsedTime(0))
	switch {
	case err == nil:
		return nil
	case !passing(last):
		return last
	}
	if known := s.check(); known != nil {
		last = known
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, last)
}

func (s *stream) tryPublish(ctx context.Context, message *nats.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, oneTry)
	defer cancel()
	watched, unwatch := s.refusals.watch(ctx, message.Subject)
	defer unwatch()
	_, err := s.jetstream.PublishMsg(watched, message, jetstream.WithExpectStream(s.config.Stream), jetstream.WithRetryAttempts(0))
	if err == nil {
		return nil
	}
	return s.explain(watched, err)
}

// passing tells whether the same may succeed later without anybody's help but
// the broker's.
func passing(err error) bool {
	var refused *refusedError
	return !errors.As(err, &refused) && !errors.Is(err, nats.ErrMaxPayload) && !errors.Is(err, nats.ErrConnectionClosed)
}

func messageOf(subject string, event Event) *nats.Msg {
	message := nats.NewMsg(subject)
	message.Data = event.Payload
	message.Header.Set(jetstream.MsgIDHeader, event.ID)
	message.Header.Set(timeHeader, event.Time.Format(time.RFC3339Nano))
	message.Header.Set(typeHeader, mediaType)
	if event.Trace != "" {
		message.Header.Set(traceHeader, event.Trace)
	}
	return message
}

// eventOf is the reverse of messageOf. Whoever published without this package
// may have left out headers.
func eventOf(message jetstream.Msg, metadata *jetstream.MsgMetadata) Event {
	header := message.Headers()
	service, kind := split(message.Subject())
	event := Event{
		ID: header.Get(jetstream.MsgIDHeader), Service: service, Type: kind,
		Time: metadata.Timestamp, Payload: message.Data(), Trace: header.Get(traceHeader),
	}
	if event.ID == "" {
		event.ID = fmt.Sprintf("%s-%d", metadata.Stream, metadata.Sequence.Stream)
	}
	if said, err := time.Parse(time.RFC3339Nano, header.Get(timeHeader)); err == nil {
		event.Time = said
	}
	return event
}

package events

import (
	"context"
	"errors"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	// pull is how long the broker is asked to wait for an event.
	pull = 30 * time.Second
	// pulse is how often it tells meanwhile that it still waits.
	pulse = 5 * time.Second
)

func (s *stream) subscribe(filters []string) { s.filters = filters }

// consume begins anew after every failure, for ever.
func (s *stream) consume(ctx context.Context, take func(delivery)) {
	slots := newSlots(s.config.Concurrency)
	defer slots.wait()
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval, policy.MaxInterval = 50*time.Millisecond, 2*time.Second
	var consumer jetstream.Consumer
	_, _ = backoff.Retry(ctx, func() (struct{}, error) {
		var err error
		if consumer, err = s.consumer(ctx, consumer != nil); err == nil {
			policy.Reset()
			err = s.fetch(ctx, consumer, slots, take)
		}
		if err != nil && !errors.Is(err, context.Canceled) && s.connection.IsConnected() {
			s.logger.Warn("events cannot be fetched, trying again", "error", err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(policy), backoff.WithMaxElapsedTime(0))
}

// consumer makes the service's consumer as this version wants it. One that was
// made before is made again only when it is gone: another version of the
// service may have changed it since.
func (s *stream) consumer(ctx context.Context, made bool) (jetstream.Consumer, error) {
	if made {
		watched, unwatch := s.refusals.watch(ctx, "$JS.API.CONSUMER.INFO."+s.config.Stream+"."+s.service)
		defer unwatch()
		consumer, err := s.jetstream.Consumer(watched, s.config.Stream, s.service)
		if !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return consumer, s.explain(watched, err)
		}
	}
	watched, unwatch := s.refusals.watch(ctx, "$JS.API.CONSUMER.CREATE."+s.config.Stream+"."+s.service)
	defer unwatch()
	consumer, err := s.jetstream.CreateOrUpdateConsumer(watched, s.config.Stream, jetstream.ConsumerConfig{
		Durable: s.service, FilterSubjects: s.filters, AckPolicy: jetstream.AckExplicitPolicy,
		AckWait: s.config.ackWait(),
		// The tries are counted here, where the log and the metrics tell of the last.
		MaxDeliver: -1,
	})
	if err != nil {
		err = s.explain(watched, err)
		s.notUsable(err)
	}
	return consumer, err
}

// fetch asks for as many events as there are free slots, again and again: none
// lies here unhandled while the broker waits for word of it.
func (s *stream) fetch(ctx context.Context, consumer jetstream.Consumer, slots *slots, take func(delivery)) error {
	for ctx.Err() == nil {
		wanted := slots.take(s.config.Concurrency)
		given, err := s.pull(ctx, consumer, wanted, slots, take)
		slots.release(wanted - given)
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

func (s *stream) pull(ctx context.Context, consumer jetstream.Consumer, wanted int, slots *slots, take func(delivery)) (given int, err error) {
	ctx, cancel := context.WithTimeout(ctx, pull)
	defer cancel()
	select {
	case <-s.back: // from before this question
	default:
	}
	batch, err := consumer.Fetch(wanted, jetstream.FetchContext(ctx), jetstream.FetchHeartbeat(pulse))
	if err != nil {
		return 0, err
	}
	for {
		select {
		case message, open := <-batch.Messages():
			if !open {
				if err := batch.Error(); !errors.Is(err, context.DeadlineExceeded) {
					return given, err
				}
				return given, nil
			}
			d, err := deliveryOf(message)
			if err != nil {
				return given, err
			}
			given++
			slots.run(func() { take(d) })
		case <-s.back:
			// The broker has forgotten that it was asked.
			cancel()
		}
	}
}

func deliveryOf(message jetstream.Msg) (delivery, error) {
	metadata, err := message.Metadata()
	if err != nil {
		return delivery{}, err
	}
	return delivery{
		event: eventOf(message, metadata), subject: message.Subject(),
		sequence: metadata.Sequence.Stream, attempt: int(metadata.NumDelivered),
		done: message.Ack, again: message.NakWithDelay, park: message.TermWithReason,
	}, nil
}

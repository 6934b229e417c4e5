package outbox

import (
	"context"
	"fmt"
	"hash/fnv"
	"log/slog"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"

	"kindling.internal/services/kit/events"
	"kindling.internal/services/kit/postgres"
)

const (
	// poll is how often the outbox is looked into when nobody wakes the relay:
	// for what a replica left that was killed.
	poll = time.Second
	// batch is how many events one transaction publishes.
	batch = 100
	// longestPause bounds the time between two tries while the broker is away.
	longestPause = 10 * time.Second
	// writeTimeout bounds the note of what was published.
	writeTimeout = 5 * time.Second
)

// relayLock is the advisory lock of the replica that publishes. The others
// wait: together they would not keep the order.
var relayLock = func() int64 {
	hash := fnv.New64a()
	hash.Write([]byte("kindling.internal/services/kit/events/outbox"))
	return int64(hash.Sum64() >> 1)
}()

// Publisher is events.Bus.
type Publisher interface {
	Send(ctx context.Context, event events.Event) error
}

// Relay publishes what is in the outbox, in order. Every replica has one; one
// at a time works.
type Relay struct {
	database  *postgres.Database
	publisher Publisher
	logger    *slog.Logger
	oldest    prometheus.Gauge

	wake    chan struct{}
	stop    context.CancelFunc // no further event
	abandon context.CancelFunc // nor the one under way
	ended   chan struct{}
}

// Start returns at once. The relay begins when the database is ready. An event
// that was published before a kill, but not taken out of the outbox, is
// published again with the same ID.
func Start(database *postgres.Database, publisher Publisher, logger *slog.Logger, registry prometheus.Registerer) *Relay {
	r := &Relay{
		database: database, publisher: publisher, logger: logger,
		oldest: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "events_outbox_oldest_seconds", Help: "Age of the oldest event that waits to be published; 0 without one.",
		}),
		wake: make(chan struct{}, 1), ended: make(chan struct{}),
	}
	registry.MustRegister(r.oldest)
	working, abandon := context.WithCancel(context.Background())
	going, stop := context.WithCancel(working)
	r.stop, r.abandon = stop, abandon
	go r.loop(going, working)
	return r
}

// Wake has the relay look into the outbox now. Call it after a commit.
func (r *Relay) Wake() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Stop lets the event under way be published; what else waits is for the next
// start or another replica. When ctx ends first, it is given up.
func (r *Relay) Stop(ctx context.Context) error {
	r.stop()
	defer r.abandon()
	select {
	case <-r.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("an event of the outbox was still being published: %w", ctx.Err())
	}
}

func (r *Relay) loop(going, working context.Context) {
	defer close(r.ended)
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = 100*time.Millisecond, longestPause
	r.whenReady(going)
	for going.Err() == nil {
		more, err := r.pass(going, working)
		pause := poll
		switch {
		case err != nil && going.Err() == nil:
			pause = pauses.NextBackOff()
			r.logger.Warn("outbox waits, trying again", "error", err, "pause", pause.String())
		case more:
			pauses.Reset()
			continue
		default:
			pauses.Reset()
		}
		r.rest(going, pause, err == nil)
	}
}

// whenReady waits for the database's migrations; its log and its check tell of it.
func (r *Relay) whenReady(ctx context.Context) {
	for ctx.Err() == nil && r.database.Check(ctx) != nil {
		r.rest(ctx, poll/10, false)
	}
}

// rest ends early when the relay is stopped or, if it may be, woken.
func (r *Relay) rest(ctx context.Context, pause time.Duration, wakeable bool) {
	wake := r.wake
	if !wakeable {
		wake = nil
	}
	over := time.NewTimer(pause)
	defer over.Stop()
	select {
	case <-over.C:
	case <-wake:
	case <-ctx.Done():
	}
}

// pass publishes a batch and tells whether there may be more.
func (r *Relay) pass(going, working context.Context) (more bool, err error) {
	waiting, err := r.lookAt(working)
	if err != nil || !waiting {
		return false, err
	}
	tx, err := r.database.Pool.Begin(working)
	if err != nil {
		return false, err
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(working)) }()
	var mine bool
	if err := tx.QueryRow(working, `SELECT pg_try_advisory_xact_lock($1)`, relayLock).Scan(&mine); err != nil || !mine {
		return false, err
	}
	list, err := waitingEvents(working, tx, batch)
	if err != nil {
		return false, err
	}
	published, sendErr := r.send(going, working, list)
	if err := r.remove(working, tx, published); err != nil {
		return false, err
	}
	return sendErr == nil && len(list) == batch, sendErr
}

// lookAt asks without a lock whether events wait, and for how long.
func (r *Relay) lookAt(ctx context.Context) (waiting bool, err error) {
	rows, err := r.database.Pool.Query(ctx, `SELECT occurred_at FROM outbox ORDER BY sequence LIMIT 1`)
	if err != nil {
		return false, err
	}
	oldest, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil || len(oldest) == 0 {
		r.oldest.Set(0)
		return false, err
	}
	r.oldest.Set(time.Since(oldest[0]).Seconds())
	return true, nil
}

// send publishes in order up to the first failure.
func (r *Relay) send(going, working context.Context, list []waitingEvent) (published []int64, err error) {
	for _, w := range list {
		if going.Err() != nil {
			return published, nil
		}
		if err := r.publisher.Send(working, w.event); err != nil {
			return published, err
		}
		published = append(published, w.sequence)
	}
	return published, nil
}

// remove takes what was published out of the outbox, also when the service
// stops. It names each: one with a lower number may have been committed since.
func (r *Relay) remove(ctx context.Context, tx pgx.Tx, published []int64) error {
	if len(published) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTimeout)
	defer cancel()
	if _, err := tx.Exec(ctx, `DELETE FROM outbox WHERE sequence = ANY($1)`, published); err != nil {
		return fmt.Errorf("remove published events: %w", err)
	}
	return tx.Commit(ctx)
}

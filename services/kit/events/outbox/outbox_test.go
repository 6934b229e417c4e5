package outbox_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/events"
	"kindling.internal/services/kit/events/eventstest"
	"kindling.internal/services/kit/events/outbox"
	"kindling.internal/services/kit/postgres"
	"kindling.internal/services/kit/postgres/postgrestest"
)

const patience = 20 * time.Second

var (
	quiet = slog.New(slog.DiscardHandler)
	// ofService are the migrations of a service that got its outbox between two others.
	ofService = fstest.MapFS{
		"00001_orders.sql": {Data: []byte("-- +goose Up\nCREATE TABLE orders (id int PRIMARY KEY);\n")},
		"00003_more.sql":   {Data: []byte("-- +goose Up\nALTER TABLE outbox ADD COLUMN note text;\n")},
	}
)

func eventually(t *testing.T, condition func() bool, message ...any) {
	t.Helper()
	require.Eventually(t, condition, patience, 2*time.Millisecond, message...)
}

func database(t *testing.T) *postgres.Database {
	t.Helper()
	opened, err := postgres.Open(t.Context(), postgrestest.Start(t), outbox.Include(ofService, 2), quiet)
	require.NoError(t, err)
	t.Cleanup(func() { _ = opened.Close(context.Background()) })
	eventually(t, func() bool { return opened.Check(t.Context()) == nil })
	return opened
}

func bus(t *testing.T, config events.Config) *events.Bus {
	t.Helper()
	opened, err := events.Open(config, events.Parts{Service: "orders", Logger: quiet, Registry: prometheus.NewRegistry()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = opened.Close(context.Background()) })
	return opened
}

func relay(t *testing.T, database *postgres.Database, publisher outbox.Publisher) *outbox.Relay {
	t.Helper()
	r := outbox.Start(database, publisher, quiet, prometheus.NewRegistry())
	t.Cleanup(func() { _ = r.Stop(context.Background()) })
	return r
}

// order makes a change with its event.
func order(ctx context.Context, tx pgx.Tx, id int) error {
	if _, err := tx.Exec(ctx, `INSERT INTO orders (id) VALUES ($1)`, id); err != nil {
		return err
	}
	event, err := events.New(ctx, "placed", id)
	if err != nil {
		return err
	}
	return outbox.Add(ctx, tx, event)
}

func place(t *testing.T, database *postgres.Database, id int) {
	t.Helper()
	require.NoError(t, pgx.BeginFunc(t.Context(), database.Pool, func(tx pgx.Tx) error { return order(t.Context(), tx, id) }))
}

func left(t *testing.T, database *postgres.Database) (count int) {
	t.Helper()
	require.NoError(t, database.Pool.QueryRow(t.Context(), `SELECT count(*) FROM outbox`).Scan(&count))
	return count
}

func payloads(stored []*jetstream.RawStreamMsg) (texts []string) {
	for _, message := range stored {
		texts = append(texts, string(message.Data))
	}
	return texts
}

func TestEventsOfCommittedChangesArePublishedInOrder(t *testing.T) {
	server, db := eventstest.Start(t, "orders"), database(t)
	changed := errors.New("changed its mind")
	place(t, db, 1)
	require.ErrorIs(t, pgx.BeginFunc(t.Context(), db.Pool, func(tx pgx.Tx) error {
		require.NoError(t, order(t.Context(), tx, 2))
		return changed
	}), changed)
	place(t, db, 3)
	place(t, db, 4)
	var id string
	var occurred time.Time
	require.NoError(t, db.Pool.QueryRow(t.Context(), `SELECT id, occurred_at FROM outbox ORDER BY sequence LIMIT 1`).Scan(&id, &occurred))

	relay(t, db, bus(t, server.Config("orders")))
	eventually(t, func() bool { return left(t, db) == 0 })
	stored := server.Stored(t)
	assert.Equal(t, []string{"1", "3", "4"}, payloads(stored))
	assert.Equal(t, id, stored[0].Header.Get("Nats-Msg-Id"))
	assert.Equal(t, occurred.UTC().Format(time.RFC3339Nano), stored[0].Header.Get("Kindling-Time"), "when it happened, not when it was published")
}

func TestReplicasPublishEachEventOnceAndInOrder(t *testing.T) {
	server, db := eventstest.Start(t, "orders"), database(t)
	var relays []*outbox.Relay
	var sent atomic.Int32
	for range 3 {
		real := bus(t, server.Config("orders"))
		relays = append(relays, relay(t, db, publisherFunc(func(ctx context.Context, event events.Event) error {
			sent.Add(1)
			return real.Send(ctx, event)
		})))
	}
	const count = 250
	for i := range count {
		place(t, db, i)
		relays[i%3].Wake()
	}
	eventually(t, func() bool { return left(t, db) == 0 })
	stored := server.Stored(t)
	require.Len(t, stored, count)
	assert.EqualValues(t, count, sent.Load(), "one replica at a time publishes")
	last := ""
	for _, message := range stored {
		id := message.Header.Get("Nats-Msg-Id") // of version 7: in the order of making
		assert.Greater(t, id, last)
		last = id
	}
}

// publisherFunc stands between a relay and the bus.
type publisherFunc func(ctx context.Context, event events.Event) error

func (f publisherFunc) Send(ctx context.Context, event events.Event) error { return f(ctx, event) }

func TestARelayThatIsKilledAfterPublishingPublishesNothingTwice(t *testing.T) {
	server, db := eventstest.Start(t, "orders"), database(t)
	real := bus(t, server.Config("orders"))
	place(t, db, 1)
	place(t, db, 2)
	var killed sync.Once
	sent := map[string]int{}
	relay(t, db, publisherFunc(func(ctx context.Context, event events.Event) error {
		if err := real.Send(ctx, event); err != nil {
			return err
		}
		sent[event.ID]++
		// To the database, a process that was killed is a connection that ended.
		killed.Do(func() {
			_, err := db.Pool.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction'`)
			assert.NoError(t, err)
		})
		return nil
	}))
	eventually(t, func() bool { return left(t, db) == 0 })
	assert.Equal(t, []string{"1", "2"}, payloads(server.Stored(t)))
	for id, times := range sent {
		assert.Equal(t, 2, times, "%s was published again with the same id", id)
	}
}

func TestAnEventThatIsCommittedLateIsNotRemovedUnpublished(t *testing.T) {
	db := database(t)
	late, err := db.Pool.Begin(t.Context())
	require.NoError(t, err)
	require.NoError(t, order(t.Context(), late, 1))
	place(t, db, 2)
	published := make(chan string, 2)
	relay(t, db, publisherFunc(func(_ context.Context, event events.Event) error {
		if string(event.Payload) == "2" {
			assert.NoError(t, late.Commit(context.Background()))
		}
		published <- string(event.Payload)
		return nil
	}))
	eventually(t, func() bool { return len(published) == 2 })
	assert.Equal(t, "2", <-published)
	assert.Equal(t, "1", <-published)
	eventually(t, func() bool { return left(t, db) == 0 })
}

func TestEventsWaitForABrokerThatIsAway(t *testing.T) {
	server, db := eventstest.Start(t, "orders"), database(t)
	config := server.Config("orders")
	config.PublishTimeout = 50 * time.Millisecond
	server.Stop()
	registry := prometheus.NewRegistry()
	r := outbox.Start(db, bus(t, config), quiet, registry)
	defer func() { require.NoError(t, r.Stop(context.Background())) }()
	place(t, db, 1)
	oldest := func() float64 {
		families, err := registry.Gather()
		require.NoError(t, err)
		return families[0].GetMetric()[0].GetGauge().GetValue()
	}
	eventually(t, func() bool { return oldest() > 0 }, "the metric tells how long it waits")
	assert.Equal(t, 1, left(t, db))
	server.Start(t)
	eventually(t, func() bool { return left(t, db) == 0 && oldest() == 0 })
	assert.Len(t, server.Stored(t), 1)
}

func TestStopLetsTheEventUnderWayBePublishedAndNoOther(t *testing.T) {
	db := database(t)
	place(t, db, 1)
	place(t, db, 2)
	begun, end := make(chan struct{}), make(chan struct{})
	r := relay(t, db, publisherFunc(func(context.Context, events.Event) error {
		close(begun)
		<-end
		return nil
	}))
	<-begun
	stopped := make(chan error, 1)
	go func() { stopped <- r.Stop(context.Background()) }()
	select {
	case err := <-stopped:
		t.Fatal("it did not wait: ", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(end)
	require.NoError(t, <-stopped)
	assert.Equal(t, 1, left(t, db))
}

func TestStopThatHasNoMoreTimeGivesUp(t *testing.T) {
	db := database(t)
	place(t, db, 1)
	begun, ended := make(chan struct{}), make(chan struct{})
	r := relay(t, db, publisherFunc(func(ctx context.Context, _ events.Event) error {
		close(begun)
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	}))
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, r.Stop(ctx), "still being published")
	<-ended
	assert.Equal(t, 1, left(t, db))
}

func TestEventThatWasNotMadeByNewIsRefused(t *testing.T) {
	require.ErrorContains(t, outbox.Add(t.Context(), nil, events.Event{Type: "placed"}), "not made by events.New")
}

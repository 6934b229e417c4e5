package events_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"kindling.internal/services/kit/events"
	"kindling.internal/services/kit/events/eventstest"
)

func TestEventsAreStoredAsTheContractOfTheStreamSays(t *testing.T) {
	server := eventstest.Start(t, "orders")
	o := open(t, server.Config("orders"), "orders")
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	event, err := events.New(trace.ContextWithSpanContext(t.Context(), parent), "placed", map[string]string{"id": "7"})
	require.NoError(t, err)
	require.NoError(t, o.Send(t.Context(), event))
	require.NoError(t, o.Send(t.Context(), event), "as after an answer that was lost")

	stored := server.Stored(t)
	require.Len(t, stored, 1, "the broker knows it by its id")
	assert.Equal(t, "events.orders.placed", stored[0].Subject)
	assert.JSONEq(t, `{"id":"7"}`, string(stored[0].Data))
	assert.Equal(t, event.ID, stored[0].Header.Get("Nats-Msg-Id"))
	assert.Equal(t, event.Time.Format(time.RFC3339Nano), stored[0].Header.Get("Kindling-Time"))
	assert.Equal(t, "application/json", stored[0].Header.Get("Content-Type"))
	assert.Equal(t, "00-01000000000000000000000000000000-0200000000000000-00", stored[0].Header.Get("traceparent"))
}

// collector remembers how often each event was handled, by payload.
type collector struct {
	mu    sync.Mutex
	times map[int]int
}

func (c *collector) handle(_ context.Context, e events.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	var number int
	if err := e.Decode(&number); err != nil {
		return err
	}
	if c.times == nil {
		c.times = map[int]int{}
	}
	c.times[number]++
	return nil
}

func (c *collector) len() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.times)
}

func TestReplicasShareTheEventsOfOthersAndGetThoseOfBeforeTheyWere(t *testing.T) {
	server := eventstest.Start(t, "orders", "mailer", "audit")
	publisher := open(t, server.Config("orders"), "orders")
	const count = 200
	for i := range count {
		require.NoError(t, publisher.Publish(t.Context(), "placed", i))
	}
	var mailer, audit collector
	for service, c := range map[string]*collector{"mailer": &mailer, "audit": &audit} {
		for range 2 {
			replica := open(t, server.Config(service), service)
			replica.Handle("events.orders.placed", c.handle)
			replica.Handle("events.catalog.>", c.handle)
			require.NoError(t, replica.Start())
		}
	}
	eventually(t, func() bool { return mailer.len() == count && audit.len() == count })
	for number, times := range mailer.times {
		assert.Equal(t, 1, times, "event %d", number)
	}
}

func TestARestartOfTheServerLosesNothing(t *testing.T) {
	server := eventstest.Start(t, "orders", "mailer")
	publisher, handling := open(t, server.Config("orders"), "orders"), open(t, server.Config("mailer"), "mailer")
	var handled collector
	handling.Handle("events.orders.*", handled.handle)
	require.NoError(t, handling.Start())

	const count = 400
	published := make(chan error, count)
	go func() {
		for i := range count {
			published <- publisher.Publish(context.Background(), "placed", i)
		}
	}()
	eventually(t, func() bool { return handled.len() > 50 })
	server.Stop()
	require.NoError(t, publisher.Check(t.Context()), "a broker that is away is no reason to send no requests")
	server.Start(t)
	for range count {
		require.NoError(t, <-published, "publishing waits for the server")
	}
	eventually(t, func() bool { return handled.len() == count }, "every event is handled")
	assert.Len(t, server.Stored(t), count, "and stored once")
}

func TestABrokerThatComesLaterIsWaitedFor(t *testing.T) {
	server := eventstest.Start(t, "orders")
	config := server.Config("orders")
	server.Stop()
	o := open(t, config, "orders")
	var handled collector
	o.Handle("events.orders.placed", handled.handle)
	require.NoError(t, o.Start())
	require.NoError(t, o.Check(t.Context()))
	hurried, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, o.Publish(hurried, "placed", 1), events.ErrUnavailable)

	server.Start(t)
	require.NoError(t, o.Publish(t.Context(), "placed", 2))
	eventually(t, func() bool { return handled.len() == 1 })
	assert.Len(t, server.Stored(t), 1, "what was refused is not stored later")
}

func TestMissingStreamSaysWhatToDoUntilItIsMade(t *testing.T) {
	server := eventstest.New("orders")
	server.Start(t)
	o := open(t, server.Config("orders"), "orders")
	eventually(t, func() bool { return o.Check(t.Context()) != nil })
	require.ErrorContains(t, o.Check(t.Context()), "no stream EVENTS for events.>: make up makes it")
	hurried, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := o.Publish(hurried, "placed", 1)
	require.ErrorIs(t, err, events.ErrUnavailable)
	require.ErrorContains(t, err, "no stream EVENTS")

	server.MakeStream(t)
	eventually(t, func() bool { return o.Check(t.Context()) == nil })
	require.NoError(t, o.Publish(t.Context(), "placed", 1))
}

func TestWrongPasswordIsToldByReadiness(t *testing.T) {
	server := eventstest.Start(t, "orders")
	config := server.Config("orders")
	config.Password = "guessed"
	o := open(t, config, "orders")
	eventually(t, func() bool { return o.Check(t.Context()) != nil })
	require.ErrorContains(t, o.Check(t.Context()), `refuses user "orders": MESSAGING_USER or MESSAGING_PASSWORD is wrong`)
	eventually(t, func() bool { return server.Connections(t) > 3 }, "the broker is asked again, for ever")
	server.Stop()
	server.ChangePasswords("guessed")
	server.Start(t)
	eventually(t, func() bool { return o.Check(t.Context()) == nil })
	require.NoError(t, o.Publish(t.Context(), "placed", 1))
}

func TestWhatAServiceHasNoRightToIsNamed(t *testing.T) {
	server := eventstest.Start(t, "orders", "catalog")
	// A service with the user of another.
	o := open(t, server.Config("orders"), "catalog")
	began := time.Now()
	err := o.Publish(t.Context(), "placed", 1)
	require.ErrorContains(t, err, `the broker refuses "events.catalog.placed" to user "orders"`)
	require.ErrorContains(t, err, "MESSAGING_USER must be the service's name")
	assert.Less(t, time.Since(began), 2*time.Second, "it does not wait for an answer that never comes")

	o.Handle("events.orders.>", func(context.Context, events.Event) error { return nil })
	require.NoError(t, o.Start())
	eventually(t, func() bool { return o.logged(`refuses \"$JS.API.CONSUMER.CREATE.EVENTS.catalog\" to user \"orders\"`) })
	assert.Empty(t, server.Stored(t))
}

func TestEventsOfAReplicaThatHasNoTimeGoToAnother(t *testing.T) {
	server := eventstest.Start(t, "orders")
	stopping, other := open(t, server.Config("orders"), "orders"), open(t, server.Config("orders"), "orders")
	begun := make(chan struct{})
	stopping.Handle("events.>", func(ctx context.Context, _ events.Event) error {
		close(begun)
		<-ctx.Done()
		return ctx.Err()
	})
	require.NoError(t, stopping.Start())
	require.NoError(t, stopping.Publish(t.Context(), "placed", 7))
	<-begun
	var handled collector
	other.Handle("events.>", handled.handle)
	require.NoError(t, other.Start())
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	require.ErrorContains(t, stopping.Close(ctx), "still being handled")
	eventually(t, func() bool { return handled.len() == 1 })
}

// victim names the variable that makes the test's program a subscriber that
// never comes to an end.
const victim = "EVENTS_TEST_VICTIM"

func TestMain(m *testing.M) {
	if settings := os.Getenv(victim); settings != "" {
		neverEnd(settings)
	}
	os.Exit(m.Run())
}

func neverEnd(settings string) {
	var config events.Config
	if err := json.Unmarshal([]byte(settings), &config); err != nil {
		panic(err)
	}
	bus, err := events.Open(config, events.Parts{Service: "orders", Logger: slog.New(slog.DiscardHandler), Registry: prometheus.NewRegistry()})
	if err != nil {
		panic(err)
	}
	bus.Handle("events.>", func(context.Context, events.Event) error {
		fmt.Println("has it")
		select {}
	})
	if err := bus.Start(); err != nil {
		panic(err)
	}
	select {}
}

func TestEventOfASubscriberThatWasKilledComesAgain(t *testing.T) {
	t.Parallel()
	server := eventstest.Start(t, "orders")
	config := server.Config("orders")
	config.HandleTimeout = 100 * time.Millisecond
	survivor := open(t, config, "orders")
	require.NoError(t, survivor.Publish(t.Context(), "placed", 7))

	settings, err := json.Marshal(config)
	require.NoError(t, err)
	killed := exec.Command(os.Args[0])
	killed.Env = append(os.Environ(), victim+"="+string(settings))
	output, err := killed.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, killed.Start())
	line, err := bufio.NewReader(output).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "has it\n", line)
	require.NoError(t, killed.Process.Kill())
	require.Error(t, killed.Wait())

	var handled collector
	survivor.Handle("events.>", handled.handle)
	require.NoError(t, survivor.Start())
	eventually(t, func() bool { return handled.len() == 1 })
}

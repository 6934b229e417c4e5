package events_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"kindling.internal/services/kit/events"
	"kindling.internal/services/kit/events/eventstest"
)

const patience = 20 * time.Second

// alone are the settings of a service without a broker.
func alone() events.Config {
	config := eventstest.New().Config("orders")
	config.URL = ""
	return config
}

type opened struct {
	*events.Bus
	registry *prometheus.Registry
	log      *lockedBuffer
}

// open makes the bus of a service, which is closed when the test ends.
func open(t *testing.T, config events.Config, service string) opened {
	t.Helper()
	o := opened{registry: prometheus.NewRegistry(), log: &lockedBuffer{}}
	var err error
	o.Bus, err = events.Open(config, events.Parts{
		Service: service, Registry: o.registry,
		Logger: slog.New(slog.NewTextHandler(o.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	})
	require.NoError(t, err)
	t.Cleanup(func() { _ = o.Close(context.Background()) })
	return o
}

type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}

func eventually(t *testing.T, condition func() bool, message ...any) {
	t.Helper()
	require.Eventually(t, condition, patience, 2*time.Millisecond, message...)
}

// counted returns the value of a counter of the bus by the labels' values.
func (o opened) counted(t *testing.T, name string, labels ...string) float64 {
	t.Helper()
	families, err := o.registry.Gather()
	require.NoError(t, err)
	for _, family := range families {
		for _, metric := range family.GetMetric() {
			var values []string
			for _, label := range metric.GetLabel() {
				values = append(values, label.GetValue())
			}
			if family.GetName() == name && assert.ObjectsAreEqual(labels, values) {
				return metric.GetCounter().GetValue()
			}
		}
	}
	return -1
}

// Both brokers do what services rely on.
func TestBus(t *testing.T) {
	for name, settings := range map[string]func(t *testing.T) events.Config{
		"in the process": func(*testing.T) events.Config { return alone() },
		"through NATS":   func(t *testing.T) events.Config { return eventstest.Start(t, "orders").Config("orders") },
	} {
		t.Run(name, func(t *testing.T) {
			for what, test := range map[string]func(*testing.T, opened){
				"hands each event to the handler that its subject fits": filters,
				"tries again after an error and after a panic":          triesAgain,
				"parks what fails too often, and goes on":               parksPoison,
				"parks at once what is rejected":                        parksRejected,
				"handles no more at once than it may":                   boundsConcurrency,
				"lets handlers end when it closes":                      letsHandlersEnd,
				"ends handlers when there is no more time":              endsHandlers,
				"publishes until it is closed":                          publishesWhenStopped,
				"continues the trace of the publisher":                  continuesTrace,
			} {
				t.Run(what, func(t *testing.T) { test(t, open(t, settings(t), "orders")) })
			}
		})
	}
}

func filters(t *testing.T, o opened) {
	placed, returned := make(chan events.Event, 1), make(chan events.Event, 2)
	o.Handle("events.orders.placed", func(_ context.Context, e events.Event) error { placed <- e; return nil })
	o.Handle("events.*.returned.>", func(_ context.Context, e events.Event) error { returned <- e; return nil })
	require.NoError(t, o.Start())
	require.NoError(t, o.Publish(t.Context(), "ignored", 0))
	require.NoError(t, o.Publish(t.Context(), "placed", map[string]int{"lines": 2}))
	require.NoError(t, o.Publish(t.Context(), "returned.in-part", 1))

	got := <-placed
	assert.Equal(t, "orders", got.Service)
	assert.Equal(t, "placed", got.Type)
	assert.JSONEq(t, `{"lines":2}`, string(got.Payload))
	assert.WithinDuration(t, time.Now(), got.Time, patience)
	assert.Equal(t, "returned.in-part", (<-returned).Type)
	eventually(t, func() bool { return o.counted(t, "events_handled_total", "events.orders.placed", "done") == 1 })
	assert.EqualValues(t, 1, o.counted(t, "events_published_total", "done", "ignored"))
}

func triesAgain(t *testing.T, o opened) {
	tries := make(chan events.Event, 10)
	var tried atomic.Int32
	o.Handle("events.>", func(_ context.Context, e events.Event) error {
		tries <- e
		switch tried.Add(1) {
		case 1:
			return errors.New("out of paper")
		case 2:
			panic("nil map")
		}
		return nil
	})
	require.NoError(t, o.Start())
	require.NoError(t, o.Publish(t.Context(), "placed", 1))
	first, second, third := <-tries, <-tries, <-tries
	assert.Equal(t, first, second)
	assert.Equal(t, first, third)
	eventually(t, func() bool { return o.counted(t, "events_handled_total", "events.>", "done") == 1 })
	assert.EqualValues(t, 2, o.counted(t, "events_handled_total", "events.>", "failed"))
	assert.EqualValues(t, 0, o.counted(t, "events_parked_total", "events.>"))
	assert.Contains(t, o.log.String(), "handler panicked: nil map")
}

func parksPoison(t *testing.T, o opened) {
	var tried atomic.Int32
	handled := make(chan struct{}, 1)
	o.Handle("events.orders.*", func(_ context.Context, e events.Event) error {
		if e.Type == "poison" {
			tried.Add(1)
			return errors.New("cannot be read")
		}
		handled <- struct{}{}
		return nil
	})
	require.NoError(t, o.Start())
	require.NoError(t, o.Publish(t.Context(), "poison", 1))
	eventually(t, func() bool { return o.counted(t, "events_parked_total", "events.orders.*") == 1 })
	require.NoError(t, o.Publish(t.Context(), "placed", 1))
	<-handled
	assert.EqualValues(t, 5, tried.Load(), "as often as MaxDeliveries says")
	log := o.log.String()
	assert.Contains(t, log, `level=ERROR msg="event parked`)
	assert.Contains(t, log, "subject=events.orders.poison")
	assert.Contains(t, log, "sequence=1 attempt=5")
	assert.Contains(t, log, `error="cannot be read"`)
}

func parksRejected(t *testing.T, o opened) {
	var tried atomic.Int32
	o.Handle("events.orders.*", func(_ context.Context, e events.Event) error {
		tried.Add(1)
		var order struct{ Lines int }
		return e.Decode(&order)
	})
	require.NoError(t, o.Start())
	require.NoError(t, o.Publish(t.Context(), "placed", "no object"))
	eventually(t, func() bool { return o.counted(t, "events_parked_total", "events.orders.*") == 1 })
	assert.EqualValues(t, 1, tried.Load())
}

func boundsConcurrency(t *testing.T, o opened) {
	var now, most atomic.Int32
	begun, end := make(chan struct{}, 12), make(chan struct{})
	o.Handle("events.>", func(context.Context, events.Event) error {
		most.Store(max(most.Load(), now.Add(1)))
		begun <- struct{}{}
		<-end
		now.Add(-1)
		return nil
	})
	require.NoError(t, o.Start())
	for range 12 {
		require.NoError(t, o.Publish(t.Context(), "placed", 1))
	}
	for range 4 {
		<-begun
	}
	select {
	case <-begun:
		t.Fatal("a fifth is handled beside four")
	case <-time.After(50 * time.Millisecond):
	}
	close(end)
	eventually(t, func() bool { return o.counted(t, "events_handled_total", "events.>", "done") == 12 })
	assert.EqualValues(t, 4, most.Load())
}

func letsHandlersEnd(t *testing.T, o opened) {
	begun, end := make(chan struct{}), make(chan struct{})
	o.Handle("events.>", func(ctx context.Context, _ events.Event) error {
		close(begun)
		<-end
		return ctx.Err()
	})
	require.NoError(t, o.Start())
	require.NoError(t, o.Publish(t.Context(), "placed", 1))
	<-begun
	closed := make(chan error, 1)
	go func() { closed <- o.Close(context.Background()) }()
	select {
	case err := <-closed:
		t.Fatal("it did not wait for the handler: ", err)
	case <-time.After(20 * time.Millisecond):
	}
	close(end)
	require.NoError(t, <-closed)
	assert.EqualValues(t, 1, o.counted(t, "events_handled_total", "events.>", "done"))
}

func endsHandlers(t *testing.T, o opened) {
	begun, ended := make(chan struct{}), make(chan struct{})
	o.Handle("events.>", func(ctx context.Context, _ events.Event) error {
		close(begun)
		<-ctx.Done()
		close(ended)
		return ctx.Err()
	})
	require.NoError(t, o.Start())
	require.NoError(t, o.Publish(t.Context(), "placed", 1))
	<-begun
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, o.Close(ctx), "still being handled")
	<-ended
}

func publishesWhenStopped(t *testing.T, o opened) {
	o.Handle("events.>", func(context.Context, events.Event) error { return nil })
	require.NoError(t, o.Start())
	require.NoError(t, o.Stop(t.Context()))
	require.NoError(t, o.Publish(t.Context(), "placed", 1), "as what is stopped after the handlers may still do")
	require.NoError(t, o.Close(t.Context()))
}

func continuesTrace(t *testing.T, o opened) {
	traces := make(chan trace.SpanContext, 1)
	o.Handle("events.>", func(ctx context.Context, _ events.Event) error {
		traces <- trace.SpanContextFromContext(ctx)
		return nil
	})
	require.NoError(t, o.Start())
	parent := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: trace.FlagsSampled})
	require.NoError(t, o.Publish(trace.ContextWithSpanContext(t.Context(), parent), "placed", 1))
	got := <-traces
	assert.Equal(t, parent.TraceID(), got.TraceID())
	assert.True(t, got.IsSampled())
}

func TestMistakesOfTheServiceAreRefusedBeforeAnEventIsTaken(t *testing.T) {
	o := open(t, alone(), "orders")
	for kind, want := range map[string]string{"": "is no type", "Placed": "is no type", "a..b": "is no type", "a.*": "is no type"} {
		require.ErrorContains(t, o.Publish(t.Context(), kind, 1), want)
	}
	require.ErrorContains(t, o.Publish(t.Context(), "placed", make(chan int)), "payload of placed")
	require.ErrorContains(t, o.Publish(t.Context(), "placed", bytes.Repeat([]byte("a"), events.MaxPayload)), "publish where it can be read instead")

	nothing := func(context.Context, events.Event) error { return nil }
	o.Handle("orders.placed", nothing)
	require.ErrorContains(t, o.Start(), `"orders.placed" is no filter`)

	o = open(t, alone(), "orders")
	o.Handle("events.*.placed", nothing)
	o.Handle("events.orders.>", nothing)
	require.ErrorContains(t, o.Start(), "each event has one handler")
}

func TestAloneEventsThatWaitAreBounded(t *testing.T) {
	o := open(t, alone(), "orders")
	end := make(chan struct{})
	o.Handle("events.>", func(context.Context, events.Event) error { <-end; return nil })
	require.NoError(t, o.Start())
	for range 1024 {
		require.NoError(t, o.Publish(t.Context(), "placed", 1))
	}
	require.ErrorIs(t, o.Publish(t.Context(), "placed", 1), events.ErrUnavailable)
	close(end)
	require.NoError(t, o.Close(t.Context()))
	assert.EqualValues(t, 1024, o.counted(t, "events_handled_total", "events.>", "done"), "what waits is handled before the end")
}

func (o opened) logged(text string) bool { return strings.Contains(o.log.String(), text) }

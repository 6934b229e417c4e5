package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// setUp runs the program and returns what it says.
func setUp(t *testing.T, environment func(string) string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, run(t.Context(), environment, &out))
	return strings.TrimSpace(out.String())
}

func TestTheStreamIsMadeAndFoundAsItShouldBe(t *testing.T) {
	b := newBroker(t, "messaging-0", "catalog")
	b.start(t)
	assert.Equal(t, "stream EVENTS: made", setUp(t, b.environment(describe(1, 168))))
	assert.Equal(t, "stream EVENTS: as it should be", setUp(t, b.environment(describe(1, 168))))

	_, js, _ := b.as(t, "catalog")
	stream, err := js.Stream(t.Context(), "EVENTS")
	require.NoError(t, err)
	config := stream.CachedInfo().Config
	assert.Equal(t, []string{"events.>"}, config.Subjects)
	assert.Equal(t, jetstream.FileStorage, config.Storage)
	assert.Equal(t, 7*24*time.Hour, config.MaxAge)
	assert.Equal(t, int64(715827882), config.MaxBytes)
	assert.Equal(t, 2*time.Minute, config.Duplicates)
	assert.Equal(t, jetstream.DiscardOld, config.Discard)
}

func TestAStreamThatIsOtherwiseIsCorrectedAndKeepsItsEvents(t *testing.T) {
	b := newBroker(t, "messaging-0", "catalog")
	b.start(t)
	setUp(t, b.environment(describe(1, 168)))
	_, js, _ := b.as(t, "catalog")
	_, err := js.Publish(t.Context(), "events.catalog.added", []byte("{}"))
	require.NoError(t, err)

	assert.Equal(t, "stream EVENTS: corrected", setUp(t, b.environment(describe(1, 24))))
	stream, err := js.Stream(t.Context(), "EVENTS")
	require.NoError(t, err)
	assert.Equal(t, 24*time.Hour, stream.CachedInfo().Config.MaxAge)
	assert.Equal(t, uint64(1), stream.CachedInfo().State.Msgs)
}

func TestASetupWaitsForAServer(t *testing.T) {
	b := newBroker(t, "messaging-0")
	b.start(t)
	address := b.ClientURL()
	b.stop()

	done := make(chan error, 1)
	go func() { done <- run(t.Context(), environmentOf(address, describe(1, 168)), &bytes.Buffer{}) }()
	select {
	case err := <-done:
		t.Fatalf("it did not wait: %v", err)
	case <-time.After(2 * pause):
	}
	b.listenOn(t, port(t, address))
	require.NoError(t, <-done)
}

func TestASetupThatIsRefusedSaysSoAtOnce(t *testing.T) {
	b := newBroker(t, "messaging-0")
	b.start(t)
	environment := b.environment(describe(1, 168))
	wrong := func(name string) string {
		if name == "MESSAGING_PASSWORD" {
			return "another"
		}
		return environment(name)
	}
	began := time.Now()
	err := run(t.Context(), wrong, &bytes.Buffer{})
	require.ErrorContains(t, err, "refuses the user _setup")
	assert.NotContains(t, err.Error(), "another", "no password is told")
	assert.Less(t, time.Since(began), 10*time.Second)
}

func TestAStreamThatTheServersHaveNoRoomForIsAFailure(t *testing.T) {
	b := newBroker(t, "messaging-0")
	b.start(t)
	large := strings.Replace(describe(1, 168), "715827882", "966367642", 1)
	environment := b.environment(large)
	short := func(name string) string {
		if name == "WAIT_SECONDS" {
			return "2"
		}
		return environment(name)
	}
	require.ErrorContains(t, run(t.Context(), short, &bytes.Buffer{}), "stream EVENTS could not be made in time: ")
}

func TestASetupWithoutAServerGivesUp(t *testing.T) {
	environment := environmentOf("nats://127.0.0.1:1", describe(1, 168))
	short := func(name string) string {
		if name == "WAIT_SECONDS" {
			return "1"
		}
		return environment(name)
	}
	require.ErrorContains(t, run(t.Context(), short, &bytes.Buffer{}), "nats://127.0.0.1:1 did not accept connections within 1s")
}

func TestOptionsThatMeanNothingAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ variable, value, want string }{
		"no URL":        {"MESSAGING_URL", "", "MESSAGING_URL is not set"},
		"no user":       {"MESSAGING_USER", "", "MESSAGING_USER is not set"},
		"no password":   {"MESSAGING_PASSWORD", "", "MESSAGING_PASSWORD is not set"},
		"no time":       {"WAIT_SECONDS", "soon", `WAIT_SECONDS is "soon"`},
		"no stream":     {"STREAM", "", "STREAM describes no stream"},
		"another key":   {"STREAM", `{"name":"EVENTS","colour":"red"}`, `unknown field "colour"`},
		"half a stream": {"STREAM", `{"name":"EVENTS"}`, "STREAM needs name, subjects"},
	} {
		t.Run(name, func(t *testing.T) {
			environment := environmentOf("nats://127.0.0.1:1", describe(1, 168))
			err := run(t.Context(), func(variable string) string {
				if variable == c.variable {
					return c.value
				}
				return environment(variable)
			}, &bytes.Buffer{})
			require.ErrorContains(t, err, c.want)
		})
	}
}

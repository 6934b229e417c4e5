package main

import (
	"bytes"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// freePorts are ports of this machine that nobody listens on.
func freePorts(t *testing.T, count int) []int {
	t.Helper()
	var ports []int
	for range count {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		defer listener.Close()
		ports = append(ports, listener.Addr().(*net.TCPAddr).Port)
	}
	return ports
}

// three are the configurations of servers that find each other.
func three(t *testing.T) []*broker {
	t.Helper()
	ports := freePorts(t, 3)
	routes := fmt.Sprintf(`["nats://127.0.0.1:%d","nats://127.0.0.1:%d","nats://127.0.0.1:%d"]`, ports[0], ports[1], ports[2])
	var brokers []*broker
	for i, port := range ports {
		b := newBroker(t, fmt.Sprintf("messaging-%d", i), "catalog")
		put(t, filepath.Join(b.dir, "cluster.conf"), fill(t, "cluster.conf", "name", "messaging", "routes", routes))
		b.route = port
		brokers = append(brokers, b)
	}
	return brokers
}

func TestThreeServersKeepAnEventThatOneOfThemTookAway(t *testing.T) {
	brokers := three(t)
	brokers[0].start(t)
	made := make(chan error, 1)
	var said bytes.Buffer
	go func() { made <- run(t.Context(), brokers[0].environment(describe(3, 168)), &said) }()
	for _, b := range brokers[1:] { // a Job is there before all servers are
		b.start(t)
	}
	require.NoError(t, <-made)
	assert.Equal(t, "stream EVENTS: made\n", said.String())

	_, js, _ := brokers[0].as(t, "catalog")
	_, err := js.Publish(t.Context(), "events.catalog.added", []byte("{}"))
	require.NoError(t, err)
	stream, err := js.Stream(t.Context(), "EVENTS")
	require.NoError(t, err)
	assert.Equal(t, 3, stream.CachedInfo().Config.Replicas)

	leader := stream.CachedInfo().Cluster.Leader
	var left *broker
	for _, b := range brokers {
		if b.name == leader {
			b.stop()
		} else {
			left = b
		}
	}
	_, js, _ = left.as(t, "catalog")
	require.Eventually(t, func() bool { return received(t, js) }, 40*time.Second, 200*time.Millisecond, "two servers must go on with what three had")
}

func received(t *testing.T, js jetstream.JetStream) bool {
	t.Helper()
	own, err := js.CreateOrUpdateConsumer(t.Context(), "EVENTS", consumer("catalog"))
	if err != nil {
		return false
	}
	message, err := own.Next(jetstream.FetchMaxWait(2 * time.Second))
	return err == nil && string(message.Data()) == "{}"
}

func TestASetupGivesUpOnServersThatStayAway(t *testing.T) {
	b := three(t)[0]
	b.start(t)
	environment := b.environment(describe(3, 168))
	err := run(t.Context(), func(name string) string {
		if name == "WAIT_SECONDS" {
			return "3"
		}
		return environment(name)
	}, &bytes.Buffer{})
	require.ErrorContains(t, err, "stream EVENTS could not be made in time")
}

package main

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// shop is a server with a stream and two clients.
func shop(t *testing.T) *broker {
	t.Helper()
	b := newBroker(t, "messaging-0", "catalog", "stock-keeper")
	b.start(t)
	setUp(t, b.environment(describe(1, 168)))
	return b
}

func TestAServicePublishesOnItsOwnSubjectsOnly(t *testing.T) {
	b := shop(t)
	connection, js, refusals := b.as(t, "catalog")
	_, err := js.Publish(t.Context(), "events.catalog.added", []byte("{}"))
	require.NoError(t, err)
	for _, subject := range []string{"events.stock-keeper.sold", "events.catalogue.added", "events.catalog", "other", "$JS.API.STREAM.DELETE.EVENTS",
		"$JS.API.STREAM.PURGE.EVENTS", "$JS.API.STREAM.CREATE.MINE", "$JS.API.CONSUMER.DELETE.EVENTS.stock-keeper", "$JS.ACK.EVENTS.stock-keeper.1.1.1.1.1", "_INBOX_stock-keeper.x"} {
		require.NoError(t, connection.Publish(subject, []byte("{}")))
		assertRefused(t, refusals, subject)
	}
	stream, err := js.Stream(t.Context(), "EVENTS")
	require.NoError(t, err)
	assert.Equal(t, uint64(1), stream.CachedInfo().State.Msgs)
}

func assertRefused(t *testing.T, refusals <-chan error, what string) {
	t.Helper()
	select {
	case err := <-refusals:
		require.ErrorIs(t, err, nats.ErrPermissionViolation, what)
		assert.ErrorContains(t, err, what)
	case <-time.After(5 * time.Second):
		t.Fatalf("%s was not refused", what)
	}
}

func TestAServiceReadsEverybodysEventsByItsOwnConsumer(t *testing.T) {
	b := shop(t)
	_, catalog, _ := b.as(t, "catalog")
	_, keeper, _ := b.as(t, "stock-keeper")
	for _, filters := range [][]string{{"events.catalog.added"}, {"events.catalog.added", "events.stock-keeper.>"}, nil} {
		_, err := keeper.CreateOrUpdateConsumer(t.Context(), "EVENTS", consumer("stock-keeper", filters...))
		require.NoError(t, err, "filters %v", filters)
	}
	_, err := catalog.Publish(t.Context(), "events.catalog.added", []byte(`{"id":1}`))
	require.NoError(t, err)
	own, err := keeper.Consumer(t.Context(), "EVENTS", "stock-keeper")
	require.NoError(t, err)
	message, err := own.Next(jetstream.FetchMaxWait(5 * time.Second))
	require.NoError(t, err)
	assert.JSONEq(t, `{"id":1}`, string(message.Data()))
	require.NoError(t, message.DoubleAck(t.Context()))
	info, err := own.Info(t.Context())
	require.NoError(t, err)
	assert.Zero(t, info.NumAckPending)
}

func consumer(name string, filters ...string) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{Durable: name, AckPolicy: jetstream.AckExplicitPolicy, MaxDeliver: 5, AckWait: 30 * time.Second, FilterSubjects: filters}
}

func TestAServiceHasNoOtherConsumerThanItsOwn(t *testing.T) {
	b := shop(t)
	_, keeper, _ := b.as(t, "stock-keeper")
	_, err := keeper.CreateOrUpdateConsumer(t.Context(), "EVENTS", consumer("stock-keeper"))
	require.NoError(t, err)
	connection, catalog, refusals := b.as(t, "catalog")
	for _, name := range []string{"stock-keeper", "catalog-2", "catalogue"} {
		_, err := catalog.CreateOrUpdateConsumer(t.Context(), "EVENTS", consumer(name))
		require.Error(t, err, name)
		assertRefused(t, refusals, "$JS.API.CONSUMER.CREATE.EVENTS."+name)
	}
	require.NoError(t, connection.PublishRequest("$JS.API.CONSUMER.MSG.NEXT.EVENTS.stock-keeper", connection.NewRespInbox(), []byte("1")))
	assertRefused(t, refusals, "$JS.API.CONSUMER.MSG.NEXT.EVENTS.stock-keeper")
}

// A consumer of the old kind, to which the server sends events where it is told: not even so does a
// service speak to the server, or on another's subject.
func TestAConsumerIsNoWayAroundTheRights(t *testing.T) {
	for _, target := range []string{"$JS.API.STREAM.DELETE.EVENTS", "$JS.API.CONSUMER.DELETE.EVENTS.stock-keeper", "events.stock-keeper.sold"} {
		b := shop(t)
		_, keeper, _ := b.as(t, "stock-keeper")
		_, err := keeper.CreateOrUpdateConsumer(t.Context(), "EVENTS", consumer("stock-keeper"))
		require.NoError(t, err)
		connection, catalog, _ := b.as(t, "catalog")
		_, err = catalog.Publish(t.Context(), "events.catalog.added", nil)
		require.NoError(t, err)
		request := fmt.Sprintf(`{"stream_name":"EVENTS","config":{"name":"catalog","durable_name":"catalog","deliver_subject":%q,"ack_policy":"none"}}`, target)
		_, err = connection.Request("$JS.API.CONSUMER.CREATE.EVENTS.catalog", []byte(request), 5*time.Second)
		require.NoError(t, err)
		assert.Never(t, func() bool {
			stream, err := keeper.Stream(t.Context(), "EVENTS")
			if err != nil || stream.CachedInfo().State.Msgs != 1 {
				return true
			}
			_, err = keeper.Consumer(t.Context(), "EVENTS", "stock-keeper")
			return err != nil
		}, time.Second, 100*time.Millisecond, target)
	}
}

func TestAServiceHearsNothingBesideItsConsumer(t *testing.T) {
	b := shop(t)
	connection, _, refusals := b.as(t, "catalog")
	for _, subject := range []string{"events.>", "events.stock-keeper.sold", "_INBOX_stock-keeper.>", ">", "$JS.API.>"} {
		_, err := connection.SubscribeSync(subject)
		require.NoError(t, err)
		assertRefused(t, refusals, subject)
	}
}

func TestNobodyConnectsWithoutAPassword(t *testing.T) {
	b := shop(t)
	for name, option := range map[string]nats.Option{
		"nobody":             func(*nats.Options) error { return nil },
		"another's password": nats.UserInfo("catalog", password("stock-keeper")),
		"a stranger":         nats.UserInfo("stranger", password("stranger")),
	} {
		_, err := nats.Connect(b.ClientURL(), option)
		require.ErrorIs(t, err, nats.ErrAuthorization, name)
	}
}

func TestAnEventWithTheSameIdIsKeptOnce(t *testing.T) {
	b := shop(t)
	_, js, _ := b.as(t, "catalog")
	for range 2 {
		_, err := js.Publish(t.Context(), "events.catalog.added", []byte("{}"), jetstream.WithMsgID("one"))
		require.NoError(t, err)
	}
	stream, err := js.Stream(t.Context(), "EVENTS")
	require.NoError(t, err)
	assert.Equal(t, uint64(1), stream.CachedInfo().State.Msgs)
}

// A new service's pod may be there before the servers have restarted: as the README of modules/messaging
// tells clients, it gets in when they know it.
func TestAClientThatIsThereBeforeTheServersKnowItGetsIn(t *testing.T) {
	b := shop(t)
	address := b.ClientURL()
	connection, err := nats.Connect(address, nats.UserInfo("newcomer", password("newcomer")), nats.CustomInboxPrefix("_INBOX_newcomer"),
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(), nats.ReconnectWait(50*time.Millisecond))
	require.NoError(t, err)
	t.Cleanup(connection.Close)
	// nats.go closes the connection after the second refusal, unless it is told not to.
	require.Never(t, connection.IsClosed, time.Second, 50*time.Millisecond)
	require.ErrorIs(t, connection.LastError(), nats.ErrAuthorization)
	b.stop()
	configure(t, b.dir, "catalog", "newcomer", "stock-keeper")
	b.listenOn(t, port(t, address))
	require.Eventually(t, connection.IsConnected, 10*time.Second, 50*time.Millisecond)
	js, err := jetstream.New(connection)
	require.NoError(t, err)
	_, err = js.Publish(t.Context(), "events.newcomer.arrived", nil)
	require.NoError(t, err)
}

// The platform's own user makes the stream, and neither reads events nor takes them away.
func TestTheSetupTakesNothingAway(t *testing.T) {
	b := shop(t)
	connection, _, refusals := b.as(t, "_setup")
	for _, subject := range []string{"events.catalog.added", "$JS.API.STREAM.DELETE.EVENTS", "$JS.API.STREAM.PURGE.EVENTS", "$JS.API.STREAM.MSG.DELETE.EVENTS"} {
		require.NoError(t, connection.Publish(subject, nil))
		assertRefused(t, refusals, subject)
	}
}

func TestAnAcknowledgedEventOutlivesAServerThatANewClientRestarts(t *testing.T) {
	b := shop(t)
	_, js, _ := b.as(t, "catalog")
	_, err := js.CreateOrUpdateConsumer(t.Context(), "EVENTS", consumer("catalog"))
	require.NoError(t, err)
	address := b.ClientURL()
	published, restarted := 0, make(chan struct{})
	for published < 20 {
		if published == 10 {
			go func() {
				defer close(restarted)
				b.stop()
				configure(t, b.dir, "catalog", "newcomer", "stock-keeper")
				b.listenOn(t, port(t, address))
			}()
			<-restarted
		}
		if _, err := js.Publish(t.Context(), "events.catalog.added", []byte("{}")); err == nil {
			published++
		} else if !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, nats.ErrTimeout) && !errors.Is(err, nats.ErrNoResponders) && !errors.Is(err, jetstream.ErrNoStreamResponse) {
			require.NoError(t, err)
		}
	}
	_, newcomer, _ := b.as(t, "newcomer")
	_, err = newcomer.Publish(t.Context(), "events.newcomer.arrived", []byte("{}"))
	require.NoError(t, err)

	own, err := js.Consumer(t.Context(), "EVENTS", "catalog")
	require.NoError(t, err)
	batch, err := own.Fetch(21, jetstream.FetchMaxWait(5*time.Second))
	require.NoError(t, err)
	count := 0
	for range batch.Messages() {
		count++
	}
	assert.Equal(t, 21, count, "all events are there, those from before the restart too")
}

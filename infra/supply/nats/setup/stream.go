package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// pause is how long to wait between two tries: servers tell nobody when they begin to serve.
const pause = 500 * time.Millisecond

// connect waits for a server. A user that it refuses stays refused: waiting would only hide it.
func connect(ctx context.Context, o options) (*nats.Conn, error) {
	for {
		connection, err := nats.Connect(o.url, nats.Name("messaging-setup"), nats.UserInfo(o.user, o.password),
			nats.CustomInboxPrefix("_INBOX_"+o.user), nats.MaxReconnects(-1))
		if err == nil {
			return connection, nil
		}
		if errors.Is(err, nats.ErrAuthorization) {
			return nil, fmt.Errorf("%s refuses the user %s: %w", o.url, o.user, err)
		}
		if again(ctx) != nil {
			return nil, fmt.Errorf("%s did not accept connections within %s: %w", o.url, o.wait, err)
		}
	}
}

// ensure makes the stream, or corrects it, and says which. It waits for servers that have not found
// each other yet.
func ensure(ctx context.Context, connection *nats.Conn, want jetstream.StreamConfig) (done string, err error) {
	js, err := jetstream.New(connection)
	if err != nil {
		return "", err
	}
	for {
		done, err = try(ctx, js, want)
		if err == nil || final(err) {
			return done, err
		}
		if again(ctx) != nil {
			return "", fmt.Errorf("stream %s could not be made in time: %w", want.Name, err)
		}
	}
}

func try(ctx context.Context, js jetstream.JetStream, want jetstream.StreamConfig) (done string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	stream, err := js.Stream(ctx, want.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		_, err = js.CreateStream(ctx, want)
		return "made", err
	}
	if err != nil {
		return "", err
	}
	if same(stream.CachedInfo().Config, want) {
		return "as it should be", nil
	}
	_, err = js.UpdateStream(ctx, want)
	return "corrected", err
}

// same tells whether an update would change nothing of what is described.
func same(have, want jetstream.StreamConfig) bool {
	return slices.Equal(have.Subjects, want.Subjects) &&
		have.Replicas == want.Replicas && have.Storage == want.Storage && have.Retention == want.Retention &&
		have.Discard == want.Discard && have.MaxAge == want.MaxAge && have.MaxBytes == want.MaxBytes &&
		have.Duplicates == want.Duplicates && have.DenyDelete == want.DenyDelete && have.DenyPurge == want.DenyPurge
}

// noPeers is the server's code for replicas that have no server to be on. It counts as a bad request,
// but servers that have not joined yet may come.
const noPeers jetstream.ErrorCode = 10005

// final tells whether trying again cannot help: the server understood, and refuses.
func final(err error) bool {
	var refused *jetstream.APIError
	return errors.As(err, &refused) && refused.Code == 400 && refused.ErrorCode != noPeers
}

// again waits for the next try, or returns why there is none.
func again(ctx context.Context) error {
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(pause):
		return nil
	}
}

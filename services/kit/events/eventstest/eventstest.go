// Package eventstest starts a real NATS server for a test, with the stream and
// the rights that the platform gives services.
package eventstest

import (
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/events"
)

const (
	// Stream is the name of the stream.
	Stream = "EVENTS"

	admin    = "admin" // may do everything
	password = "secret"
	// startLimit bounds the wait for a server that was started.
	startLimit = 10 * time.Second
	// duplicates is how long the stream remembers the IDs of events.
	duplicates = 2 * time.Minute
)

// Server is a NATS server whose users are services.
type Server struct {
	options server.Options
	process *server.Server
}

// New prepares a server on a free port without starting it.
func New(services ...string) *Server {
	users := []*server.User{{Username: admin, Password: password}}
	for _, service := range services {
		users = append(users, &server.User{Username: service, Password: password, Permissions: rightsOf(service)})
	}
	return &Server{options: server.Options{
		Host: "127.0.0.1", Port: server.RANDOM_PORT, JetStream: true, Users: users, NoLog: true, NoSigs: true,
	}}
}

// rightsOf are those that the platform's messaging module gives a service.
func rightsOf(service string) *server.Permissions {
	return &server.Permissions{
		Publish: &server.SubjectPermission{Allow: []string{
			"events." + service + ".>",
			"$JS.API.STREAM.INFO." + Stream,
			"$JS.API.CONSUMER.CREATE." + Stream + "." + service,
			"$JS.API.CONSUMER.CREATE." + Stream + "." + service + ".>",
			"$JS.API.CONSUMER.INFO." + Stream + "." + service,
			"$JS.API.CONSUMER.MSG.NEXT." + Stream + "." + service,
			"$JS.ACK." + Stream + "." + service + ".>",
		}},
		Subscribe: &server.SubjectPermission{Allow: []string{"_INBOX_" + service + ".>"}},
	}
}

// Start returns a server with the stream that runs until the test ends.
func Start(t testing.TB, services ...string) *Server {
	t.Helper()
	s := New(services...)
	s.Start(t)
	s.MakeStream(t)
	return s
}

// Start starts the server, on the port that it had before, with what it had
// stored.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	if s.options.StoreDir == "" {
		s.options.StoreDir = t.TempDir()
		t.Cleanup(s.Stop)
	}
	options := s.options // the server changes its own
	process, err := server.NewServer(&options)
	require.NoError(t, err)
	process.Start()
	require.True(t, process.ReadyForConnections(startLimit), "the NATS server did not answer")
	s.process, s.options.Port = process, options.Port
}

// Stop ends the server. Stopping one that does not run does nothing.
func (s *Server) Stop() {
	if s.process == nil {
		return
	}
	s.process.Shutdown()
	s.process.WaitForShutdown()
	s.process = nil
}

// ChangePasswords gives services another password from the next start on.
func (s *Server) ChangePasswords(to string) {
	for _, user := range s.options.Users {
		if user.Username != admin {
			user.Password = to
		}
	}
}

// Config returns the settings of a service.
func (s *Server) Config(service string) events.Config {
	address := "nats://127.0.0.1:4222"
	if s.process != nil {
		address = s.process.ClientURL()
	}
	return events.Config{
		URL: address, User: service, Password: password, Stream: Stream,
		PublishTimeout: 10 * time.Second, Concurrency: 4, HandleTimeout: 5 * time.Second,
		RetryDelay: time.Millisecond, MaxDeliveries: 5,
	}
}

// Connections returns how many were made since the start, taken or refused.
func (s *Server) Connections(t testing.TB) uint64 {
	t.Helper()
	seen, err := s.process.Varz(nil)
	require.NoError(t, err)
	return seen.TotalConnections
}

// MakeStream makes the stream as the platform does.
func (s *Server) MakeStream(t testing.TB) {
	t.Helper()
	_, err := s.JetStream(t).CreateStream(t.Context(), jetstream.StreamConfig{
		Name: Stream, Subjects: []string{"events.>"}, Storage: jetstream.FileStorage, Duplicates: duplicates,
	})
	require.NoError(t, err)
}

// JetStream returns the server as somebody sees it who may do everything.
func (s *Server) JetStream(t testing.TB) jetstream.JetStream {
	t.Helper()
	connection, err := nats.Connect(s.process.ClientURL(), nats.UserInfo(admin, password))
	require.NoError(t, err)
	t.Cleanup(connection.Close)
	js, err := jetstream.New(connection)
	require.NoError(t, err)
	return js
}

// Stored returns what the stream has, first to last.
func (s *Server) Stored(t testing.TB) []*jetstream.RawStreamMsg {
	t.Helper()
	stream, err := s.JetStream(t).Stream(t.Context(), Stream)
	require.NoError(t, err)
	state := stream.CachedInfo().State
	var stored []*jetstream.RawStreamMsg
	for sequence := state.FirstSeq; sequence <= state.LastSeq && state.Msgs > 0; sequence++ {
		message, err := stream.GetMsg(t.Context(), sequence)
		require.NoError(t, err)
		stored = append(stored, message)
	}
	return stored
}

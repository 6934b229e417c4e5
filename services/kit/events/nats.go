package events

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

const (
	connectTimeout = 3 * time.Second
	// Between two tries to connect: the first pause, and the longest.
	firstReconnect   = 250 * time.Millisecond
	longestReconnect = 5 * time.Second
	// inboxes begin so, followed by the user: no service can read the answers
	// that another gets.
	inboxes = "_INBOX_"
)

// stream is the broker's stream, seen from one service.
type stream struct {
	config     Config
	service    string
	logger     *slog.Logger
	metrics    *metrics
	connection *nats.Conn
	jetstream  jetstream.JetStream
	refusals   refusals
	filters    []string

	begun context.CancelFunc // ends the first look at the stream
	ended chan struct{}      // it has ended
	back  chan struct{}      // the connection was made anew

	mu     sync.Mutex
	state  error // why the stream was not of use yet; nil once it was
	usable bool
}

var errNotReached = errors.New("not reached yet")

// connect returns at once and connects in the background, for ever.
func connect(config Config, parts Parts, measured *metrics) (*stream, error) {
	for address := range strings.SplitSeq(config.URL, ",") {
		if parsed, err := url.Parse(strings.TrimSpace(address)); err != nil || parsed.Host == "" {
			return nil, fmt.Errorf("MESSAGING_URL: %q is no address such as nats://host:4222", address)
		}
	}
	s := &stream{
		config: config, service: parts.Service, logger: parts.Logger, metrics: measured,
		ended: make(chan struct{}), back: make(chan struct{}, 1), state: errNotReached,
	}
	connection, err := nats.Connect(config.URL, s.options()...)
	if err != nil {
		return nil, err
	}
	s.connection = connection
	if s.jetstream, err = jetstream.New(connection); err != nil {
		connection.Close()
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.begun = cancel
	go func() { defer close(s.ended); s.reach(ctx) }()
	return s, nil
}

func (s *stream) options() []nats.Option {
	return []nats.Option{
		nats.Name(s.service), nats.UserInfo(s.config.User, s.config.Password),
		nats.CustomInboxPrefix(inboxes + s.config.User),
		nats.Timeout(connectTimeout), nats.PingInterval(10 * time.Second), nats.MaxPingsOutstanding(2),
		// A password may be changed under a running service, and be right again.
		nats.RetryOnFailedConnect(true), nats.MaxReconnects(-1), nats.IgnoreAuthErrorAbort(),
		nats.CustomReconnectDelay(reconnectDelay),
		// What is kept back until the connection is there again would be stored
		// long after its publisher was told that it was not.
		nats.ReconnectBufSize(-1),
		nats.ConnectHandler(s.connected), nats.ReconnectHandler(s.connected),
		nats.DisconnectErrHandler(s.disconnected), nats.ReconnectErrHandler(s.notConnected),
		nats.ErrorHandler(s.failed),
	}
}

func reconnectDelay(tries int) time.Duration {
	return growing(firstReconnect, longestReconnect, tries)
}

func (s *stream) connected(connection *nats.Conn) {
	s.metrics.connected.Set(1)
	s.logger.Info("broker connected", "address", connection.ConnectedAddr())
	select {
	case s.back <- struct{}{}:
	default:
	}
}

func (s *stream) disconnected(_ *nats.Conn, err error) {
	s.metrics.connected.Set(0)
	if err != nil {
		s.logger.Warn("broker gone, connecting again", "error", err)
	}
}

func (s *stream) notConnected(_ *nats.Conn, err error) {
	if unauthorized(err) {
		err = fmt.Errorf("the broker refuses user %q: MESSAGING_USER or MESSAGING_PASSWORD is wrong: %w", s.config.User, err)
		s.notUsable(err)
	}
	s.logger.Warn("broker cannot be reached, trying again", "error", err)
}

func unauthorized(err error) bool {
	return errors.Is(err, nats.ErrAuthorization) || errors.Is(err, nats.ErrAuthExpired) || errors.Is(err, nats.ErrAuthRevoked)
}

// failed takes what the broker says without having been asked.
func (s *stream) failed(_ *nats.Conn, _ *nats.Subscription, err error) {
	if errors.Is(err, nats.ErrPermissionViolation) {
		err = s.refused(err)
		s.refusals.tell(err.(*refusedError))
	}
	s.logger.Error("broker refused", "error", err)
}

// reach asks for the stream until it is there.
func (s *stream) reach(ctx context.Context) {
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval, policy.MaxInterval = 50*time.Millisecond, 2*time.Second
	_, _ = backoff.Retry(ctx, func() (struct{}, error) {
		err := s.look(ctx)
		if err != nil && s.connection.IsConnected() {
			s.notUsable(err)
			s.logger.Warn("stream cannot be used, trying again", "error", err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(policy), backoff.WithMaxElapsedTime(0))
}

func (s *stream) look(ctx context.Context) error {
	if !s.connection.IsConnected() {
		return nats.ErrDisconnected
	}
	ctx, cancel := s.refusals.watch(ctx, "$JS.API.STREAM.INFO."+s.config.Stream)
	defer cancel()
	if _, err := s.jetstream.Stream(ctx, s.config.Stream); err != nil {
		return s.explain(ctx, err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.usable, s.state = true, nil
	return nil
}

// notUsable remembers what Check tells: mistakes, not what passes by itself.
func (s *stream) notUsable(err error) {
	var refused *refusedError
	mistake := unauthorized(err) || errors.As(err, &refused) || errors.Is(err, jetstream.ErrStreamNotFound)
	s.mu.Lock()
	defer s.mu.Unlock()
	if mistake && !s.usable {
		s.state = err
	}
}

func (s *stream) check() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(s.state, errNotReached) {
		return nil
	}
	return s.state
}

func (s *stream) close(ctx context.Context) error {
	s.begun()
	<-s.ended
	defer s.connection.Close()
	if !s.connection.IsConnected() {
		return nil
	}
	// What became of the last events is on its way to the broker.
	if err := s.connection.FlushWithContext(ctx); err != nil {
		s.logger.Warn("the broker may give out again what was handled last", "error", err)
	}
	return nil
}

// Package postgres connects a service to its PostgreSQL database: a pool that
// waits for the server, migrations that replicas do not run twice, and a
// check of readiness.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Config names a database. Without a host there is none.
type Config struct {
	Host     string `mapstructure:"host"`
	Port     int    `mapstructure:"port" default:"5432" validate:"min=1,max=65535"`
	Name     string `mapstructure:"name" validate:"required_with=Host"`
	User     string `mapstructure:"user" validate:"required_with=Host"`
	Password string `mapstructure:"password" secret:"true"`
	// SSLMode is libpq's: disable, prefer, require, verify-ca or verify-full.
	SSLMode string `mapstructure:"sslmode" default:"prefer" validate:"oneof=disable prefer require verify-ca verify-full"`
	// SSLRootCert is the file (PEM) of the authorities that verify-ca and verify-full trust, or
	// "system" for those of this machine.
	SSLRootCert string `mapstructure:"sslrootcert"`
	MaxConns    int32  `mapstructure:"max_conns" default:"8" validate:"min=2"`
}

func (c Config) connectionString() string {
	settings := url.Values{"sslmode": {c.SSLMode}, "connect_timeout": {strconv.Itoa(int(connectTimeout.Seconds()))}}
	if c.SSLRootCert != "" {
		settings.Set("sslrootcert", c.SSLRootCert)
	}
	address := url.URL{
		Scheme: "postgres", User: url.UserPassword(c.User, c.Password),
		Host: net.JoinHostPort(c.Host, strconv.Itoa(c.Port)), Path: "/" + c.Name,
		RawQuery: settings.Encode(),
	}
	return address.String()
}

// Database is a pool of connections to a migrated database.
type Database struct {
	// Pool is usable once Check passes.
	Pool *pgxpool.Pool

	logger *slog.Logger
	state  atomic.Pointer[state]
	stop   context.CancelFunc
	done   chan struct{}
}

// state is how far the start got; a nil err means that the database is ready.
type state struct{ err error }

var errStarting = errors.New("first connection is being made")

// Open returns at once. In the background it waits for the server with
// growing pauses and applies the migrations, files such as 00001_products.sql
// in the format of github.com/pressly/goose. The error is about the
// configuration only.
func Open(ctx context.Context, config Config, migrations fs.FS, logger *slog.Logger) (*Database, error) {
	if err := config.checkRootCert(); err != nil {
		return nil, fmt.Errorf("database settings: %w", err)
	}
	settings, err := pgxpool.ParseConfig(config.connectionString())
	if err != nil {
		return nil, fmt.Errorf("database settings: %w", err)
	}
	settings.MaxConns = config.MaxConns
	settings.MaxConnIdleTime = 5 * time.Minute
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return nil, fmt.Errorf("database pool: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	database := &Database{Pool: pool, logger: logger, stop: stop, done: make(chan struct{})}
	database.state.Store(&state{errStarting})
	go database.start(ctx, migrations)
	return database, nil
}

func (d *Database) start(ctx context.Context, migrations fs.FS) {
	defer close(d.done)
	policy := backoff.NewExponentialBackOff()
	policy.InitialInterval = 100 * time.Millisecond
	policy.MaxInterval = time.Second
	began, patience := time.Now(), firstPatience
	_, err := backoff.Retry(ctx, func() (int, error) {
		err := d.reach(ctx, patience)
		patience = min(2*patience, connectTimeout)
		if err != nil {
			return 0, err
		}
		applied, err := Migrate(ctx, d.Pool, migrations)
		if err == nil {
			d.logger.Info("database ready", "migrations_applied", applied, "seconds", time.Since(began).Seconds())
		}
		return applied, err
	}, backoff.WithBackOff(policy), backoff.WithMaxElapsedTime(0), backoff.WithNotify(d.waiting))
	d.state.Store(&state{err})
}

const (
	// connectTimeout bounds the making of a connection.
	connectTimeout = 3 * time.Second
	// firstPatience is how long the first connection may take. The network does not know a pod in its
	// first moments and refuses or drops what it sends; TCP would send it again after a second.
	firstPatience = 250 * time.Millisecond
)

// reach makes a connection within the given time.
func (d *Database) reach(ctx context.Context, patience time.Duration) error {
	within, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err := d.Pool.Ping(within)
	if err != nil && within.Err() != nil && ctx.Err() == nil {
		return fmt.Errorf("connect to the database: no answer within %s", patience)
	}
	if err != nil {
		return fmt.Errorf("connect to the database: %w", err)
	}
	return nil
}

func (d *Database) waiting(err error, pause time.Duration) {
	d.state.Store(&state{err})
	d.logger.Warn("database not ready, trying again", "error", err, "pause", pause.String())
}

// startWait is how long Check waits for a database that is not ready yet: who asks learns of it when
// it is, and not a probe later. It is shorter than a check may take, so that the reason is told.
const startWait = 800 * time.Millisecond

// Check tells whether the database is migrated and answers. It waits a moment for the first
// connection.
func (d *Database) Check(ctx context.Context) error {
	select {
	case <-d.done:
	case <-ctx.Done():
	case <-time.After(startWait):
	}
	if err := d.state.Load().err; err != nil {
		return err
	}
	return d.Pool.Ping(ctx)
}

// Close ends the start, if it still goes on, and the pool.
func (d *Database) Close(context.Context) error {
	d.stop()
	<-d.done
	d.Pool.Close()
	return nil
}

// Unavailable tells whether err means that the server cannot be used now, so
// that the same request may succeed later.
func Unavailable(err error) bool {
	var connecting *pgconn.ConnectError
	var network net.Error
	var server *pgconn.PgError
	if errors.As(err, &server) {
		// Classes of SQLSTATE: connection, resources, operator's intervention.
		switch server.Code[:2] {
		case "08", "53", "57":
			return true
		}
		return false
	}
	return errors.As(err, &connecting) || errors.As(err, &network) || pgconn.SafeToRetry(err)
}

package postgres_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/postgres"
	"kindling.internal/services/kit/postgres/postgrestest"
)

const patience = 20 * time.Second

var migrations = fstest.MapFS{
	"00001_first.sql":  {Data: []byte("-- +goose Up\nCREATE TABLE visits (n int);\n")},
	"00002_second.sql": {Data: []byte("-- +goose Up\nINSERT INTO visits VALUES (1);\n")},
}

func TestServiceStartsBeforeItsDatabaseAndBecomesReadyWithIt(t *testing.T) {
	server := postgrestest.New(t)
	database, err := postgres.Open(t.Context(), server.Config(), migrations, slog.New(slog.DiscardHandler))
	require.NoError(t, err, "a database that is away must not fail the start")
	defer func() { require.NoError(t, database.Close(context.Background())) }()

	require.Error(t, database.Check(t.Context()))
	_, err = database.Pool.Exec(t.Context(), "SELECT 1")
	assert.True(t, postgres.Unavailable(err), "refused connection: %v", err)

	server.Start(t)
	require.Eventually(t, func() bool { return database.Check(t.Context()) == nil }, patience, 10*time.Millisecond)

	_, err = database.Pool.Exec(t.Context(), "SELECT * FROM no_such_table")
	assert.False(t, postgres.Unavailable(err), "a wrong query is not unavailability: %v", err)

	server.Stop(t)
	require.Eventually(t, func() bool { return database.Check(t.Context()) != nil }, patience, 10*time.Millisecond)
	_, err = database.Pool.Exec(t.Context(), "SELECT 1")
	assert.True(t, postgres.Unavailable(err), "stopped server: %v", err)
}

func TestACheckWaitsForTheFirstConnectionAsLongAsItMay(t *testing.T) {
	server := postgrestest.New(t)
	database, err := postgres.Open(t.Context(), server.Config(), migrations, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, database.Close(context.Background())) }()

	const asked = 100 * time.Millisecond
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), asked)
	defer cancel()
	err = database.Check(ctx)
	require.Error(t, err)
	require.NotErrorIs(t, err, context.DeadlineExceeded, "the reason is told")
	assert.GreaterOrEqual(t, time.Since(began), asked)
}

// TestAFirstConnectionThatIsLostCostsLittle has the way to the server swallow what comes first, as the
// network of a cluster does with a pod that it does not know yet.
func TestAFirstConnectionThatIsLostCostsLittle(t *testing.T) {
	config := postgrestest.Start(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	server := net.JoinHostPort(config.Host, strconv.Itoa(config.Port))
	go func() {
		lost, err := listener.Accept()
		if err != nil {
			return
		}
		defer lost.Close()
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go relay(client, server)
		}
	}()
	config.Host, config.Port = "127.0.0.1", listener.Addr().(*net.TCPAddr).Port

	began := time.Now()
	database, err := postgres.Open(t.Context(), config, migrations, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, database.Close(context.Background())) }()
	require.Eventually(t, func() bool { return database.Check(t.Context()) == nil }, patience, 10*time.Millisecond)
	assert.Less(t, time.Since(began), 3*time.Second, "before that connection has timed out")
}

// relay passes on what both sides say until one of them ends.
func relay(client net.Conn, server string) {
	defer client.Close()
	upstream, err := net.Dial("tcp", server)
	if err != nil {
		return
	}
	defer upstream.Close()
	go func() { _, _ = io.Copy(upstream, client) }()
	_, _ = io.Copy(client, upstream)
}

func TestReplicasThatStartTogetherMigrateOnce(t *testing.T) {
	config := postgrestest.Start(t)
	pool, err := pgxpool.New(t.Context(), connection(config))
	require.NoError(t, err)
	defer pool.Close()

	const replicas = 6
	applied := make(chan int, replicas)
	var group sync.WaitGroup
	for range replicas {
		group.Go(func() {
			database, err := postgres.Open(t.Context(), config, migrations, slog.New(slog.DiscardHandler))
			if !assert.NoError(t, err) {
				return
			}
			defer func() { assert.NoError(t, database.Close(context.Background())) }()
			assert.Eventually(t, func() bool { return database.Check(t.Context()) == nil }, patience, 10*time.Millisecond)
			count, err := postgres.Migrate(t.Context(), database.Pool, migrations)
			assert.NoError(t, err)
			applied <- count
		})
	}
	group.Wait()
	close(applied)
	for count := range applied {
		assert.Zero(t, count, "nothing is left to apply once a replica is ready")
	}
	var rows int
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT count(*) FROM visits").Scan(&rows))
	assert.Equal(t, 1, rows)
}

func TestBrokenMigrationKeepsTheServiceUnreadyAndSaysWhy(t *testing.T) {
	broken := fstest.MapFS{"00001_bad.sql": {Data: []byte("-- +goose Up\nCREATE TABEL visits (n int);\n")}}
	database, err := postgres.Open(t.Context(), postgrestest.Start(t), broken, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	defer func() { require.NoError(t, database.Close(context.Background())) }()
	require.EventuallyWithT(t, func(c *assert.CollectT) {
		assert.ErrorContains(c, database.Check(t.Context()), "TABEL")
	}, patience, 10*time.Millisecond)
}

func connection(config postgres.Config) string {
	return "host=" + config.Host + " port=" + strconv.Itoa(config.Port) + " user=postgres dbname=postgres sslmode=disable"
}

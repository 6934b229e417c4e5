package postgres_test

import (
	"context"
	"log/slog"
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

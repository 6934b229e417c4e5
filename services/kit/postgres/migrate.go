package postgres

import (
	"context"
	"fmt"
	"hash/fnv"
	"io/fs"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
)

// migrationLock is the advisory lock that replicas take in turns. Locks are
// kept apart by database, so services do not wait for each other.
var migrationLock = func() int64 {
	hash := fnv.New64a()
	hash.Write([]byte("kindling.internal/services/kit/postgres"))
	return int64(hash.Sum64() >> 1)
}()

// Migrate applies what is missing and returns how many migrations that were.
// It waits while another replica migrates.
func Migrate(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS) (int, error) {
	connection, err := pool.Acquire(ctx)
	if err != nil {
		return 0, fmt.Errorf("connect to the database: %w", err)
	}
	defer connection.Release()
	if _, err := connection.Exec(ctx, "SELECT pg_advisory_lock($1)", migrationLock); err != nil {
		return 0, fmt.Errorf("lock for migrations: %w", err)
	}
	applied, err := up(ctx, pool, migrations)
	if _, unlockErr := connection.Exec(context.WithoutCancel(ctx), "SELECT pg_advisory_unlock($1)", migrationLock); unlockErr != nil {
		// Closing the session gives the lock back.
		_ = connection.Conn().Close(context.WithoutCancel(ctx))
	}
	return applied, err
}

func up(ctx context.Context, pool *pgxpool.Pool, migrations fs.FS) (int, error) {
	database := stdlib.OpenDBFromPool(pool)
	defer database.Close()
	provider, err := goose.NewProvider(goose.DialectPostgres, database, migrations)
	if err != nil {
		return 0, fmt.Errorf("read migrations: %w", err)
	}
	results, err := provider.Up(ctx)
	if err != nil {
		return 0, fmt.Errorf("migrate: %w", err)
	}
	return len(results), nil
}

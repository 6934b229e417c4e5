// Package postgres keeps the stock in PostgreSQL.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kindling.internal/services/inventory/internal/stock"
	"kindling.internal/services/kit/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	levelColumns   = `sku, quantity, reserved, updated_at`
	checkViolation = "23514" // SQLSTATE
)

// Store is the stock in one database.
type Store struct{ *postgres.Database }

// Open returns at once; the store can be used once Check passes.
func Open(ctx context.Context, config postgres.Config, logger *slog.Logger) (*Store, error) {
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		return nil, err
	}
	database, err := postgres.Open(ctx, config, files, logger)
	if err != nil {
		return nil, err
	}
	return &Store{database}, nil
}

// Levels returns at most limit levels after a SKU.
func (s *Store) Levels(ctx context.Context, after string, limit int) ([]stock.Level, error) {
	rows, err := s.Pool.Query(ctx, `SELECT `+levelColumns+` FROM levels WHERE sku > $1 ORDER BY sku LIMIT $2`, after, limit)
	if err != nil {
		return nil, translate("list levels", err)
	}
	levels, err := pgx.CollectRows(rows, scanLevel)
	return levels, translate("list levels", err)
}

// Level returns one level or ErrNotFound.
func (s *Store) Level(ctx context.Context, sku string) (stock.Level, error) {
	level, err := oneLevel(ctx, s.Pool, `SELECT `+levelColumns+` FROM levels WHERE sku = $1`, sku)
	return level, translate("get level", err)
}

// Adjust changes a quantity and records why.
func (s *Store) Adjust(ctx context.Context, a stock.Adjustment) (level stock.Level, err error) {
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		// Not one upsert: constraints are checked on the row to be inserted
		// before the conflict, and a negative delta breaks them.
		if _, err := tx.Exec(ctx, `INSERT INTO levels (sku, quantity) VALUES ($1, 0) ON CONFLICT DO NOTHING`, a.SKU); err != nil {
			return err
		}
		level, err = oneLevel(ctx, tx, `UPDATE levels SET quantity = quantity + $2, updated_at = $3
			WHERE sku = $1 RETURNING `+levelColumns, a.SKU, a.Delta, a.CreatedAt)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `INSERT INTO adjustments (id, sku, delta, reason, created_at) VALUES ($1, $2, $3, $4, $5)`,
			a.ID, a.SKU, a.Delta, a.Reason, a.CreatedAt)
		return err
	})
	return level, translate("adjust stock", err)
}

// Adjustments returns the newest adjustments of a SKU.
func (s *Store) Adjustments(ctx context.Context, sku string, limit int) ([]stock.Adjustment, error) {
	rows, err := s.Pool.Query(ctx, `SELECT id, sku, delta, reason, created_at FROM adjustments
		WHERE sku = $1 ORDER BY id DESC LIMIT $2`, sku, limit)
	if err != nil {
		return nil, translate("list adjustments", err)
	}
	found, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a stock.Adjustment, err error) {
		err = row.Scan(&a.ID, &a.SKU, &a.Delta, &a.Reason, &a.CreatedAt)
		a.CreatedAt = a.CreatedAt.UTC()
		return a, err
	})
	return found, translate("list adjustments", err)
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

func oneLevel(ctx context.Context, db querier, query string, args ...any) (stock.Level, error) {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return stock.Level{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scanLevel)
}

func scanLevel(row pgx.CollectableRow) (level stock.Level, err error) {
	err = row.Scan(&level.SKU, &level.Quantity, &level.Reserved, &level.UpdatedAt)
	level.UpdatedAt = level.UpdatedAt.UTC()
	return level, err
}

// translate puts an error of the database in the domain's words.
func translate(action string, err error) error {
	var failure *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, stock.ErrKeyReused), errors.Is(err, stock.ErrNotFound), errors.Is(err, stock.ErrInsufficient):
		return err
	case errors.Is(err, pgx.ErrNoRows):
		return stock.ErrNotFound
	case errors.As(err, &failure) && failure.Code == checkViolation:
		return stock.ErrInsufficient
	case postgres.Unavailable(err):
		return fmt.Errorf("%s: %w: %w", action, stock.ErrStoreUnavailable, err)
	}
	return fmt.Errorf("%s: %w", action, err)
}

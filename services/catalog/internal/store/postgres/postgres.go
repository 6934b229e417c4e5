// Package postgres keeps products in PostgreSQL.
package postgres

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"kindling.internal/services/catalog/internal/product"
	"kindling.internal/services/kit/postgres"
)

//go:embed migrations/*.sql
var migrations embed.FS

const (
	columns         = `id, sku, name, price_amount, price_currency, version, created_at, updated_at`
	uniqueViolation = "23505" // SQLSTATE
)

// Store is the products in one database.
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

// List returns the chosen products in the order of their SKUs.
func (s *Store) List(ctx context.Context, filter product.Filter) ([]product.Product, error) {
	rows, err := s.Pool.Query(ctx, `SELECT `+columns+` FROM products
		WHERE sku > $1 AND ($2::text[] IS NULL OR sku = ANY($2)) AND strpos(lower(name), lower($3)) > 0
		ORDER BY sku LIMIT $4`, filter.After, filter.SKUs, filter.Name, filter.Limit)
	if err != nil {
		return nil, translate("list products", err)
	}
	products, err := pgx.CollectRows(rows, scan)
	return products, translate("list products", err)
}

// Get returns the product or ErrNotFound.
func (s *Store) Get(ctx context.Context, id uuid.UUID) (product.Product, error) {
	found, err := s.one(ctx, `SELECT `+columns+` FROM products WHERE id = $1`, id)
	return found, translate("get product", err)
}

// Create adds the product or fails with ErrDuplicate.
func (s *Store) Create(ctx context.Context, p product.Product) error {
	_, err := s.Pool.Exec(ctx, `INSERT INTO products (`+columns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`,
		p.ID, p.SKU, p.Name, p.Price.Amount, p.Price.Currency, p.Version, p.CreatedAt, p.UpdatedAt)
	return translate("create product", err)
}

// Update changes name, price and time and returns what is stored then.
func (s *Store) Update(ctx context.Context, p product.Product, expected int64) (product.Product, error) {
	updated, err := s.one(ctx, `UPDATE products
		SET name = $3, price_amount = $4, price_currency = $5, updated_at = $6, version = version + 1
		WHERE id = $1 AND ($2 = 0 OR version = $2) RETURNING `+columns,
		p.ID, expected, p.Name, p.Price.Amount, p.Price.Currency, p.UpdatedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		return updated, s.missingOrChanged(ctx, p.ID)
	}
	return updated, translate("update product", err)
}

// Delete removes the product.
func (s *Store) Delete(ctx context.Context, id uuid.UUID, expected int64) error {
	tag, err := s.Pool.Exec(ctx, `DELETE FROM products WHERE id = $1 AND ($2 = 0 OR version = $2)`, id, expected)
	if err != nil {
		return translate("delete product", err)
	}
	if tag.RowsAffected() == 0 {
		return s.missingOrChanged(ctx, id)
	}
	return nil
}

// missingOrChanged tells why a change of a product found no row.
func (s *Store) missingOrChanged(ctx context.Context, id uuid.UUID) error {
	if _, err := s.Get(ctx, id); err != nil {
		return err
	}
	return product.ErrConflict
}

func (s *Store) one(ctx context.Context, query string, args ...any) (product.Product, error) {
	rows, err := s.Pool.Query(ctx, query, args...)
	if err != nil {
		return product.Product{}, err
	}
	return pgx.CollectExactlyOneRow(rows, scan)
}

func scan(row pgx.CollectableRow) (product.Product, error) {
	var p product.Product
	err := row.Scan(&p.ID, &p.SKU, &p.Name, &p.Price.Amount, &p.Price.Currency, &p.Version, &p.CreatedAt, &p.UpdatedAt)
	p.CreatedAt, p.UpdatedAt = p.CreatedAt.UTC(), p.UpdatedAt.UTC()
	return p, err
}

// translate puts an error of the database in the domain's words.
func translate(action string, err error) error {
	var failure *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.Is(err, pgx.ErrNoRows):
		return product.ErrNotFound
	case errors.As(err, &failure) && failure.Code == uniqueViolation:
		return product.ErrDuplicate
	case postgres.Unavailable(err):
		return fmt.Errorf("%s: %w: %w", action, product.ErrUnavailable, err)
	}
	return fmt.Errorf("%s: %w", action, err)
}

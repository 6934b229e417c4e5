package postgres

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"kindling.internal/services/inventory/internal/stock"
)

const reservationColumns = `id, sku, quantity, created_at, idempotency_key`

// Reserve promises pieces once for each key. Two requests with one key at the
// same time meet at the key's unique index: the second waits for the first
// and then finds its reservation.
func (s *Store) Reserve(ctx context.Context, wanted stock.Reservation) (stored stock.Reservation, replayed bool, err error) {
	err = pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		if _, err := oneLevel(ctx, tx, `SELECT `+levelColumns+` FROM levels WHERE sku = $1`, wanted.SKU); err != nil {
			return notInStock(err)
		}
		tag, err := tx.Exec(ctx, `INSERT INTO reservations (`+reservationColumns+`) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (idempotency_key) DO NOTHING`,
			wanted.ID, wanted.SKU, wanted.Quantity, wanted.CreatedAt, wanted.Key)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			replayed = true
			stored, err = sameReservation(ctx, tx, wanted)
			return err
		}
		stored = wanted
		_, err = tx.Exec(ctx, `UPDATE levels SET reserved = reserved + $2, updated_at = $3 WHERE sku = $1`,
			wanted.SKU, wanted.Quantity, wanted.CreatedAt)
		return err
	})
	return stored, replayed, translate("reserve stock", err)
}

// notInStock: a product that never had stock has none available.
func notInStock(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return stock.ErrInsufficient
	}
	return err
}

func sameReservation(ctx context.Context, tx pgx.Tx, wanted stock.Reservation) (stock.Reservation, error) {
	stored, err := oneReservation(ctx, tx, `SELECT `+reservationColumns+` FROM reservations WHERE idempotency_key = $1`, wanted.Key)
	if err == nil && (stored.SKU != wanted.SKU || stored.Quantity != wanted.Quantity) {
		err = stock.ErrKeyReused
	}
	return stored, err
}

// Reservation returns a reservation that was not released, or ErrNotFound.
func (s *Store) Reservation(ctx context.Context, sku string, id uuid.UUID) (stock.Reservation, error) {
	found, err := oneReservation(ctx, s.Pool, `SELECT `+reservationColumns+` FROM reservations
		WHERE sku = $1 AND id = $2 AND released_at IS NULL`, sku, id)
	return found, translate("get reservation", err)
}

// Release takes a reservation back. Its row stays, so that its key cannot
// reserve again.
func (s *Store) Release(ctx context.Context, sku string, id uuid.UUID, at time.Time) error {
	err := pgx.BeginFunc(ctx, s.Pool, func(tx pgx.Tx) error {
		released, err := oneReservation(ctx, tx, `UPDATE reservations SET released_at = $3
			WHERE sku = $1 AND id = $2 AND released_at IS NULL RETURNING `+reservationColumns, sku, id, at)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE levels SET reserved = reserved - $2, updated_at = $3 WHERE sku = $1`,
			sku, released.Quantity, at)
		return err
	})
	return translate("release reservation", err)
}

func oneReservation(ctx context.Context, db querier, query string, args ...any) (stock.Reservation, error) {
	rows, err := db.Query(ctx, query, args...)
	if err != nil {
		return stock.Reservation{}, err
	}
	return pgx.CollectExactlyOneRow(rows, func(row pgx.CollectableRow) (r stock.Reservation, err error) {
		err = row.Scan(&r.ID, &r.SKU, &r.Quantity, &r.CreatedAt, &r.Key)
		r.CreatedAt = r.CreatedAt.UTC()
		return r, err
	})
}

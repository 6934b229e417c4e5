package embedded

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"kindling.internal/services/inventory/internal/stock"
)

// record is a reservation as it is stored; the domain's own JSON is meant for
// callers.
type record struct {
	stock.Reservation
	ReleasedAt *time.Time `json:"released_at,omitempty"`
}

// Reserve promises pieces once for each key.
func (s *Store) Reserve(_ context.Context, wanted stock.Reservation) (stored stock.Reservation, replayed bool, err error) {
	err = s.Bolt.Update(func(tx *bbolt.Tx) error {
		if id := tx.Bucket(keys).Get([]byte(wanted.Key)); id != nil {
			replayed = true
			stored, err = sameReservation(tx, id, wanted)
			return err
		}
		stored = wanted
		return reserve(tx, wanted)
	})
	return stored, replayed, err
}

func reserve(tx *bbolt.Tx, wanted stock.Reservation) error {
	var level stock.Level
	err := get(tx, levels, []byte(wanted.SKU), &level)
	// A product that never had stock has none available.
	if errors.Is(err, stock.ErrNotFound) || err == nil && level.Available() < wanted.Quantity {
		return stock.ErrInsufficient
	}
	if err != nil {
		return err
	}
	level.Reserved += wanted.Quantity
	level.UpdatedAt = wanted.CreatedAt
	if err := put(tx, levels, []byte(wanted.SKU), level); err != nil {
		return err
	}
	if err := tx.Bucket(keys).Put([]byte(wanted.Key), wanted.ID[:]); err != nil {
		return err
	}
	return put(tx, reservations, wanted.ID[:], record{Reservation: wanted})
}

func sameReservation(tx *bbolt.Tx, id []byte, wanted stock.Reservation) (stock.Reservation, error) {
	var stored record
	if err := get(tx, reservations, id, &stored); err != nil {
		return stock.Reservation{}, err
	}
	if stored.SKU != wanted.SKU || stored.Quantity != wanted.Quantity {
		return stock.Reservation{}, stock.ErrKeyReused
	}
	stored.Key = wanted.Key
	return stored.Reservation, nil
}

// Reservation returns a reservation that was not released, or ErrNotFound.
func (s *Store) Reservation(_ context.Context, sku string, id uuid.UUID) (found stock.Reservation, err error) {
	err = s.Bolt.View(func(tx *bbolt.Tx) error {
		stored, err := active(tx, sku, id)
		found = stored.Reservation
		return err
	})
	return found, err
}

// Release takes a reservation back. Its record stays, so that its key cannot
// reserve again.
func (s *Store) Release(_ context.Context, sku string, id uuid.UUID, at time.Time) error {
	return s.Bolt.Update(func(tx *bbolt.Tx) error {
		stored, err := active(tx, sku, id)
		if err != nil {
			return err
		}
		var level stock.Level
		if err := get(tx, levels, []byte(sku), &level); err != nil {
			return err
		}
		level.Reserved -= stored.Quantity
		level.UpdatedAt = at
		if err := put(tx, levels, []byte(sku), level); err != nil {
			return err
		}
		stored.ReleasedAt = &at
		return put(tx, reservations, id[:], stored)
	})
}

func active(tx *bbolt.Tx, sku string, id uuid.UUID) (stored record, err error) {
	err = get(tx, reservations, id[:], &stored)
	if err == nil && (stored.SKU != sku || stored.ReleasedAt != nil) {
		err = stock.ErrNotFound
	}
	return stored, err
}

// Package embedded keeps the stock in a file of the service's own, so that it
// runs alone, without a database.
package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"go.etcd.io/bbolt"

	"kindling.internal/services/inventory/internal/stock"
	kitembedded "kindling.internal/services/kit/embedded"
)

// Config says where the file is.
type Config = kitembedded.Config

var (
	levels       = []byte("levels")       // SKU to level
	adjustments  = []byte("adjustments")  // SKU, zero byte, id to adjustment
	reservations = []byte("reservations") // id to reservation
	keys         = []byte("keys")         // idempotency key to id
)

// Store is the stock in one file.
type Store struct{ *kitembedded.Database }

// Open opens the file, or makes it with some stock in it.
func Open(config Config, logger *slog.Logger) (*Store, error) {
	database, err := kitembedded.Open("inventory", config, logger)
	if err != nil {
		return nil, err
	}
	store := &Store{database}
	if err := store.Bolt.Update(prepare); err != nil {
		return nil, fmt.Errorf("prepare %s: %w", store.Bolt.Path(), err)
	}
	return store, nil
}

func prepare(tx *bbolt.Tx) error {
	if tx.Bucket(levels) != nil {
		return nil
	}
	for _, name := range [][]byte{levels, adjustments, reservations, keys} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	for sku, quantity := range firstStock {
		if err := put(tx, levels, []byte(sku), stock.Level{SKU: sku, Quantity: quantity, UpdatedAt: now}); err != nil {
			return err
		}
	}
	return nil
}

// firstStock is the same as the second migration of the PostgreSQL store
// adds; the contract test holds them together.
var firstStock = map[string]int64{
	"candle-beeswax": 120, "kindling-birch": 40, "lighter-storm": 75, "matches-long": 600, "stove-camp": 8,
}

// Levels returns at most limit levels after a SKU.
func (s *Store) Levels(_ context.Context, after string, limit int) ([]stock.Level, error) {
	found := []stock.Level{}
	err := s.Bolt.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(levels).Cursor()
		key, value := cursor.Seek([]byte(after))
		if after != "" && bytes.Equal(key, []byte(after)) {
			key, value = cursor.Next()
		}
		for ; key != nil && len(found) < limit; key, value = cursor.Next() {
			var level stock.Level
			if err := json.Unmarshal(value, &level); err != nil {
				return err
			}
			found = append(found, level)
		}
		return nil
	})
	return found, err
}

// Level returns one level or ErrNotFound.
func (s *Store) Level(_ context.Context, sku string) (level stock.Level, err error) {
	err = s.Bolt.View(func(tx *bbolt.Tx) error { return get(tx, levels, []byte(sku), &level) })
	return level, err
}

// Adjust changes a quantity and records why.
func (s *Store) Adjust(_ context.Context, a stock.Adjustment) (level stock.Level, err error) {
	err = s.Bolt.Update(func(tx *bbolt.Tx) error {
		err := get(tx, levels, []byte(a.SKU), &level)
		if err != nil && err != stock.ErrNotFound {
			return err
		}
		level.SKU, level.Quantity, level.UpdatedAt = a.SKU, level.Quantity+a.Delta, a.CreatedAt
		if level.Quantity < level.Reserved {
			return stock.ErrInsufficient
		}
		if err := put(tx, levels, []byte(a.SKU), level); err != nil {
			return err
		}
		return put(tx, adjustments, append(prefixOf(a.SKU), a.ID[:]...), a)
	})
	return level, err
}

// Adjustments returns the newest adjustments of a SKU.
func (s *Store) Adjustments(_ context.Context, sku string, limit int) ([]stock.Adjustment, error) {
	found := []stock.Adjustment{}
	err := s.Bolt.View(func(tx *bbolt.Tx) error {
		prefix := prefixOf(sku)
		cursor := tx.Bucket(adjustments).Cursor()
		key, value := seekLast(cursor, prefix)
		for ; bytes.HasPrefix(key, prefix) && len(found) < limit; key, value = cursor.Prev() {
			var a stock.Adjustment
			if err := json.Unmarshal(value, &a); err != nil {
				return err
			}
			found = append(found, a)
		}
		return nil
	})
	return found, err
}

// prefixOf ends in a zero byte, which no SKU holds.
func prefixOf(sku string) []byte { return append([]byte(sku), 0) }

// seekLast goes to the last key that has the prefix, or to one before.
func seekLast(cursor *bbolt.Cursor, prefix []byte) (key, value []byte) {
	beyond := bytes.Clone(prefix)
	beyond[len(beyond)-1]++
	if key, _ := cursor.Seek(beyond); key == nil {
		return cursor.Last()
	}
	return cursor.Prev()
}

func get(tx *bbolt.Tx, bucket, key []byte, target any) error {
	value := tx.Bucket(bucket).Get(key)
	if value == nil {
		return stock.ErrNotFound
	}
	return json.Unmarshal(value, target)
}

func put(tx *bbolt.Tx, bucket, key []byte, value any) error {
	encoded, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return tx.Bucket(bucket).Put(key, encoded)
}

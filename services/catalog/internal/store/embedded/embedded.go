// Package embedded keeps products in a file of the service's own, so that it
// runs alone, without a database.
package embedded

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.etcd.io/bbolt"

	"kindling.internal/services/catalog/internal/product"
	kitembedded "kindling.internal/services/kit/embedded"
)

// Config says where the file is.
type Config = kitembedded.Config

var (
	bySKU = []byte("products") // SKU to product
	byID  = []byte("ids")      // id to SKU
)

// Store is the products in one file.
type Store struct{ *kitembedded.Database }

// Open opens the file, or makes it with a handful of products in it.
func Open(config Config, logger *slog.Logger) (*Store, error) {
	database, err := kitembedded.Open("catalog", config, logger)
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
	if tx.Bucket(bySKU) != nil {
		return nil
	}
	for _, name := range [][]byte{bySKU, byID} {
		if _, err := tx.CreateBucket(name); err != nil {
			return err
		}
	}
	for _, p := range firstProducts() {
		if err := put(tx, p); err != nil {
			return err
		}
	}
	return nil
}

// List returns the chosen products in the order of their SKUs.
func (s *Store) List(_ context.Context, filter product.Filter) ([]product.Product, error) {
	name := strings.ToLower(filter.Name)
	found := []product.Product{}
	err := s.Bolt.View(func(tx *bbolt.Tx) error {
		cursor := tx.Bucket(bySKU).Cursor()
		key, value := cursor.Seek([]byte(filter.After))
		if filter.After != "" && bytes.Equal(key, []byte(filter.After)) {
			key, value = cursor.Next()
		}
		for ; key != nil && len(found) < filter.Limit; key, value = cursor.Next() {
			if len(filter.SKUs) > 0 && !slices.Contains(filter.SKUs, string(key)) {
				continue
			}
			p, err := decode(value)
			if err != nil {
				return err
			}
			if strings.Contains(strings.ToLower(p.Name), name) {
				found = append(found, p)
			}
		}
		return nil
	})
	return found, err
}

// Get returns the product or ErrNotFound.
func (s *Store) Get(_ context.Context, id uuid.UUID) (found product.Product, err error) {
	err = s.Bolt.View(func(tx *bbolt.Tx) error {
		found, err = get(tx, id)
		return err
	})
	return found, err
}

// Create adds the product or fails with ErrDuplicate.
func (s *Store) Create(_ context.Context, p product.Product) error {
	return s.Bolt.Update(func(tx *bbolt.Tx) error {
		if tx.Bucket(bySKU).Get([]byte(p.SKU)) != nil {
			return product.ErrDuplicate
		}
		return put(tx, p)
	})
}

// Update changes name, price and time and returns what is stored then.
func (s *Store) Update(_ context.Context, change product.Product, expected int64) (stored product.Product, err error) {
	err = s.Bolt.Update(func(tx *bbolt.Tx) error {
		if stored, err = expect(tx, change.ID, expected); err != nil {
			return err
		}
		stored.Name, stored.Price, stored.UpdatedAt = change.Name, change.Price, change.UpdatedAt
		stored.Version++
		return put(tx, stored)
	})
	return stored, err
}

// Delete removes the product.
func (s *Store) Delete(_ context.Context, id uuid.UUID, expected int64) error {
	return s.Bolt.Update(func(tx *bbolt.Tx) error {
		stored, err := expect(tx, id, expected)
		if err != nil {
			return err
		}
		if err := tx.Bucket(byID).Delete(id[:]); err != nil {
			return err
		}
		return tx.Bucket(bySKU).Delete([]byte(stored.SKU))
	})
}

func expect(tx *bbolt.Tx, id uuid.UUID, version int64) (product.Product, error) {
	stored, err := get(tx, id)
	if err == nil && version != product.AnyVersion && version != stored.Version {
		err = product.ErrConflict
	}
	return stored, err
}

func get(tx *bbolt.Tx, id uuid.UUID) (product.Product, error) {
	sku := tx.Bucket(byID).Get(id[:])
	if sku == nil {
		return product.Product{}, product.ErrNotFound
	}
	return decode(tx.Bucket(bySKU).Get(sku))
}

func put(tx *bbolt.Tx, p product.Product) error {
	value, err := json.Marshal(p)
	if err != nil {
		return err
	}
	if err := tx.Bucket(byID).Put(p.ID[:], []byte(p.SKU)); err != nil {
		return err
	}
	return tx.Bucket(bySKU).Put([]byte(p.SKU), value)
}

func decode(value []byte) (p product.Product, err error) {
	if err := json.Unmarshal(value, &p); err != nil {
		return p, fmt.Errorf("stored product: %w", err)
	}
	return p, nil
}

// Package storetest is what every store of products must do, as tests.
package storetest

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/catalog/internal/product"
)

// Run tests a store that was just made and holds the first products.
func Run(t *testing.T, store product.Store) {
	// In this order: the first looks at the store as it was made.
	t.Run("begins with the first products", func(t *testing.T) { beginsWithFirstProducts(t, store) })
	t.Run("gives back what was created", func(t *testing.T) { givesBack(t, store) })
	t.Run("refuses a second product with one sku", func(t *testing.T) { refusesDuplicate(t, store) })
	t.Run("updates only the expected version", func(t *testing.T) { updatesExpected(t, store) })
	t.Run("deletes only the expected version", func(t *testing.T) { deletesExpected(t, store) })
	t.Run("knows what is missing", func(t *testing.T) { knowsMissing(t, store) })
	t.Run("filters and pages in the order of skus", func(t *testing.T) { pages(t, store) })
	t.Run("lets one of many writers win", func(t *testing.T) { oneWriterWins(t, store) })
}

func sample(t *testing.T, sku string) product.Product {
	t.Helper()
	id, err := uuid.NewV7()
	require.NoError(t, err)
	now := time.Now().UTC().Truncate(time.Microsecond)
	return product.Product{
		ID: id, SKU: sku, Name: "Ürn 100% _" + sku, Version: 1, CreatedAt: now, UpdatedAt: now,
		Price: product.Price{Amount: 1999, Currency: "EUR"},
	}
}

func created(t *testing.T, store product.Store, sku string) product.Product {
	t.Helper()
	p := sample(t, sku)
	require.NoError(t, store.Create(t.Context(), p))
	return p
}

func beginsWithFirstProducts(t *testing.T, store product.Store) {
	found, err := store.List(t.Context(), product.Filter{Limit: 100})
	require.NoError(t, err)
	var got []string
	for _, p := range found {
		got = append(got, fmt.Sprintf("%s %s %s %d %s %d", p.ID, p.SKU, p.Name, p.Price.Amount, p.Price.Currency, p.Version))
	}
	assert.Equal(t, []string{
		"0193a000-0000-7000-8000-000000000001 candle-beeswax Beeswax candle 890 EUR 1",
		"0193a000-0000-7000-8000-000000000002 kindling-birch Birch kindling, 5 kg 1250 EUR 1",
		"0193a000-0000-7000-8000-000000000003 lighter-storm Storm lighter 2499 EUR 1",
		"0193a000-0000-7000-8000-000000000004 matches-long Long matches, 60 320 EUR 1",
		"0193a000-0000-7000-8000-000000000005 stove-camp Camp stove 5900 EUR 1",
	}, got)
}

func givesBack(t *testing.T, store product.Store) {
	p := created(t, store, "give-back")
	found, err := store.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, p, found)
}

func refusesDuplicate(t *testing.T, store product.Store) {
	created(t, store, "twice")
	second := sample(t, "twice")
	require.ErrorIs(t, store.Create(t.Context(), second), product.ErrDuplicate)
	_, err := store.Get(t.Context(), second.ID)
	assert.ErrorIs(t, err, product.ErrNotFound, "nothing of it is kept")
}

func updatesExpected(t *testing.T, store product.Store) {
	p := created(t, store, "update")
	change := product.Product{ID: p.ID, Name: "New", Price: product.Price{Amount: 5, Currency: "CHF"}, UpdatedAt: p.UpdatedAt.Add(time.Second)}
	updated, err := store.Update(t.Context(), change, 1)
	require.NoError(t, err)
	want := p
	want.Name, want.Price, want.UpdatedAt, want.Version = change.Name, change.Price, change.UpdatedAt, 2
	assert.Equal(t, want, updated)

	_, err = store.Update(t.Context(), change, 1)
	require.ErrorIs(t, err, product.ErrConflict)
	found, err := store.Get(t.Context(), p.ID)
	require.NoError(t, err)
	assert.Equal(t, want, found)

	updated, err = store.Update(t.Context(), change, product.AnyVersion)
	require.NoError(t, err)
	assert.EqualValues(t, 3, updated.Version)
}

func deletesExpected(t *testing.T, store product.Store) {
	p := created(t, store, "delete")
	require.ErrorIs(t, store.Delete(t.Context(), p.ID, 2), product.ErrConflict)
	require.NoError(t, store.Delete(t.Context(), p.ID, 1))
	_, err := store.Get(t.Context(), p.ID)
	require.ErrorIs(t, err, product.ErrNotFound)
	created(t, store, "delete") // the sku is free again
}

func knowsMissing(t *testing.T, store product.Store) {
	missing := sample(t, "missing")
	_, err := store.Get(t.Context(), missing.ID)
	require.ErrorIs(t, err, product.ErrNotFound)
	_, err = store.Update(t.Context(), missing, 1)
	require.ErrorIs(t, err, product.ErrNotFound)
	require.ErrorIs(t, store.Delete(t.Context(), missing.ID, product.AnyVersion), product.ErrNotFound)
}

func pages(t *testing.T, store product.Store) {
	for _, sku := range []string{"page-c", "page-a", "page-b", "page-1"} {
		created(t, store, sku)
	}
	list := func(filter product.Filter) []string {
		found, err := store.List(t.Context(), filter)
		require.NoError(t, err)
		skus := []string{}
		for _, p := range found {
			skus = append(skus, p.SKU)
		}
		return skus
	}
	assert.Equal(t, []string{"page-1", "page-a"}, list(product.Filter{Name: "PAGE-", Limit: 2}))
	assert.Equal(t, []string{"page-b", "page-c"}, list(product.Filter{Name: "page-", After: "page-a", Limit: 5}))
	assert.Equal(t, []string{"page-b"}, list(product.Filter{After: "page-aa", Limit: 1}), "the SKU to go on after may be gone")
	assert.Equal(t, []string{"page-a", "stove-camp"}, list(product.Filter{SKUs: []string{"stove-camp", "page-a", "none"}, Limit: 5}))
	assert.Equal(t, []string{}, list(product.Filter{Name: "no such name", Limit: 5}))
	assert.Equal(t, []string{"page-a"}, list(product.Filter{Name: "100% _page-a", Limit: 5}), "wildcards stand for themselves")
	assert.Equal(t, []string{}, list(product.Filter{After: "zzz", Limit: 5}))
}

func oneWriterWins(t *testing.T, store product.Store) {
	p := created(t, store, "race")
	const writers = 8
	results := make(chan error, writers)
	var group sync.WaitGroup
	for range writers {
		group.Go(func() {
			_, err := store.Update(t.Context(), p, 1)
			results <- err
		})
	}
	group.Wait()
	close(results)
	won := 0
	for err := range results {
		if err == nil {
			won++
			continue
		}
		assert.ErrorIs(t, err, product.ErrConflict)
	}
	assert.Equal(t, 1, won)
}

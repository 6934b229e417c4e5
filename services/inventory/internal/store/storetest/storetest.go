// Package storetest is what every store of stock must do, as tests.
package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/inventory/internal/stock"
)

// Run tests a store that was just made and holds the first stock.
func Run(t *testing.T, store stock.Store) {
	// In this order: the first looks at the store as it was made.
	t.Run("begins with the first stock", func(t *testing.T) { beginsWithFirstStock(t, store) })
	t.Run("adjusts and remembers why", func(t *testing.T) { adjusts(t, store) })
	t.Run("never goes below what is reserved", func(t *testing.T) { keepsReserved(t, store) })
	t.Run("reserves once for each key", func(t *testing.T) { reservesOnce(t, store) })
	t.Run("releases once", func(t *testing.T) { releasesOnce(t, store) })
	t.Run("knows what is missing", func(t *testing.T) { knowsMissing(t, store) })
	t.Run("promises nothing twice to many callers", func(t *testing.T) { promisesNothingTwice(t, store) })
	t.Run("makes one reservation of many with one key", func(t *testing.T) { oneOfMany(t, store) })
}

var now = time.Date(2026, 1, 2, 3, 4, 5, 6000, time.UTC)

func newID(t *testing.T) uuid.UUID {
	t.Helper()
	id, err := uuid.NewV7()
	require.NoError(t, err)
	return id
}

func adjustment(t *testing.T, sku string, delta int64) stock.Adjustment {
	t.Helper()
	return stock.Adjustment{ID: newID(t), SKU: sku, Delta: delta, Reason: "counted", CreatedAt: now}
}

func reservation(t *testing.T, sku string, quantity int64, key string) stock.Reservation {
	t.Helper()
	return stock.Reservation{ID: newID(t), SKU: sku, Quantity: quantity, CreatedAt: now, Key: key}
}

func stocked(t *testing.T, store stock.Store, sku string, quantity int64) {
	t.Helper()
	_, err := store.Adjust(t.Context(), adjustment(t, sku, quantity))
	require.NoError(t, err)
}

func levelOf(t *testing.T, store stock.Store, sku string) stock.Level {
	t.Helper()
	level, err := store.Level(t.Context(), sku)
	require.NoError(t, err)
	return level
}

func beginsWithFirstStock(t *testing.T, store stock.Store) {
	type summary struct {
		sku                string
		quantity, reserved int64
	}
	want := []summary{{"candle-beeswax", 120, 0}, {"kindling-birch", 40, 0}, {"lighter-storm", 75, 0}, {"matches-long", 600, 0}, {"stove-camp", 8, 0}}
	pageOf := func(after string, limit int) []summary {
		levels, err := store.Levels(t.Context(), after, limit)
		require.NoError(t, err)
		got := []summary{}
		for _, level := range levels {
			got = append(got, summary{level.SKU, level.Quantity, level.Reserved})
		}
		return got
	}
	assert.Equal(t, want, pageOf("", 100))
	assert.Equal(t, want[1:3], pageOf("candle-beeswax", 2))
	assert.Equal(t, want[2:3], pageOf("l", 1), "the SKU to go on after may be gone")
	assert.Empty(t, pageOf("zzz", 5))
}

func adjusts(t *testing.T, store stock.Store) {
	first, second := adjustment(t, "adjust", 10), adjustment(t, "adjust", -4)
	stocked(t, store, "adjusted-not", 1)
	level, err := store.Adjust(t.Context(), first)
	require.NoError(t, err)
	assert.Equal(t, stock.Level{SKU: "adjust", Quantity: 10, UpdatedAt: now}, level)
	level, err = store.Adjust(t.Context(), second)
	require.NoError(t, err)
	assert.EqualValues(t, 6, level.Quantity)
	assert.Equal(t, level, levelOf(t, store, "adjust"))

	found, err := store.Adjustments(t.Context(), "adjust", 10)
	require.NoError(t, err)
	assert.Equal(t, []stock.Adjustment{second, first}, found, "newest first, of this SKU only")
	found, err = store.Adjustments(t.Context(), "adjust", 1)
	require.NoError(t, err)
	assert.Equal(t, []stock.Adjustment{second}, found)
}

func keepsReserved(t *testing.T, store stock.Store) {
	_, err := store.Adjust(t.Context(), adjustment(t, "never-had", -1))
	require.ErrorIs(t, err, stock.ErrInsufficient)
	_, err = store.Level(t.Context(), "never-had")
	require.ErrorIs(t, err, stock.ErrNotFound, "a refused adjustment leaves nothing behind")

	stocked(t, store, "below", 5)
	_, _, err = store.Reserve(t.Context(), reservation(t, "below", 3, "below-1"))
	require.NoError(t, err)
	_, err = store.Adjust(t.Context(), adjustment(t, "below", -3))
	require.ErrorIs(t, err, stock.ErrInsufficient)
	_, _, err = store.Reserve(t.Context(), reservation(t, "below", 3, "below-2"))
	require.ErrorIs(t, err, stock.ErrInsufficient)
	level := levelOf(t, store, "below")
	assert.EqualValues(t, 5, level.Quantity)
	assert.EqualValues(t, 3, level.Reserved)
	found, err := store.Adjustments(t.Context(), "below", 10)
	require.NoError(t, err)
	assert.Len(t, found, 1)

	_, _, err = store.Reserve(t.Context(), reservation(t, "below", 2, "below-2"))
	require.NoError(t, err, "a refused reservation does not use its key up")
}

func reservesOnce(t *testing.T, store stock.Store) {
	stocked(t, store, "once", 5)
	first, replayed, err := store.Reserve(t.Context(), reservation(t, "once", 2, "once"))
	require.NoError(t, err)
	assert.False(t, replayed)
	again, replayed, err := store.Reserve(t.Context(), reservation(t, "once", 2, "once"))
	require.NoError(t, err)
	assert.True(t, replayed)
	assert.Equal(t, first, again)
	_, _, err = store.Reserve(t.Context(), reservation(t, "once", 3, "once"))
	require.ErrorIs(t, err, stock.ErrKeyReused)
	assert.EqualValues(t, 2, levelOf(t, store, "once").Reserved)

	found, err := store.Reservation(t.Context(), "once", first.ID)
	require.NoError(t, err)
	assert.Equal(t, first.Quantity, found.Quantity)
	_, err = store.Reservation(t.Context(), "stove-camp", first.ID)
	require.ErrorIs(t, err, stock.ErrNotFound, "it is of another SKU")
}

func releasesOnce(t *testing.T, store stock.Store) {
	stocked(t, store, "release", 5)
	made, _, err := store.Reserve(t.Context(), reservation(t, "release", 5, "release"))
	require.NoError(t, err)
	require.NoError(t, store.Release(t.Context(), "release", made.ID, now.Add(time.Second)))
	require.ErrorIs(t, store.Release(t.Context(), "release", made.ID, now), stock.ErrNotFound)
	level := levelOf(t, store, "release")
	assert.Zero(t, level.Reserved)
	assert.Equal(t, now.Add(time.Second), level.UpdatedAt)
	_, err = store.Reservation(t.Context(), "release", made.ID)
	require.ErrorIs(t, err, stock.ErrNotFound)

	_, replayed, err := store.Reserve(t.Context(), reservation(t, "release", 5, "release"))
	require.NoError(t, err)
	assert.True(t, replayed, "a late repetition reserves nothing")
	assert.Zero(t, levelOf(t, store, "release").Reserved)
}

func knowsMissing(t *testing.T, store stock.Store) {
	_, err := store.Level(t.Context(), "missing")
	require.ErrorIs(t, err, stock.ErrNotFound)
	require.ErrorIs(t, store.Release(t.Context(), "missing", newID(t), now), stock.ErrNotFound)
	_, _, err = store.Reserve(t.Context(), reservation(t, "missing", 1, "missing"))
	require.ErrorIs(t, err, stock.ErrInsufficient)
	found, err := store.Adjustments(t.Context(), "missing", 1)
	require.NoError(t, err)
	assert.Empty(t, found)
}

func promisesNothingTwice(t *testing.T, store stock.Store) {
	stocked(t, store, "many", 3)
	const callers = 8
	results := make(chan error, callers)
	var group sync.WaitGroup
	for n := range callers {
		wanted := reservation(t, "many", 1, "many-"+string(rune('a'+n)))
		group.Go(func() {
			_, _, err := store.Reserve(t.Context(), wanted)
			results <- err
		})
	}
	group.Wait()
	close(results)
	promised := 0
	for err := range results {
		if err == nil {
			promised++
			continue
		}
		assert.ErrorIs(t, err, stock.ErrInsufficient)
	}
	assert.Equal(t, 3, promised)
	assert.EqualValues(t, 3, levelOf(t, store, "many").Reserved)
}

func oneOfMany(t *testing.T, store stock.Store) {
	stocked(t, store, "same", 9)
	const callers = 8
	ids := make(chan uuid.UUID, callers)
	var group sync.WaitGroup
	for range callers {
		wanted := reservation(t, "same", 1, "same")
		group.Go(func() {
			made, _, err := store.Reserve(t.Context(), wanted)
			assert.NoError(t, err)
			ids <- made.ID
		})
	}
	group.Wait()
	close(ids)
	distinct := map[uuid.UUID]bool{}
	for id := range ids {
		distinct[id] = true
	}
	assert.Len(t, distinct, 1)
	assert.EqualValues(t, 1, levelOf(t, store, "same").Reserved)
}

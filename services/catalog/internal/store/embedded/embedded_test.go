package embedded_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/catalog/internal/product"
	"kindling.internal/services/catalog/internal/store/embedded"
	"kindling.internal/services/catalog/internal/store/storetest"
)

func open(t *testing.T, path string) *embedded.Store {
	t.Helper()
	store, err := embedded.Open(embedded.Config{Path: path}, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return store
}

func TestStore(t *testing.T) {
	store := open(t, filepath.Join(t.TempDir(), "catalog.db"))
	t.Cleanup(func() { require.NoError(t, store.Close(context.Background())) })
	storetest.Run(t, store)
}

func TestProductsOutliveTheProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "catalog.db")
	store := open(t, path)
	first, err := store.List(t.Context(), product.Filter{Limit: 1})
	require.NoError(t, err)
	require.NoError(t, store.Delete(t.Context(), first[0].ID, product.AnyVersion))
	require.NoError(t, store.Close(context.Background()))

	store = open(t, path)
	defer func() { require.NoError(t, store.Close(context.Background())) }()
	_, err = store.Get(t.Context(), first[0].ID)
	assert.ErrorIs(t, err, product.ErrNotFound, "the first products are not put back")
}

package postgres_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"kindling.internal/services/catalog/internal/product"
	"kindling.internal/services/catalog/internal/store/postgres"
	"kindling.internal/services/catalog/internal/store/storetest"
	"kindling.internal/services/kit/postgres/postgrestest"
)

func TestStore(t *testing.T) {
	server := postgrestest.New(t)
	server.Start(t)
	store, err := postgres.Open(t.Context(), server.Config(), slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close(context.Background())) })
	require.Eventually(t, func() bool { return store.Check(t.Context()) == nil }, 10*time.Second, 10*time.Millisecond)
	storetest.Run(t, store)

	server.Stop(t)
	_, err = store.List(t.Context(), product.Filter{Limit: 1})
	require.ErrorIs(t, err, product.ErrUnavailable)
}

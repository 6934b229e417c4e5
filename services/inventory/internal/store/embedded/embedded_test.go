package embedded_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"kindling.internal/services/inventory/internal/store/embedded"
	"kindling.internal/services/inventory/internal/store/storetest"
)

func TestStore(t *testing.T) {
	config := embedded.Config{Path: filepath.Join(t.TempDir(), "inventory.db")}
	store, err := embedded.Open(config, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close(context.Background())) })
	storetest.Run(t, store)
}

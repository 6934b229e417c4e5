package embedded_test

import (
	"context"
	"log/slog"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/embedded"
)

var quiet = slog.New(slog.DiscardHandler)

func TestFileLiesInTheCacheFolderUnlessToldOtherwise(t *testing.T) {
	folder := t.TempDir()
	t.Setenv("XDG_CACHE_HOME", folder)
	database, err := embedded.Open("catalog", embedded.Config{}, quiet)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, "kindling", "catalog.db"), database.Bolt.Path())
	require.NoError(t, database.Close(context.Background()))
}

func TestFolderThatCannotBeMadeIsPassedOver(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/proc/nothing")
	folder := t.TempDir()
	t.Setenv("TMPDIR", folder)
	database, err := embedded.Open("catalog", embedded.Config{}, quiet)
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(folder, "kindling", "catalog.db"), database.Bolt.Path())
	require.NoError(t, database.Close(context.Background()))
}

func TestFileThatIsOpenElsewhereIsRefusedWithAWayOut(t *testing.T) {
	config := embedded.Config{Path: filepath.Join(t.TempDir(), "one.db")}
	database, err := embedded.Open("catalog", config, quiet)
	require.NoError(t, err)
	defer func() { require.NoError(t, database.Close(context.Background())) }()
	_, err = embedded.Open("catalog", config, quiet)
	require.ErrorContains(t, err, "STORE_PATH chooses another file")
	require.ErrorContains(t, err, "timeout")
}

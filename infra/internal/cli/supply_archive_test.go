package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// kindling runs a command line in this checkout, with an empty cache.
func kindling(t *testing.T, args ...string) (code int, out, errs string) {
	t.Helper()
	if os.Getenv("KINDLING_CACHE") == "" {
		t.Setenv("KINDLING_CACHE", t.TempDir())
	}
	var stdout, stderr bytes.Buffer
	code = Run(t.Context(), args, nil, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestExportRefusesAFileThatCannotBe(t *testing.T) {
	dir := t.TempDir()
	code, _, errs := kindling(t, "supply", "export", filepath.Join(dir, "missing", "parts.tar.zst"))
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, filepath.Join(dir, "missing")+" is no folder")

	code, _, errs = kindling(t, "supply", "export", dir)
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, dir+" is a folder")

	code, _, errs = kindling(t, "supply", "export")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "0 arguments given, 1 wanted")
}

func TestImportTellsAMissingFileFromADamagedOne(t *testing.T) {
	file := filepath.Join(t.TempDir(), "parts.tar.zst")
	code, _, errs := kindling(t, "supply", "import", file)
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "there is no file "+file)

	require.NoError(t, os.WriteFile(file, []byte("kindling"), 0o644))
	code, _, errs = kindling(t, "supply", "import", file)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "✗ import: nothing was imported")
	assert.Contains(t, errs, "it is not an archive of kindling supply export, or it is damaged")
	assert.Contains(t, errs, "sha256sum")
}

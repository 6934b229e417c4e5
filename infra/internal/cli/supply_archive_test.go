package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestExportRefusesAFileThatCannotBe(t *testing.T) {
	dir := checkout(t)
	code, _, errs := invoke("supply", "export", filepath.Join(dir, "missing", "parts.tar.zst"))
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, filepath.Join(dir, "missing")+" is no folder")

	code, _, errs = invoke("supply", "export", dir)
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, dir+" is a folder")

	code, _, errs = invoke("supply", "export")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "0 arguments given, 1 wanted")
}

func TestImportTellsAMissingFileFromADamagedOne(t *testing.T) {
	t.Setenv("KINDLING_CACHE", t.TempDir())
	file := filepath.Join(t.TempDir(), "parts.tar.zst")
	code, _, errs := invoke("supply", "import", file)
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "there is no file "+file)

	require.NoError(t, os.WriteFile(file, []byte("kindling"), 0o644))
	code, _, errs = invoke("supply", "import", file)
	assert.Equal(t, exitFailed, code)
	assert.Contains(t, errs, "✗ import: nothing was imported")
	assert.Contains(t, errs, "it is not an archive of kindling supply export, or it is damaged")
	assert.Contains(t, errs, "sha256sum")
}

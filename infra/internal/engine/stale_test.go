package engine

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestPidFilesOfOtherProgramsAreRemovedAndOfLivingDaemonsKept(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		return path
	}
	write("proc/10/comm", "dockerd\n")
	write("proc/11/comm", "bash\n")
	living, reused, gone := write("living.pid", "10"), write("reused.pid", "11"), write("gone.pid", "12\n")
	files := map[string]string{living: "dockerd", reused: "dockerd", gone: "dockerd", filepath.Join(dir, "never.pid"): "dockerd"}
	require.NoError(t, clearStale(files, filepath.Join(dir, "proc")))
	assert.FileExists(t, living)
	assert.NoFileExists(t, reused)
	assert.NoFileExists(t, gone)
}

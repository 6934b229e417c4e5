package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestDirenvLeadsTerraformToTheProviders runs .envrc as direnv does, in a folder with and without what make up writes.
func TestDirenvLeadsTerraformToTheProviders(t *testing.T) {
	envrc, err := filepath.Abs(filepath.Join(root, ".envrc"))
	require.NoError(t, err)
	dir := t.TempDir()
	settings := filepath.Join(dir, ".kindling", "terraform.rc")
	run := func() string {
		cmd := exec.CommandContext(t.Context(), "bash", "-euc", `watch_file() { :; }; unset TF_CLI_CONFIG_FILE; source "$0"; printf %s "${TF_CLI_CONFIG_FILE:-}"`, envrc)
		cmd.Dir = dir
		out, err := cmd.Output()
		require.NoError(t, err)
		return string(out)
	}
	assert.Empty(t, run(), "Terraform complains of a file that is not there")
	require.NoError(t, os.MkdirAll(filepath.Dir(settings), 0o755))
	require.NoError(t, os.WriteFile(settings, nil, 0o644))
	assert.Equal(t, settings, run())
}

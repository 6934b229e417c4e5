package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/terraform"
)

// program writes an executable.
func program(t *testing.T, path string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte("#!/bin/sh\n"), 0o755))
}

func TestAHostWithoutTerraformUsesTheOpenTofuThatWasBuilt(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("KINDLING_TERRAFORM", "")
	s := &supplyAdapter{root: t.TempDir()}
	assert.Equal(t, []string{supply.OpenTofuPart}, missingPrograms())
	_, err := s.useTerraform()
	require.ErrorIs(t, err, terraform.ErrAbsent, "it is not built yet")

	link := filepath.Join(s.root, ".kindling", "bin", "tofu")
	program(t, link)
	path, err := s.useTerraform()
	require.NoError(t, err)
	assert.Equal(t, link, path)
	found, err := terraform.Find()
	require.NoError(t, err)
	assert.Equal(t, link, found, "roots are opened with it")
	assert.Empty(t, missingPrograms())
}

func TestAHostsOwnProgramIsPreferred(t *testing.T) {
	for _, name := range []string{"terraform", "tofu"} {
		t.Run(name, func(t *testing.T) {
			bin := t.TempDir()
			t.Setenv("PATH", bin)
			t.Setenv("KINDLING_TERRAFORM", "")
			program(t, filepath.Join(bin, name))
			s := &supplyAdapter{root: t.TempDir()}
			program(t, filepath.Join(s.root, ".kindling", "bin", "tofu"))
			assert.Empty(t, missingPrograms())
			path, err := s.useTerraform()
			require.NoError(t, err)
			assert.Equal(t, filepath.Join(bin, name), path)
		})
	}
}

func TestAWrongPathOfTerraformIsNotReplacedByAnother(t *testing.T) {
	t.Setenv("KINDLING_TERRAFORM", filepath.Join(t.TempDir(), "terraform"))
	s := &supplyAdapter{root: t.TempDir()}
	program(t, filepath.Join(s.root, ".kindling", "bin", "tofu"))
	assert.Empty(t, missingPrograms())
	_, err := s.useTerraform()
	require.ErrorIs(t, err, os.ErrNotExist)
}

package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestLoginKeepsWhatDockerKnows(t *testing.T) {
	dir := t.TempDir()
	a, _ := machine(t, map[string]string{"DOCKER_CONFIG": dir, "REGISTRY_USER": "me", "REGISTRY_PASSWORD": "secret"})
	put(t, dir, "config.json", `{"auths":{"quay.io":{"auth":"eA=="}},"credsStore":""}`)
	require.NoError(t, a.command(t.Context(), []string{"login", "ghcr.io/me/shop"}))
	file := filepath.Join(dir, "config.json")
	assert.JSONEq(t, `{"auths":{"quay.io":{"auth":"eA=="},"ghcr.io":{"auth":"bWU6c2VjcmV0"}},"credsStore":""}`, string(read(t, file)))

	a, _ = machine(t, map[string]string{"HOME": t.TempDir()})
	assert.ErrorContains(t, a.command(t.Context(), []string{"login", "ghcr.io"}), "REGISTRY_USER, REGISTRY_PASSWORD")
}

const measuring = "bench:\n\t@printf '2026-11-26 · here\\n\\n| name | what | bar | median | worst | raw |\\n|---|---|---|---|---|---|\\n| image | a / b | ≤ 1.15 | %s | 1.20 | 3 / 2 s |\\n' $$(cat median)\n"

func TestBenchmarksHaveAHistory(t *testing.T) {
	a, out := machine(t, nil)
	put(t, a.root, "Makefile", measuring)
	put(t, a.root, "median", "1.10")
	require.NoError(t, a.command(t.Context(), []string{"bench"}))
	assert.Contains(t, out.String(), "| image | ≤ 1.15 | 1.10 | 1.20 | first |")
	put(t, a.root, "median", "1.05")
	out.Reset()
	require.NoError(t, a.command(t.Context(), []string{"bench", "image"}))
	assert.Regexp(t, `\| image \| ≤ 1\.15 \| 1\.05 \| 1\.20 \| 1\.10 \([0-9a-f]{7}\) \|`, out.String())
	assert.Equal(t, 2, strings.Count(string(read(t, filepath.Join(a.root, ".kindling", "ci", "benchmarks.jsonl"))), "\n"))
}

func TestBenchmarksWithoutFiguresAreAFailure(t *testing.T) {
	a, _ := machine(t, nil)
	put(t, a.root, "Makefile", "bench:\n\t@echo nothing\n")
	assert.ErrorContains(t, a.command(context.Background(), []string{"bench"}), "no figures")
}

func TestAPipelineInstallsWhatTheNodeImageTakes(t *testing.T) {
	programs := t.TempDir()
	put(t, programs, "sudo", "#!/bin/sh\nshift\nexec \"$@\"\n")
	for name, c := range map[string]struct {
		ci    string
		names []string
		want  string
	}{
		"in a pipeline":    {"true", []string{"up-cold"}, "mmdebstrap debian-archive-keyring\n"},
		"on a machine":     {"", []string{"up-cold"}, ""},
		"without clusters": {"true", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			a, _ := machine(t, map[string]string{"CI": c.ci})
			put(t, a.root, "tests/apt.sh", "#!/bin/sh\necho \"$@\" >installed\n")
			t.Setenv("PATH", programs) // which has no mmdebstrap
			require.NoError(t, a.nodeTools(t.Context(), c.names))
			installed, err := os.ReadFile(filepath.Join(a.root, "installed"))
			assert.Equal(t, c.want, string(installed))
			assert.Equal(t, c.want == "", errors.Is(err, os.ErrNotExist))
		})
	}
}

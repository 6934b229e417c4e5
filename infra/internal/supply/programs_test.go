package supply

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAProgramThatDoesNotCompileShowsTheCompilersLines(t *testing.T) {
	b, _ := newBuilder(t)
	dir, part := buildModule(t)
	write(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main( {\n")

	_, err := b.Ensure(t.Context(), []Part{part}, "tool")
	var failed *BuildError
	require.ErrorAs(t, err, &failed)
	assert.Contains(t, strings.Join(failed.Last, "\n"), "main.go:3:12: syntax error")
}

func TestProgramsAreBuiltApartFromTheWorkspaceAndTheirSumsAreKept(t *testing.T) {
	env := goEnvironment()
	assert.Contains(t, env, "GOWORK=off")
	assert.Contains(t, env, "GOFLAGS=-mod=readonly")
	assert.Contains(t, env, "CGO_ENABLED=0")
}

package e2e

import (
	"io/fs"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (e *environment) downLeavesNothing(t *testing.T) {
	for _, time := range []string{"first", "second"} {
		r := e.run(t, warmLimit, "make", "down", "env="+e.name)
		require.Zero(t, r.code, "the %s down: %s", time, r.text())
		assert.Empty(t, e.leftovers(t))
		assert.Empty(t, e.stateFiles(t))
	}
	r := e.kindling(t, "status", "--env", e.name)
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.stderr, "environment "+e.name+" is not up")
}

// leftovers are what the engine has under the tests' names, found by name and not by the labels
// that the tool looks for.
func (e *environment) leftovers(t *testing.T) []string {
	t.Helper()
	var left []string
	for what, args := range map[string][]string{
		"container": {"ps", "--all", "--format", "{{.Names}}"},
		"volume":    {"volume", "ls", "--format", "{{.Name}}"},
		"network":   {"network", "ls", "--format", "{{.Name}}"},
	} {
		out, err := exec.CommandContext(t.Context(), "docker", args...).Output()
		require.NoError(t, err)
		for _, name := range strings.Fields(string(out)) {
			if strings.HasPrefix(name, e.cluster+"-") || name == "kindling-"+e.cluster {
				left = append(left, what+" "+name)
			}
		}
	}
	return left
}

// stateFiles are what tells of a cluster that is there: states, kubeconfigs, keys.
func (e *environment) stateFiles(t *testing.T) []string {
	t.Helper()
	var found []string
	for _, folder := range []string{e.path("environments", e.name), e.path(".kindling", e.name)} {
		require.NoError(t, filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
			if err != nil {
				return err
			}
			name := entry.Name()
			if entry.IsDir() && name == ".terraform" {
				return filepath.SkipDir
			}
			if strings.Contains(name, ".tfstate") || strings.HasSuffix(name, ".tfplan") || name == "kubeconfig" || name == "tls.key" {
				found = append(found, path)
			}
			return nil
		}))
	}
	return found
}

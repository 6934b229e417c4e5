// Package variables holds the tests of Terraform modules and roots to what these can be told: each
// variable, and each attribute of one, is set by a run that asserts something, and each condition is
// broken by one.
package variables

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

const root = "../.."

// The workloads roots are the same files in all environments, to which the tests in ../parity hold
// them: those of dev are tested.
const testedWorkloads = "environments/dev/workloads"

func TestEveryVariableIsTriedAndEveryConditionBroken(t *testing.T) {
	folders := terraformFolders(t)
	require.Greater(t, len(folders), 25)
	for _, folder := range folders {
		for _, gap := range gaps(t, filepath.Join(root, folder)) {
			t.Errorf("%s: %s", folder, gap)
		}
	}
}

// terraformFolders are the modules and roots that tests can be asked of.
func terraformFolders(t *testing.T) []string {
	t.Helper()
	folders := []string{testedWorkloads}
	for _, pattern := range []string{"modules/*/variables.tf", "modules/*/*/variables.tf", "environments/*/cluster/variables.tf"} {
		for _, path := range glob(t, root, pattern) {
			folder, err := filepath.Rel(root, filepath.Dir(path))
			require.NoError(t, err)
			folders = append(folders, filepath.ToSlash(folder))
		}
	}
	return folders
}

// gaps are what the tests of a folder do not do.
func gaps(t *testing.T, dir string) []string {
	t.Helper()
	declared, tried := declaredBy(t, dir), triedBy(t, dir)
	var found []string
	for _, option := range declared.options {
		if !tried.sets(option) {
			found = append(found, fmt.Sprintf("no run that asserts something sets %s to anything but its default", option))
		}
	}
	for _, address := range slices.Sorted(maps.Keys(declared.conditions)) {
		if n, broken := declared.conditions[address], tried.refusals[address]; broken < n {
			found = append(found, fmt.Sprintf("%s has %d conditions, and %d runs expect one to fail", address, n, broken))
		}
	}
	return found
}

func glob(t *testing.T, dir, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
	require.NoError(t, err)
	return found
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return text
}

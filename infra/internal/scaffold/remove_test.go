package scaffold

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func refusedRemoval(t *testing.T, root, name string) Refused {
	t.Helper()
	err := Remove(t.Context(), root, name, false)
	var reasons Refused
	require.ErrorAs(t, err, &reasons)
	return reasons
}

func TestRemoveTakesBackWhatNewWrote(t *testing.T) {
	root := checkout(t)
	for _, c := range combinations() {
		_, err := New(t.Context(), root, c.request)
		require.NoError(t, err)
		require.NoError(t, Remove(t.Context(), root, c.name, true))
		files, err := uncommitted(t.Context(), root, ".")
		require.NoError(t, err)
		assert.Empty(t, files, c.name)
	}
}

func TestAServiceThatIsCalledIsNotRemovedUnlessForced(t *testing.T) {
	root := checkout(t)
	reasons := refusedRemoval(t, root, "catalog")
	assert.Equal(t, Refused{{Problem: "inventory calls catalog", Fix: "take catalog out of calls in services/inventory/service.yaml, or --force"}}, reasons)
	assert.DirExists(t, filepath.Join(root, "services", "catalog"))
	require.NoError(t, Remove(t.Context(), root, "catalog", true))
	assert.NoDirExists(t, filepath.Join(root, "services", "catalog"))
	assert.NotContains(t, read(t, root, "go.work"), "catalog")
}

func TestUncommittedWorkIsNotRemovedUnlessForced(t *testing.T) {
	root := checkout(t)
	write(t, root, "services/inventory/draft.go", "package main\n")
	write(t, root, "services/catalog/elsewhere.go", "package main\n")
	reasons := refusedRemoval(t, root, "inventory")
	require.Len(t, reasons, 1)
	assert.Equal(t, []string{"services/inventory/draft.go"}, reasons[0].Seen)
	require.NoError(t, os.Remove(filepath.Join(root, "services", "inventory", "draft.go")))
	require.NoError(t, Remove(t.Context(), root, "inventory", false), "what is uncommitted elsewhere is no hindrance")
}

func TestAllReasonsAgainstARemovalComeAtOnce(t *testing.T) {
	root := checkout(t)
	write(t, root, "services/catalog/draft.go", "package main\n")
	assert.Len(t, refusedRemoval(t, root, "catalog"), 2)
}

func TestMistakesInDescriptionsLeaveCallersUncertain(t *testing.T) {
	root := checkout(t)
	write(t, root, "services/inventory/service.yaml", "name: inventory\n")
	reasons := refusedRemoval(t, root, "catalog")
	assert.Contains(t, reasons[0].Problem, "not certain that nobody calls catalog")
	assert.Contains(t, reasons[0].Seen[0], "services/inventory/service.yaml")
}

func TestOnlyServicesAreRemoved(t *testing.T) {
	root := checkout(t)
	for _, name := range []string{"payments", "kit", "..", "", "service.schema.json", "catalog/internal"} {
		reasons := refusedRemoval(t, root, name)
		assert.Contains(t, reasons[0].Problem, "there is no service", name)
		assert.Equal(t, "known are catalog, inventory", reasons[0].Fix)
		require.Error(t, Remove(t.Context(), root, name, true), "nor by force: %q", name)
	}
}

func TestAnEntryWhoseFolderIsGoneIsRemoved(t *testing.T) {
	root := checkout(t)
	require.NoError(t, os.RemoveAll(filepath.Join(root, "services", "inventory")))
	commit(t, root)
	require.NoError(t, Remove(t.Context(), root, "inventory", false))
	assert.NotContains(t, read(t, root, "go.work"), "inventory")
}

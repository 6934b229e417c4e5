package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/supply"
)

func TestAnUnknownSupplyIsRefusedBeforeAnythingIsDone(t *testing.T) {
	checkout(t, "dev")
	t.Setenv("KINDLING_SUPPLY", "online")
	for _, args := range [][]string{{"up", "--env", "dev"}, {"plan", "--env", "dev"}, {"supply", "providers"}} {
		code, out, errs := invoke(args...)
		assert.Equal(t, exitInput, code, errs)
		assert.Empty(t, out)
		assert.Contains(t, errs, `KINDLING_SUPPLY is "online", it can be auto, upstream or source`)
	}
}

// record writes what an up of an environment leaves: its state and the variables of its supply.
func record(t *testing.T, root, environment, state, variables string) {
	t.Helper()
	dir := filepath.Join(root, "environments", environment, "cluster")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "terraform.tfstate"), []byte(state), 0o644))
	if variables != "" {
		require.NoError(t, os.WriteFile(filepath.Join(dir, "supply.auto.tfvars.json"), []byte(variables), 0o644))
	}
}

func TestAStandingClustersSupplyIsReadFromItsRoot(t *testing.T) {
	const there = `{"version": 4, "resources": [{"mode": "managed", "type": "kind_registry"}, {"mode":"managed","type":"kind_cluster"}]}`
	for name, c := range map[string]struct {
		state, variables string
		want             supply.Kind
	}{
		"made from source":   {there, `{"node_image": "kindling.internal/node:1", "registry_image": "x"}`, supply.Source},
		"made from upstream": {there, `{"registry_image": "x"}`, supply.Upstream},
		"gone":               {`{"version": 4, "resources": []}`, `{"node_image": "x"}`, ""},
		"never made":         {`{"version": 4, "resources": [{"type": "kind_registry"}]}`, `{"node_image": "x"}`, ""},
		"made by hand":       {there, "", ""},
		"unreadable":         {"{", `{"node_image": "x"}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			record(t, root, "dev", c.state, c.variables)
			assert.Equal(t, c.want, standing(root, "dev"))
			assert.Equal(t, c.want, standing(root, ""), "commands without an environment heed any cluster")
			assert.Empty(t, standing(root, "staging"))
		})
	}
}

func TestTheChoiceIsMadeOnceARun(t *testing.T) {
	root := t.TempDir()
	t.Setenv("KINDLING_SUPPLY", "auto")
	record(t, root, "dev", `{"resources": [{"type": "kind_cluster"}]}`, `{"registry_image": "x"}`)
	s, err := (&app{}).supply(root, "dev")
	require.NoError(t, err)
	first, err := s.choose(t.Context())
	require.NoError(t, err)
	assert.Equal(t, supply.Upstream, first.Kind)

	t.Setenv("KINDLING_SUPPLY", "source")
	again, err := s.choose(t.Context())
	require.NoError(t, err)
	assert.Equal(t, first, again)
}

func TestWhatIsNotProvidedIsNotNamed(t *testing.T) {
	s := &supplyAdapter{root: t.TempDir(), provided: supply.NewProvided(nil)}
	ref, err := s.load(t.Context(), "node")
	require.NoError(t, err)
	assert.Empty(t, ref)
	all, pushed, err := s.Push(t.Context(), "localhost:1")
	require.NoError(t, err)
	assert.Zero(t, all+pushed)
}

func TestAConfigurationIsReplacedOnlyWhenItChanges(t *testing.T) {
	path := filepath.Join(t.TempDir(), "folder", "terraform.rc")
	require.NoError(t, replaceFile(path, []byte("one")))
	before, err := os.Stat(path)
	require.NoError(t, err)
	require.NoError(t, replaceFile(path, []byte("one")))
	same, err := os.Stat(path)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, same))

	require.NoError(t, replaceFile(path, []byte("two")))
	after, err := os.Stat(path)
	require.NoError(t, err)
	assert.False(t, os.SameFile(before, after), "whoever reads the former file reads all of it")
	assert.NoFileExists(t, path+".new")
}

func TestTheSupplyLineCountsParts(t *testing.T) {
	for want, count := range map[string]partCount{
		"8 parts, all cached":      {cached: 8},
		"1 part, cached":           {cached: 1},
		"1 part built, 7 cached":   {cached: 7, built: 1},
		"12 parts built, 0 cached": {built: 12},
	} {
		assert.Equal(t, want, count.String())
	}
}

func TestProvidersOfASupply(t *testing.T) {
	assert.Equal(t, []string{"provider-kind"}, providersOf(supply.Upstream))
	assert.Equal(t, supply.ProviderParts(), providersOf(supply.Source))
}

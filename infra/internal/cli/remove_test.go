package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/release"
)

// recorded is a clone whose dev has run both services, and whose staging has run the catalog. None is up.
func recorded(t *testing.T) string {
	t.Helper()
	root := clone(t)
	for _, environment := range []string{"dev", "staging"} {
		record := release.Record{Services: map[string]release.Entry{"catalog": {Image: "localhost:5001/catalog@sha256:" + digest, Version: "v1"}}}
		if environment == "dev" {
			record.Set("inventory", "localhost:5001/inventory@sha256:"+digest, "v1")
		}
		_, err := release.Save(root, environment, record)
		require.NoError(t, err)
		require.NoError(t, os.MkdirAll(filepath.Join(root, "environments", environment, "cluster"), 0o755))
	}
	return root
}

func TestRemoveServiceNamesTheEnvironmentsThatStillHaveIt(t *testing.T) {
	root := recorded(t)
	put(t, root, "environments/staging/cluster/main.tf", "module \"cluster\" {\n  source = \"../../../modules/cluster/eks\"\n}\n")
	code, out, errs := invoke("remove", "service", "inventory")
	require.Equal(t, exitDone, code, errs)
	assert.Equal(t, "services/inventory and its entry in go.work are removed\n  next   make up env=dev forgets it: dev is not up\n", out)
	assert.NoDirExists(t, filepath.Join(root, "services", "inventory"))

	code, out, errs = invoke("remove", "service", "catalog")
	require.Equal(t, exitDone, code, errs)
	assert.Equal(t, "services/catalog and its entry in go.work are removed\n"+
		"  next   make up env=dev forgets it: dev is not up\n"+
		"         make up env=staging removes what runs there\n", out)

	code, out, errs = invoke("remove", "service", "catalog")
	require.Equal(t, exitDone, code, errs)
	assert.Equal(t, "  next   make up env=dev forgets it: dev is not up\n"+
		"         make up env=staging removes what runs there\n", out, "as long as something is left to do, so does a second run say")
}

func TestRemoveServiceLeavesWhatRunsWhereThatIsWanted(t *testing.T) {
	root := recorded(t)
	code, out, errs := invoke("remove", "service", "catalog", "--force", "--keep-running", "--output", "json")
	require.Equal(t, exitDone, code, errs)
	assert.JSONEq(t, `{"service":"catalog","runs_in":["dev","staging"]}`, out)
	assert.NoDirExists(t, filepath.Join(root, "services", "catalog"))
}

func TestRemoveServiceDropsADatabaseByTheWordYesAlone(t *testing.T) {
	root := recorded(t)
	for _, args := range [][]string{{"--drop-database", "y"}, {"--drop-database", "true"}, {"--keep-running", "--drop-database", "yes"}, {"--keep-running", "--env", "dev"}} {
		code, out, errs := invoke(append([]string{"remove", "service", "inventory"}, args...)...)
		assert.Equal(t, exitInput, code, args)
		assert.Empty(t, out)
		assert.Contains(t, errs, "kindling remove service inventory --", args)
	}
	assert.DirExists(t, filepath.Join(root, "services", "inventory"))

	put(t, root, "environments/staging/cluster/main.tf", "module \"cluster\" {\n  source = \"../../../modules/cluster/eks\"\n}\n")
	code, out, errs := invoke("remove", "service", "catalog", "--force", "--drop-database", "yes")
	require.Equal(t, exitDone, code, errs)
	assert.Contains(t, out, `TF_VAR_dropped_databases='["catalog"]' make up env=staging confirm=yes removes what runs there, and its database`)
}

const digest = "0123456789012345678901234567890123456789012345678901234567890123"

func TestRemoveServiceThatRunsNowhereSaysSo(t *testing.T) {
	clone(t)
	code, out, errs := invoke("remove", "service", "inventory")
	require.Equal(t, exitDone, code, errs)
	assert.Contains(t, out, "it runs nowhere")
}

func TestRemoveServiceIsRefusedWithAllReasonsAndExitsTwo(t *testing.T) {
	root := clone(t)
	put(t, root, "services/catalog/draft.go", "package main\n")
	code, out, errs := invoke("remove", "service", "catalog")
	assert.Equal(t, exitInput, code)
	assert.Empty(t, out)
	assert.Equal(t, "✗ remove: inventory calls catalog\n"+
		"  next   take catalog out of calls in services/inventory/service.yaml, or --force\n"+
		"✗ remove: services/catalog has uncommitted changes, which git would not get back\n"+
		"  seen   services/catalog/draft.go\n"+
		"  next   commit them, or --force\n", errs)

	code, _, errs = invoke("remove", "service", "catalog", "--force")
	assert.Equal(t, exitDone, code, errs)
}

func TestRemoveServiceKnowsWhichThereAre(t *testing.T) {
	clone(t)
	code, _, errs := invoke("remove", "service", "payments", "--force")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, `there is no service "payments"`)
	assert.Contains(t, errs, "known are catalog, inventory")
}

func TestRemoveServiceFromAnEnvironmentThatDoesNotExistRemovesNothing(t *testing.T) {
	root := clone(t)
	code, _, errs := invoke("remove", "service", "inventory", "--env", "dev,moon")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "there is no environment")
	assert.DirExists(t, filepath.Join(root, "services", "inventory"))
}

package cli

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/release"
)

func TestRemoveServiceNamesTheEnvironmentsThatStillRunIt(t *testing.T) {
	root := clone(t)
	for _, environment := range []string{"dev", "staging"} {
		record := release.Record{Services: map[string]release.Entry{"catalog": {Image: "localhost:5001/catalog@sha256:" + digest, Version: "v1"}}}
		if environment == "dev" {
			record.Set("inventory", "localhost:5001/inventory@sha256:"+digest, "v1")
		}
		_, err := release.Save(root, environment, record)
		require.NoError(t, err)
	}
	code, out, errs := invoke("remove", "service", "inventory")
	require.Equal(t, exitDone, code, errs)
	assert.Equal(t, "services/inventory and its entry in go.work are removed\n  next   make up env=dev removes what runs there\n", out)
	assert.NoDirExists(t, filepath.Join(root, "services", "inventory"))

	code, out, errs = invoke("remove", "service", "catalog")
	require.Equal(t, exitDone, code, errs)
	assert.Equal(t, "services/catalog and its entry in go.work are removed\n"+
		"  next   make up env=dev removes what runs there\n"+
		"         make up env=staging removes what runs there\n", out)
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

package e2e

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// providedSecretReachesItsService gives a service a secret that people provide, changes its value and
// takes the secret away again.
func (e *environment) providedSecretReachesItsService(t *testing.T) {
	const file = "services/catalog/service.yaml"
	before, err := os.ReadFile(e.path(file))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(e.path(file), append(before, []byte("secrets:\n  - {name: partner-key, env: PARTNER_KEY, provided: true}\n")...), 0o644))
	defer func() {
		require.NoError(t, os.WriteFile(e.path(file), before, 0o644))
		e.up(t)
		assert.Empty(t, e.mustKubectl(t, "get", "secrets", "--namespace=apps", "--field-selector=metadata.name=catalog-partner-key", "--output=name"))
	}()

	r := e.refused(t, 2, []string{"catalog needs the secret partner-key, which " + e.name + " does not have", "make secret env=" + e.name + " service=catalog name=partner-key"},
		"up", "--env", e.name)
	assert.Less(t, r.elapsed, refusalLimit)

	pods := e.running(t)
	for _, change := range []string{"first", "second"} {
		value := "${" + change + "} \"" + rand.Text() // neither Terraform nor JSON may take it for something else
		e.provide(t, "partner-key", value)
		e.planTellsNothingOf(t, value)
		e.up(t)
		assert.Equal(t, value, e.secretValues(t)["apps/catalog-partner-key/value"])
		assert.Equal(t, "catalog-partner-key", e.mustKubectl(t, "get", "deployment", "catalog", "--namespace=apps",
			`--output=jsonpath={.spec.template.spec.containers[0].env[?(@.name=="PARTNER_KEY")].valueFrom.secretKeyRef.name}`))
		fresh := e.running(t)
		assert.NotEqual(t, pods, fresh, "pods read a value at their start")
		pods = fresh
		e.everyServiceAnswers(t)
		e.noSecretIn(t, "")
		e.provide(t, "partner-key", value)
		e.plansAreEmpty(t)
	}
}

// planTellsNothingOf plans the workloads with a value that the cluster does not have yet.
func (e *environment) planTellsNothingOf(t *testing.T, value string) {
	t.Helper()
	options := e.root("workloads")
	options.PlanFilePath = filepath.Join(t.TempDir(), "secret.tfplan")
	assert.Equal(t, planChanges, terraform.PlanExitCodeContext(t, t.Context(), options))
	files := unzip(t, options.PlanFilePath)
	require.NotEmpty(t, files)
	for name, content := range files {
		for _, spelling := range spellings(t, value) {
			assert.False(t, strings.Contains(content, spelling), "the value lies in the plan's %s", name)
		}
	}
}

// provide sets a secret of the catalog.
func (e *environment) provide(t *testing.T, name, value string) {
	t.Helper()
	encoded := base64.StdEncoding.EncodeToString([]byte(value)) // it shall not be found in a log by its text
	r := e.run(t, warmLimit, "sh", "-c", fmt.Sprintf("echo %s | base64 -d | make --silent secret env=%s service=catalog name=%s", encoded, e.name, name))
	require.Zero(t, r.code, r.text())
}

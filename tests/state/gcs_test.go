package state

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStatesInGCS(t *testing.T) {
	endpoint := newGCS(t)
	address := "gs://states/kindling?project=tests&endpoint=" + endpoint
	first := newMachine(t)
	first.apply(t)
	before := first.show(t)
	first.must(t, "state", "init", "--env", environment, "--bucket", address)

	after := first.show(t)
	assert.Equal(t, "gs://states/kindling/fixture/workloads/default.tfstate", after["workloads"].Where)
	for _, root := range []string{"cluster", "workloads"} {
		assert.Equal(t, before[root].Serial, after[root].Serial)
		assert.Equal(t, before[root].Lineage, after[root].Lineage)
		assert.Equal(t, before[root].Resources, after[root].Resources)
	}
	first.plansAreEmpty(t)
	first.must(t, "state", "init", "--env", environment)
	for name, content := range first.files(t) {
		assert.NotContains(t, content, token, name)
	}

	second := first.another(t)
	terraform.InitContext(t, t.Context(), second.terraform("cluster"))
	apply := exec.Command("terraform", "apply", "-auto-approve", "-input=false", "-no-color", "-var=round=2")
	apply.Dir = first.root("cluster")
	first.begin(t, apply)
	_, err := terraform.ApplyContextE(t, t.Context(), second.terraform("cluster"))
	require.ErrorContains(t, err, "Error acquiring the state lock")
	kill(apply)
	first.slowly(t, false)

	lock := second.show(t)["cluster"].Lock
	require.NotNil(t, lock)
	assert.Regexp(t, `^\d+$`, lock.ID, "Terraform knows a lock in GCS by the generation of its object")
	first.refused(t, 1, []string{"is locked by " + lock.Who + " (apply) since", "--id " + lock.ID}, "down", "--env", environment)
	second.must(t, "state", "unlock", "--env", environment, "--id", lock.ID)
	first.apply(t)
	first.plansAreEmpty(t)
	assert.NoFileExists(t, filepath.Join(first.root("cluster"), "terraform.tfstate"))
}

package state

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheRootsOfStagingTakeABucket moves those of this repository, in a copy: their files and the
// module tests know nothing of backends.
func TestTheRootsOfStagingTakeABucket(t *testing.T) {
	server := newS3(t)
	source := checkout(t)
	m := &machine{dir: t.TempDir(), tool: filepath.Join(source, ".kindling", "bin", "kindling")}
	out, err := exec.CommandContext(t.Context(), filepath.Join(source, "tests", "copy.sh"), m.dir).CombinedOutput()
	require.NoError(t, err, "%s", out)
	m.must(t, "supply", "providers")
	m.must(t, "state", "init", "--env", "staging", "--bucket", server.address("staging"))
	m.refused(t, 1, []string{"environment staging is not up"}, "status", "--env", "staging")

	root := func(name string) *terraform.Options {
		options := m.terraform(name)
		options.TerraformDir = m.path("environments", "staging", name)
		terraform.InitContext(t, t.Context(), options)
		return options
	}
	assert.Equal(t, 2, terraform.PlanExitCodeContext(t, t.Context(), root("cluster")), "a cluster would be made")
	_, err = terraform.PlanContextE(t, t.Context(), root("workloads"))
	assert.ErrorContains(t, err, "No stored state was found", "it looks for the cluster's state in the bucket")
	assert.NoFileExists(t, m.path("environments", "staging", "cluster", "terraform.tfstate"))

	status := exec.Command("git", "status", "--porcelain")
	status.Dir = m.dir
	changed, err := status.Output()
	require.NoError(t, err)
	assert.Equal(t, "?? environments/staging/cluster/backend.tf.json\n?? environments/staging/workloads/backend.tf.json\n?? environments/staging/workloads/cluster_state.auto.tfvars.json\n",
		string(changed), "what there is to commit")
	require.NoError(t, os.RemoveAll(m.dir))
}

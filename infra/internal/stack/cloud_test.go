package stack

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/ui"
)

// newCloudHouse is an environment on EKS with a managed database, whose password is told.
func newCloudHouse(t *testing.T) *house {
	t.Helper()
	t.Setenv(passwordVariable, "") // restored at the end of the test
	h := newHouse(t)
	write(t, filepath.Join(h.clusterDir(), "main.tf"), `module "cluster" { source = "../../../modules/cluster/eks" }`)
	h.clusterRoot.outputs["cluster"] = Connection{Name: "prod", Flavour: "eks", Endpoint: "https://eks", Kubeconfig: "kubeconfig",
		Exec: &Exec{APIVersion: "client.authentication.k8s.io/v1beta1", Command: Command{Command: "aws", Args: []string{"eks", "get-token"}}}}
	h.clusterRoot.outputs["registry"] = Registry{Host: "1.ecr/prod", Push: "1.ecr/prod"}
	h.clusterRoot.outputs["database"] = map[string]any{"host": "db.rds", "port": 5432,
		"admin_password_command": map[string]any{"command": "aws", "args": []string{"secretsmanager"}}}
	h.workloadsRoot.outputs["admission_policies"] = []string{"annotations"}
	h.Engine = nil // nobody may ask it
	h.Secret = func(_ context.Context, command Command) (string, error) {
		h.add("secret of %s", command)
		return "hush", nil
	}
	return h
}

func TestACloudNeedsNoEngineAndNoPartsOfThisMachine(t *testing.T) {
	h := newCloudHouse(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Zero(t, h.count("push parts to 1.ecr/prod"), "nodes fetch the published ones")
	assert.Zero(t, h.count("ask"), "the hosts are not in this machine's names")
	assert.Equal(t, 1, h.count("push shop"))
}

func TestACloudsAdmissionPoliciesAreBoundBeforeTheWorkloadsAreReady(t *testing.T) {
	h := newCloudHouse(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Less(t, h.index(t, "apply workloads"), h.index(t, "bind annotations"))
	assert.Less(t, h.index(t, "bind annotations"), h.index(t, "wait for 1 workloads"))

	local := newHouse(t)
	local.workloadsRoot.outputs["admission_policies"] = []string{"annotations"}
	_, err = local.Up(t.Context())
	require.NoError(t, err)
	assert.Zero(t, local.count("bind annotations"), "the cluster root binds them here")
}

func TestTheDatabasePasswordIsHandedToTheWorkloads(t *testing.T) {
	h := newCloudHouse(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Less(t, h.index(t, "apply cluster"), h.index(t, "secret of aws secretsmanager"))
	assert.Less(t, h.index(t, "secret of aws secretsmanager"), h.index(t, "plan workloads"))
	assert.Equal(t, "hush", os.Getenv(passwordVariable))
}

func TestAPasswordThatTheUserGivesIsNotAskedFor(t *testing.T) {
	h := newCloudHouse(t)
	t.Setenv(passwordVariable, "mine")
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Zero(t, h.count("secret of aws secretsmanager"))
	assert.Equal(t, "mine", os.Getenv(passwordVariable))
}

func TestAPasswordThatMayHaveChangedIsAskedForAgain(t *testing.T) {
	h := newCloudHouse(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	h.Secret = func(context.Context, Command) (string, error) { return "another", nil }
	_, err = h.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "another", os.Getenv(passwordVariable))
}

func TestAPasswordThatTheClusterRootChangesIsAskedForAfterIt(t *testing.T) {
	h := newCloudHouse(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	h.clusterRoot.changes = true // the workloads are planned early, with the password before it
	var password atomic.Value
	password.Store("before")
	h.clusterRoot.apply = func() error { password.Store("after"); return nil }
	h.Secret = func(context.Context, Command) (string, error) { return password.Load().(string), nil }
	_, err = h.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "after", os.Getenv(passwordVariable))
}

func TestAnEnvironmentWithoutManagedDatabaseAsksForNoPassword(t *testing.T) {
	h := newCloudHouse(t)
	delete(h.clusterRoot.outputs, "database")
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Zero(t, h.count("secret of aws secretsmanager"))
}

func TestAPasswordThatIsNotToldStopsWithTheCommand(t *testing.T) {
	h := newCloudHouse(t)
	h.Secret = func(context.Context, Command) (string, error) { return "", errors.New("aws: token expired") }
	_, err := h.Up(t.Context())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Contains(t, failure.Sentence, "the password of the database at db.rds was not told")
	assert.Equal(t, []string{"aws: token expired"}, failure.Seen)
	assert.Contains(t, failure.Next[0], "aws secretsmanager >/dev/null")
	assert.Zero(t, h.count("plan workloads"))
}

func TestDownLeavesACloudAlone(t *testing.T) {
	h := newCloudHouse(t)
	*h.clusterRoot.state = true
	var failure *ui.Failure
	require.ErrorAs(t, h.Down(t.Context()), &failure)
	assert.Equal(t, 2, failure.Code)
	assert.Contains(t, failure.Sentence, "runs on eks")
	assert.Zero(t, h.count("destroy cluster"))
}

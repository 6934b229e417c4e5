package stack

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/policy"
)

const cloudRoot = `terraform {
  required_providers {
    aws    = { source = "hashicorp/aws", version = "= 5.100.0" }
    random = {
      source  = "hashicorp/random"
      version = "= 3.9.0"
    }
    kind = {
      source = "kindling.internal/kindling/kind"
    }
  }
  backend "s3" { bucket = "states" }
}
module "cluster" {
  source = "../../../modules/cluster/eks"
}
`

// cloudHouse is a house whose cluster is in a cloud.
func cloudHouse(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	write(t, filepath.Join(h.clusterDir(), "main.tf"), cloudRoot)
	write(t, filepath.Join(h.clusterDir(), "terraform.tfstate"), "{}")
	write(t, filepath.Join(h.clusterDir(), "tests", "a.tftest.hcl"), "")
	write(t, filepath.Join(h.clusterDir(), "files", "policy.json"), "{}")
	write(t, filepath.Join(h.Root, "modules", "cluster", "eks", "main.tf"), "")
	h.clusterRoot.plan = planOf("module.cluster.aws_eks_cluster.this", "aws_eks_cluster", tfjson.Change{Actions: tfjson.Actions{tfjson.ActionCreate}})
	h.Engine = noEngine{}
	return h
}

type noEngine struct{ fakeEngine }

func (noEngine) Ensure(context.Context) (string, error) {
	return "", errors.New("there is no engine here")
}

func TestAnOfflinePlanAsksNobodyAndTouchesNoState(t *testing.T) {
	h := cloudHouse(t)
	t.Setenv(offlineVariable, "")
	var planned string
	h.Terraform = func(dir string, parts Parts, log io.Writer) (Root, error) {
		planned = dir
		assert.Equal(t, "true", os.Getenv(offlineVariable))
		return h.open(dir, parts, log)
	}
	h.policy.found[clusterRoot] = policy.Findings{Violations: []policy.Violation{{Rule: "labels"}}}
	report, err := h.PlanOffline(context.Background())
	require.NoError(t, err)

	assert.True(t, report.Offline)
	assert.Contains(t, report.Basis, "no cloud was asked")
	assert.Equal(t, "a rule is broken; 1 created; no data is lost", report.Verdict)
	assert.Len(t, report.Violations, 1)
	assert.Contains(t, report.Note, "make plan env=dev")
	assert.Equal(t, 1, h.count("provide hashicorp/aws hashicorp/random kindling.internal/kindling/kind"))
	assert.Zero(t, h.count("plan workloads"))

	assert.NotEqual(t, h.clusterDir(), planned)
	assert.FileExists(t, filepath.Join(planned, "main.tf"))
	assert.FileExists(t, filepath.Join(planned, "files", "policy.json"))
	assert.FileExists(t, filepath.Join(planned, "../../../modules/cluster/eks/main.tf"), "modules are where the root looks for them")
	assert.FileExists(t, filepath.Join(planned, "../../../services/shop/service.yaml"))
	assert.Equal(t, "dev", filepath.Base(filepath.Dir(planned)), "the environment is told by its folder")
	assert.NoFileExists(t, filepath.Join(planned, "terraform.tfstate"))
	backend, err := os.ReadFile(filepath.Join(planned, offlineBackend))
	require.NoError(t, err)
	assert.Contains(t, string(backend), `backend "local"`)
}

func TestAnotherOfflinePlanSeesWhatChangedAndKeepsWhatIsInitialised(t *testing.T) {
	h := cloudHouse(t)
	t.Setenv(offlineVariable, "")
	_, err := h.PlanOffline(context.Background())
	require.NoError(t, err)
	dir := filepath.Join(h.offlineDir(), "environments", "dev", "cluster")
	write(t, filepath.Join(dir, ".terraform", "kindling-init"), "x")
	write(t, filepath.Join(dir, ".terraform.lock.hcl"), "x") // init, which would write it, is not run again
	require.NoError(t, os.Remove(filepath.Join(h.clusterDir(), "files", "policy.json")))
	write(t, filepath.Join(h.clusterDir(), "extra.tf"), "# more\n")
	_, err = h.PlanOffline(context.Background())
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(dir, "extra.tf"))
	assert.NoFileExists(t, filepath.Join(dir, "files", "policy.json"))
	assert.FileExists(t, filepath.Join(dir, ".terraform", "kindling-init"))
	assert.FileExists(t, filepath.Join(dir, ".terraform.lock.hcl"))
}

func TestAnEnvironmentOfThisMachineSaysThatOfflineSwitchesNothingOff(t *testing.T) {
	h := newHouse(t)
	t.Setenv(offlineVariable, "")
	h.Engine = noEngine{}
	write(t, filepath.Join(h.clusterDir(), "main.tf"), "module \"cluster\" {\n  source = \"../../../modules/cluster/kind\"\n}\n")
	report, err := h.PlanOffline(context.Background())
	require.NoError(t, err)
	assert.Contains(t, report.Basis, "nothing else to switch off")
}

func TestAPlanOfACloudNeedsNoEngine(t *testing.T) {
	h := cloudHouse(t)
	report, err := h.Plan(context.Background())
	require.NoError(t, err)
	assert.False(t, report.Offline)
	assert.Equal(t, "the workloads are planned when the cluster is there", report.Note)

	local := newHouse(t)
	local.Engine = noEngine{}
	_, err = local.Plan(context.Background())
	assert.ErrorContains(t, err, "there is no engine here")
}

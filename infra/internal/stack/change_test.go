package stack

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/policy"
)

// branched is a house that has branched off from another state of it: base says what that plans, by root.
type branched struct {
	*house
	base    map[string]*fakeRoot
	folder  string // of the base's checkout
	removed bool
}

func newBranch(t *testing.T) *branched {
	t.Helper()
	b := &branched{house: newHouse(t), base: map[string]*fakeRoot{}, folder: t.TempDir()}
	t.Setenv(offlineVariable, "")
	b.Engine = noEngine{}
	for name, head := range map[string]*fakeRoot{clusterRoot: b.clusterRoot, workloadsRoot: b.workloadsRoot} {
		b.base[name] = &fakeRoot{journal: b.journal, name: "base " + name, state: new(bool), dir: head.dir}
		write(t, filepath.Join(b.folder, "environments", "dev", name, "main.tf"), "")
	}
	text, err := os.ReadFile(filepath.Join(b.Root, "services", "shop", "service.yaml"))
	require.NoError(t, err)
	write(t, filepath.Join(b.folder, "services", "shop", "service.yaml"), string(text))
	b.Revision = func(_ context.Context, since, dir string) (Revision, error) {
		assert.Equal(t, "main", since)
		assert.Equal(t, filepath.Join(b.Work(), "base"), dir)
		return Revision{Root: b.folder, Commit: "1a2b3c4", Remove: func() error { b.removed = true; return nil }}, nil
	}
	b.Terraform = func(dir string, parts Parts, log io.Writer) (Root, error) {
		if strings.Contains(dir, "offline-base") {
			return b.base[filepath.Base(dir)], nil
		}
		return b.open(dir, parts, log)
	}
	return b
}

func (b *branched) plan(t *testing.T) PlanReport {
	t.Helper()
	report, err := b.PlanChange(t.Context(), "main")
	require.NoError(t, err)
	assert.True(t, b.removed)
	return report
}

func making(kind string, values map[string]any) *tfjson.Plan {
	return planOf(kind+".this", kind, tfjson.Change{Actions: tfjson.Actions{tfjson.ActionCreate}, After: values})
}

func TestAChangeThatPlansTheSameSaysSo(t *testing.T) {
	b := newBranch(t)
	for _, root := range []*fakeRoot{b.clusterRoot, b.base[clusterRoot]} {
		root.plan = making("aws_vpc", map[string]any{"cidr": "10.0.0.0/16"})
	}
	report := b.plan(t)
	assert.False(t, report.Changed)
	assert.Equal(t, "this change plans nothing different", report.Verdict)
	assert.Equal(t, "1a2b3c4", report.Since)
	assert.Contains(t, report.Basis, "differently from 1a2b3c4")
	assert.Empty(t, report.Note)
	assert.Equal(t, 1, b.count("plan cluster"))
	assert.Equal(t, 1, b.count("plan base cluster"))
	assert.Equal(t, 1, b.count("rehearse workloads"))
	assert.Equal(t, 1, b.count("rehearse base workloads"))
}

func TestAChangeIsToldByWhatItPlansDifferently(t *testing.T) {
	b := newBranch(t)
	b.base[clusterRoot].plan, b.clusterRoot.plan = making("aws_vpc", map[string]any{"cidr": "a"}), making("aws_vpc", map[string]any{"cidr": "b"})
	b.base[workloadsRoot].plan, b.workloadsRoot.plan = making("kubernetes_deployment_v1", map[string]any{"spec": []any{map[string]any{"replicas": "1"}}}), making("kubernetes_deployment_v1", map[string]any{"spec": []any{map[string]any{"replicas": "2"}}})
	report := b.plan(t)
	assert.True(t, report.Changed)
	assert.Equal(t, "1 changed, 1 changed in place", report.Verdict)
	require.Len(t, report.Workloads, 1)
	assert.Equal(t, "spec[0].replicas 1 → 2", report.Workloads[0].Attributes[0].String())
	assert.Contains(t, report.Note, "make plan env=dev", "what a cloud does with a change is not known from here")
}

func TestTheRulesJudgeWhatTheChangePlansAndNothingElse(t *testing.T) {
	b := newBranch(t)
	b.policy.found[clusterRoot] = policy.Findings{Violations: []policy.Violation{{Rule: "labels"}}}
	report := b.plan(t)
	assert.Equal(t, "a rule is broken; this change plans nothing different", report.Verdict)
	assert.Len(t, report.Violations, 1)
	require.Len(t, b.policy.about, 2)
	assert.Equal(t, policy.Subject{Environment: "dev", Root: workloadsRoot, Flavour: "kind", Registry: "localhost:5001"}, b.policy.about[1])
}

func TestANewEnvironmentIsNewAsAWhole(t *testing.T) {
	b := newBranch(t)
	require.NoError(t, os.RemoveAll(filepath.Join(b.folder, "environments")))
	b.clusterRoot.plan = making("aws_vpc", map[string]any{})
	report := b.plan(t)
	assert.Equal(t, "1 created; no data is lost", report.Verdict)
	assert.Zero(t, b.count("plan base cluster"))
	assert.Empty(t, report.Note)
}

type unplannable struct{ *fakeRoot }

func (unplannable) Plan(context.Context, string, bool) (bool, error) {
	return false, errors.New("no provider of that version")
}

func TestABaseWithoutAPlanIsToldAndKeepsNothingFromBeingPlanned(t *testing.T) {
	b := newBranch(t)
	open := b.Terraform
	b.Terraform = func(dir string, parts Parts, log io.Writer) (Root, error) {
		root, err := open(dir, parts, log)
		if root == b.base[clusterRoot] {
			return unplannable{b.base[clusterRoot]}, err
		}
		return root, err
	}
	b.clusterRoot.plan = making("aws_vpc", map[string]any{})
	report := b.plan(t)
	assert.Equal(t, "1 created; no data is lost", report.Verdict)
	assert.Contains(t, report.Note, "what changes of cluster is not known, because 1a2b3c4 has no plan of it: no provider of that version")
}

func TestAChangeWithoutAPlanIsAFailure(t *testing.T) {
	b := newBranch(t)
	open := b.Terraform
	b.Terraform = func(dir string, parts Parts, log io.Writer) (Root, error) {
		root, err := open(dir, parts, log)
		if root == b.clusterRoot {
			return unplannable{b.clusterRoot}, err
		}
		return root, err
	}
	_, err := b.PlanChange(t.Context(), "main")
	assert.ErrorContains(t, err, "no provider of that version")
	assert.True(t, b.removed)
}

func TestWhatAMachineHasOfItsOwnIsComparedWithNothing(t *testing.T) {
	b := newBranch(t)
	write(t, filepath.Join(b.clusterDir(), "local.auto.tfvars"), "http_port = 8080\n")
	write(t, filepath.Join(b.clusterDir(), supplyFile), "{}")
	write(t, filepath.Join(b.workloadsDir(), "release.auto.tfvars.json"), `{"release":{"services":{}}}`)
	write(t, filepath.Join(b.workloadsDir(), "terraform.tfvars"), "minimum_replicas = 2\n")
	b.plan(t)
	copies := filepath.Join(b.offlineDir(), "environments", "dev")
	assert.NoFileExists(t, filepath.Join(copies, "cluster", "local.auto.tfvars"))
	assert.NoFileExists(t, filepath.Join(copies, "cluster", supplyFile))
	assert.NoFileExists(t, filepath.Join(copies, "workloads", "release.auto.tfvars.json"))
	assert.FileExists(t, filepath.Join(copies, "workloads", "terraform.tfvars"))
}

func TestWorkloadsArePlannedAgainstStandInsOfTheirKindOfCluster(t *testing.T) {
	for _, flavour := range []string{"kind", "eks"} {
		t.Run(flavour, func(t *testing.T) {
			h := newHouseWithSecrets(t)
			write(t, filepath.Join(h.clusterDir(), "main.tf"), "module \"cluster\" {\n  source = \"../../../modules/cluster/"+flavour+"\"\n}\n")
			services, err := catalog.Load(h.Root)
			require.NoError(t, err)
			dir := t.TempDir()
			require.NoError(t, h.standIn().write(dir, services))
			text, err := os.ReadFile(filepath.Join(dir, "plan.tftest.json"))
			require.NoError(t, err)
			var test struct {
				Override  []struct{ Values map[string]map[string]any } `json:"override_data"`
				Variables map[string]any
			}
			require.NoError(t, json.Unmarshal(text, &test))
			outputs := test.Override[0].Values["outputs"]
			assert.Equal(t, flavour, outputs["cluster"].(map[string]any)["flavour"])
			assert.Contains(t, test.Variables["release"].(map[string]any)["services"], "shop")
			if flavour == "kind" {
				assert.FileExists(t, filepath.Join(dir, "secrets", "shop", "stripe-key.json"))
				assert.NotContains(t, outputs, "database")
				return
			}
			assert.Contains(t, outputs["secrets"], "shop/stripe-key")
			assert.Contains(t, test.Variables["secret_revisions"], "dev/shop/stripe-key")
			assert.NoDirExists(t, filepath.Join(dir, "secrets"))
		})
	}
}

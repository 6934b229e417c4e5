package stack

import (
	"context"
	"errors"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
	"kindling.internal/infra/internal/verdict"
)

// planOf is a plan of one change.
func planOf(address, kind string, change tfjson.Change) *tfjson.Plan {
	return &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{Address: address, Type: kind, Mode: tfjson.ManagedResourceMode, Change: &change}}}
}

var (
	replaced = tfjson.Change{Actions: tfjson.Actions{tfjson.ActionDelete, tfjson.ActionCreate}, ReplacePaths: []any{[]any{"node_image"}},
		Before: map[string]any{"node_image": "a"}, After: map[string]any{"node_image": "b"}}
	created = tfjson.Change{Actions: tfjson.Actions{tfjson.ActionCreate}, After: map[string]any{}}
	removed = tfjson.Change{Actions: tfjson.Actions{tfjson.ActionDelete}, Before: map[string]any{}}
)

func replacedCluster() *tfjson.Plan {
	return planOf("module.cluster.kind_cluster.this", "kind_cluster", replaced)
}

// standing is a house that is up, with nothing left to do.
func standing(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	h.lines = nil
	return h
}

func TestUpRefusesToLoseDataUnlessItIsConfirmed(t *testing.T) {
	h := standing(t)
	h.clusterRoot.changes, h.clusterRoot.plan = true, replacedCluster()
	_, err := h.Up(context.Background())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "nothing was applied, because data would be lost: replaces cluster.kind_cluster.this: everything in the cluster, databases included, is lost", failure.Sentence)
	assert.Equal(t, []string{"cluster.kind_cluster.this because node_image a → b: cannot be changed in place"}, failure.Seen)
	assert.Contains(t, failure.Next[1], "make up env=dev confirm=yes")
	assert.Equal(t, 1, ui.ExitCode(err))
	assert.Zero(t, h.count("apply cluster")+h.count("apply workloads")+h.count("push shop"))

	h.ConfirmLoss = true
	_, err = h.Up(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 1, h.count("apply cluster"))
}

func TestAClusterThatIsGoneIsMadeAnewWithoutAConfirmation(t *testing.T) {
	h := standing(t)
	h.clusterRoot.changes, h.clusterRoot.plan = true, planOf("module.cluster.kind_cluster.this", "kind_cluster", created)
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	assert.Equal(t, 1, h.count("apply cluster"))
}

func TestTheEarlyPlanIsReviewedToo(t *testing.T) {
	h := standing(t)
	h.workloadsRoot.changes, h.workloadsRoot.plan = true, planOf("module.namespace.kubernetes_namespace_v1.this", "kubernetes_namespace_v1", removed)
	_, err := h.Up(context.Background())
	assert.ErrorContains(t, err, "removes namespace.kubernetes_namespace_v1.this: everything in the namespace, volumes included, is lost")
	assert.Equal(t, 1, h.count("plan workloads"))
	assert.Zero(t, h.count("apply workloads"))
}

func TestThePlanOfAnAdoptionIsReviewedToo(t *testing.T) {
	h := newHouse(t)
	address := "module.namespace.kubernetes_namespace_v1.this"
	named := tfjson.Change{Actions: tfjson.Actions{tfjson.ActionCreate}, After: map[string]any{"metadata": []any{map[string]any{"name": "apps"}}}}
	h.workloadsRoot.plan = planOf(address, "kubernetes_namespace_v1", named)
	h.workloadsRoot.apply = func() error { // what it finds forces the next plan to replace it
		replacing := named
		replacing.Actions = replaced.Actions
		h.workloadsRoot.plan = planOf(address, "kubernetes_namespace_v1", replacing)
		h.workloadsRoot.plan.ResourceChanges[0].Change.Before = map[string]any{}
		return &terraform.Error{Err: errors.New("exit 1"), Diagnostics: []terraform.Diagnostic{{Summary: `"apps" already exists`, Address: address}}}
	}
	_, err := h.Up(context.Background())
	assert.ErrorContains(t, err, "data would be lost")
	assert.Equal(t, 1, h.count("apply workloads"), "the second was refused")
}

func TestABrokenRuleRefusesUpBeforeAnythingIsApplied(t *testing.T) {
	h := newHouse(t)
	h.ConfirmLoss = true // confirms a loss, not a violation
	h.policy.found[clusterRoot] = policy.Findings{Violations: []policy.Violation{
		{Rule: "private-endpoints", Address: "module.cluster.kind_cluster.this", Reason: "it listens on 0.0.0.0", Fix: "leave it"},
		{Rule: "labels", Address: "module.x.y.z", Reason: "it lacks labels", Fix: "pass them on"},
		{Rule: "labels", Address: "module.x.y.w", Reason: "it lacks labels", Fix: "pass them on"}}}
	_, err := h.Up(context.Background())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "cluster.kind_cluster.this breaks the rule private-endpoints: it listens on 0.0.0.0", failure.Sentence)
	assert.Equal(t, []string{"leave it", "or waive private-endpoints, with a reason and a date, in environments/dev/policy.yaml"}, failure.Next)
	assert.ErrorContains(t, err, "x.y.z and 1 more break the rule labels: it lacks labels", "all are told at once")
	assert.Equal(t, 1, ui.ExitCode(err))
	assert.Zero(t, h.count("apply cluster")+h.count("apply workloads"))
}

func TestRulesAreToldWhatThePlanIsOf(t *testing.T) {
	h := newHouse(t)
	h.clusterRoot.outputs["registry"] = Registry{Host: "localhost:5001", Push: "localhost:5001", Mirrors: map[string]string{"quay.io": "b", "docker.io": "a"}}
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	assert.Equal(t, []policy.Subject{
		{Environment: "dev", Root: "cluster"},
		{Environment: "dev", Root: "workloads", Flavour: "kind", Registry: "localhost:5001", Mirrors: []string{"a", "b"}}}, h.policy.about)
}

func TestNothingIsJudgedWhenNothingChanges(t *testing.T) {
	h := standing(t)
	_, err := h.Up(context.Background())
	require.NoError(t, err)
	assert.Zero(t, h.count("judge cluster")+h.count("judge workloads"))
}

func TestPlanTellsBothRootsAndAppliesNothing(t *testing.T) {
	h := standing(t)
	h.workloadsRoot.changes, h.workloadsRoot.plan = true, planOf("module.x.kubernetes_service_v1.this", "kubernetes_service_v1", created)
	h.policy.found[workloadsRoot] = policy.Findings{Violations: []policy.Violation{{Rule: "labels"}}}
	report, err := h.Plan(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "a rule is broken; 1 created; no data is lost", report.Verdict)
	assert.True(t, report.Changed)
	assert.Empty(t, report.Cluster)
	assert.Equal(t, verdict.Created, report.Workloads[0].Verdict)
	assert.Len(t, report.Violations, 1)
	assert.Empty(t, report.Confirm)
	assert.Zero(t, h.count("apply cluster")+h.count("apply workloads"))
}

func TestPlanOfALossNamesTheCommandThatConfirmsIt(t *testing.T) {
	h := standing(t)
	h.clusterRoot.changes, h.clusterRoot.plan = true, replacedCluster()
	report, err := h.Plan(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "make up env=dev confirm=yes", report.Confirm)
	assert.Equal(t, "the workloads are planned when the cluster is there", report.Note)
	assert.Zero(t, h.count("plan workloads"), "the cluster that they would be planned against goes")
}

func TestPlanOfWhatIsUpToDateSaysSo(t *testing.T) {
	h := standing(t)
	report, err := h.Plan(context.Background())
	require.NoError(t, err)
	assert.Equal(t, "no changes", report.Verdict)
	assert.False(t, report.Changed)
	assert.Equal(t, 1, h.count("judge workloads"), "a rule, or the end of a waiver, may be newer than what runs")
}

func TestPlanTellsWhenOnlyOutputsChange(t *testing.T) {
	h := standing(t)
	h.workloadsRoot.plan = &tfjson.Plan{OutputChanges: map[string]*tfjson.Change{"services": {Actions: tfjson.Actions{tfjson.ActionUpdate}}}}
	report, err := h.Plan(context.Background())
	require.NoError(t, err)
	assert.True(t, report.Changed)
	assert.Equal(t, []string{"workloads.services"}, report.Outputs)
}

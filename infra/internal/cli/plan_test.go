package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/verdict"
)

// everything is a report that has all there can be in one.
func everything(t *testing.T) stack.PlanReport {
	t.Helper()
	day, err := time.Parse(time.DateOnly, "2027-01-31")
	require.NoError(t, err)
	waiver := &policy.Waiver{Rule: "labels", Resource: "*", Reason: "the provider has no labels | yet", Until: policy.Date{Time: day}}
	image := strings.Repeat("1", 64)
	return stack.PlanReport{Environment: "dev", Changed: true,
		Verdict: "a rule is broken; replaces cluster.kind_cluster.this: everything in the cluster, databases included, is lost; 1 restarted, 1 changed in place",
		Cluster: []verdict.Change{{Address: "module.cluster.kind_cluster.this", Type: "kind_cluster", Verdict: verdict.Replaced, Loses: "everything in the cluster, databases included",
			Because: "node_image a → b: cannot be changed in place", Attributes: []verdict.Attribute{{Path: "node_image", Before: "a", After: "b", Forces: true}}}},
		Workloads: []verdict.Change{
			{Address: `module.service["catalog"].kubernetes_deployment_v1.this`, Type: "kubernetes_deployment_v1", Verdict: verdict.Restarted, Attributes: []verdict.Attribute{
				{Path: "spec[0].template[0].spec[0].container[0].image", Before: "localhost:5001/catalog@sha256:" + image, After: "localhost:5001/catalog@sha256:2" + image[1:]},
				{Path: "spec[0].replicas", Before: "1", After: "2"}}},
			{Address: `module.service["catalog"].kubernetes_config_map_v1.this`, Type: "kubernetes_config_map_v1", Verdict: verdict.InPlace, Attributes: []verdict.Attribute{
				{Path: "data", Sensitive: true}, {Path: "b", After: "2"}, {Path: "c", Before: "3"}, {Path: "d", After: "<@you>|*"}, {Path: "e"}, {Path: "f"}}}},
		Outputs: []string{"cluster.cluster"},
		Findings: policy.Findings{
			Violations: []policy.Violation{{Rule: "private-endpoints", Address: "module.cluster.kind_cluster.this", Reason: "it listens on 0.0.0.0", Fix: "leave listen_address at 127.0.0.1", Waiver: waiver}},
			Waived:     []policy.Violation{{Rule: "labels", Address: "module.x.aws_vpc.this", Reason: "it lacks the tags environment", Fix: "add them", Waiver: waiver}}},
		Confirm: "make up env=dev confirm=yes", Note: "the workloads are planned when the cluster is there"}
}

func printed(t *testing.T, report stack.PlanReport, format string) string {
	t.Helper()
	var out bytes.Buffer
	require.NoError(t, (&app{out: &out}).printPlan(report, format))
	return out.String()
}

// golden compares with a file; UPDATE=1 writes it.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, string(want), got)
}

func TestAPlanIsToldWithItsVerdictOnTop(t *testing.T) {
	golden(t, "plan.txt", printed(t, everything(t), "text"))
	golden(t, "plan.md", printed(t, everything(t), "markdown"))
}

func TestAPlanWithoutChangesIsOneLine(t *testing.T) {
	assert.Equal(t, "no changes\n", printed(t, stack.PlanReport{Environment: "dev", Verdict: "no changes"}, "text"))
	assert.Equal(t, "### dev: no changes\n", printed(t, stack.PlanReport{Environment: "dev", Verdict: "no changes"}, "markdown"))
}

func TestColumnsThatSayNothingAreLeftOut(t *testing.T) {
	report := stack.PlanReport{Verdict: "1 created; no data is lost", Cluster: []verdict.Change{{Address: "module.a.b.c", Verdict: verdict.Created}}}
	assert.Equal(t, "1 created; no data is lost\n\nROOT     VERDICT  RESOURCE\ncluster  created  a.b.c\n", printed(t, report, "text"))
}

func TestAnOfflinePlanSaysSoAtTheTop(t *testing.T) {
	report := stack.PlanReport{Environment: "prod", Offline: true, Basis: "offline: planned against an empty state", Verdict: "1 created; no data is lost"}
	assert.Equal(t, "offline: planned against an empty state\n1 created; no data is lost\n", printed(t, report, "text"))
	assert.Equal(t, "### prod: 1 created; no data is lost\n\noffline: planned against an empty state\n", printed(t, report, "markdown"))
}

func TestAPlanAsJSONHasAllOfIt(t *testing.T) {
	var got map[string]any
	require.NoError(t, json.Unmarshal([]byte(printed(t, everything(t), "json")), &got))
	for _, field := range []string{"environment", "verdict", "changed", "cluster", "workloads", "outputs", "violations", "waived", "confirm", "note"} {
		assert.Contains(t, got, field)
	}
	attributes := got["workloads"].([]any)[1].(map[string]any)["attributes"].([]any)
	assert.Len(t, attributes, 6, "also those that the table leaves out")
	assert.Equal(t, map[string]any{"path": "data", "sensitive": true}, attributes[0])
	assert.Equal(t, "2027-01-31", got["violations"].([]any)[0].(map[string]any)["waiver"].(map[string]any)["until"])
}

func TestALongPlanFitsIntoAComment(t *testing.T) {
	report := stack.PlanReport{Environment: "dev", Verdict: "400 created; no data is lost"}
	for range 400 {
		report.Workloads = append(report.Workloads, verdict.Change{Address: `module.service["` + strings.Repeat("a", 40) + `"].kubernetes_network_policy_v1.from["` + strings.Repeat("b", 40) + `"]`, Verdict: verdict.Created})
	}
	text := printed(t, report, "markdown")
	assert.Less(t, len(text), 40_000)
	assert.Contains(t, text, "400 resources change")
	assert.Contains(t, text, "250 more are in `--output json`")
}

func TestThePlansExitCodeTellsChangesFromRefusals(t *testing.T) {
	assert.NoError(t, planCode(stack.PlanReport{}))
	assert.Equal(t, exitCode(exitInput), planCode(stack.PlanReport{Changed: true}))
	assert.Equal(t, exitCode(exitFailed), planCode(everything(t)), "a broken rule, whatever changes")
}

func TestOnlyYesConfirms(t *testing.T) {
	checkout(t, "dev")
	for _, answer := range []string{"y", "true", "no", "YES"} {
		code, _, errs := invoke("up", "--env", "dev", "--confirm", answer)
		assert.Equal(t, exitInput, code, answer)
		assert.Contains(t, errs, "only yes confirms")
	}
	for answer, want := range map[string]bool{"": false, "yes": true} {
		got, err := confirmed(answer)
		require.NoError(t, err)
		assert.Equal(t, want, got, "%q", answer)
	}
}

func TestMistakesInWaiversAreBadInput(t *testing.T) {
	root := checkout(t, "dev")
	put(t, root, "environments/dev/policy.yaml", "waivers:\n  - {rule: tags, resource: a.b, reason: r, until: 2027-01-31}\n  - {rule: labels, resource: a.b, until: 2027-01-31}\n")
	var errs bytes.Buffer
	a := &app{errs: &errs}
	_, err := judge{a, filepath.Join(root, "environments", "dev")}.Judge(t.Context(), policy.Subject{Environment: "dev"}, nil)
	require.Error(t, err)
	assert.ErrorContains(t, err, "the waivers of dev cannot be read")
}

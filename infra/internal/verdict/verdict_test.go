package verdict

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// read reads a plan as `terraform show -json` prints it.
func read(t *testing.T, name string) *tfjson.Plan {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	plan := new(tfjson.Plan)
	require.NoError(t, json.Unmarshal(text, plan))
	return plan
}

// change is a plan of one change.
func change(kind string, c tfjson.Change) Change {
	plan := Of(&tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{Address: kind + ".this", Type: kind, Mode: tfjson.ManagedResourceMode, Change: &c}}})
	if len(plan.Changes) == 0 {
		return Change{}
	}
	return plan.Changes[0]
}

func block(values map[string]any) []any { return []any{values} }

var (
	update  = tfjson.Actions{tfjson.ActionUpdate}
	remove  = tfjson.Actions{tfjson.ActionDelete}
	replace = tfjson.Actions{tfjson.ActionDelete, tfjson.ActionCreate}
)

func TestAReplacedClusterSaysWhyAndWhatIsLost(t *testing.T) {
	plan := Of(read(t, "cluster-replaced.json"))
	require.Len(t, plan.Changes, 2)
	cluster := plan.Changes[0]
	assert.Equal(t, Replaced, cluster.Verdict)
	assert.Equal(t, "nodes[0].port_mappings[0].host_port 80 → 8080: cannot be changed in place", cluster.Because)
	assert.Equal(t, []string{"nodes[0].port_mappings[0].host_port 80 → 8080"}, texts(cluster.Attributes), "what only becomes known tells nothing")
	assert.Equal(t, "everything in the cluster, databases included", cluster.Loses)
	assert.Equal(t, Restarted, plan.Changes[1].Verdict, "a registry's container that is made anew on its volume loses nothing")
	assert.Empty(t, plan.Changes[1].Loses)
	assert.Equal(t, []string{"cluster"}, plan.Outputs)
	assert.Equal(t, "replaces cluster.kind_cluster.this: everything in the cluster, databases included, is lost; 1 restarted", Sentence(plan))
}

func TestWorkloadsAreToldByWhatHappensToTheirPods(t *testing.T) {
	plan := Of(read(t, "workloads-changed.json"))
	verdicts := map[string]Kind{}
	for _, c := range plan.Changes {
		verdicts[c.Name()] = c.Verdict
	}
	assert.Equal(t, map[string]Kind{
		`service["catalog"].kubernetes_deployment_v1.this`:                   Restarted,
		`service["inventory"].kubernetes_deployment_v1.this`:                 InPlace, // more pods, none anew
		`service["inventory"].kubernetes_config_map_v1.this`:                 InPlace,
		`database[0].secrets.kubernetes_secret_v1.this["orders-database"]`:   Created,
		`service["orders"].kubernetes_ingress_v1.this["shop.localhost"]`:     Removed,
		`database[0].kubernetes_job_v1.this["inventory"]`:                    Replaced,
		`service["catalog"].kubernetes_pod_disruption_budget_v1.this[0]`:     Recorded,
		`service["catalog"].kubernetes_horizontal_pod_autoscaler_v2.this[0]`: Renamed,
	}, verdicts)
	assert.Equal(t, "1 created, 2 changed in place, 1 restarted, 1 replaced, 1 removed, 1 recorded, 1 renamed; no data is lost", Sentence(plan))
}

func TestNoSensitiveValueIsShown(t *testing.T) {
	for _, file := range []string{"cluster-replaced.json", "workloads-changed.json"} {
		plan := Of(read(t, file))
		text, err := json.Marshal(plan)
		require.NoError(t, err)
		assert.NotContains(t, string(text)+Sentence(plan), "hush", file)
	}
	changes := Of(read(t, "workloads-changed.json")).Changes
	assert.Contains(t, changes[2].Attributes, Attribute{Path: "data", Sensitive: true})

	masked := change("aws_db_instance", tfjson.Change{Actions: replace,
		Before: map[string]any{"password": "hush-1", "tags": nil}, After: map[string]any{"password": "hush-2", "tags": map[string]any{"key": "hush-3"}},
		BeforeSensitive: map[string]any{"password": true}, AfterSensitive: map[string]any{"password": true, "tags": map[string]any{"key": true}},
		ReplacePaths: []any{[]any{"password"}}})
	assert.Equal(t, []Attribute{{Path: "password", Sensitive: true, Forces: true}, {Path: "tags", Sensitive: true}}, masked.Attributes)
	assert.Equal(t, "password (sensitive): cannot be changed in place", masked.Because)
}

func TestAttributesAreNamedAsInAConfiguration(t *testing.T) {
	c := change("kubernetes_service_v1", tfjson.Change{Actions: update,
		Before:       map[string]any{"metadata": block(map[string]any{"labels": map[string]any{"app.kubernetes.io/name": "a", "same": "x"}}), "spec": []any{}, "text": strings.Repeat("long ", 40)},
		After:        map[string]any{"metadata": block(map[string]any{"labels": map[string]any{"app.kubernetes.io/name": "b", "same": "x"}}), "spec": []any{1.0}, "text": nil},
		AfterUnknown: map[string]any{"status": true, "metadata": []any{map[string]any{"labels": map[string]any{}, "uid": true}}}})
	assert.Equal(t, []string{
		`metadata[0].labels["app.kubernetes.io/name"] a → b`,
		`metadata[0].uid none → (known after apply)`,
		`spec[0] none → 1`,
		`status none → (known after apply)`,
		`text ` + strings.Repeat("long ", 16) + `… → none`,
	}, texts(c.Attributes))
}

func TestACollectionThatComesOrGoesIsNotSpeltOut(t *testing.T) {
	c := change("kind_cluster", tfjson.Change{Actions: replace, ReplacePaths: []any{[]any{"nodes"}},
		Before: map[string]any{"nodes": []any{"a"}, "networking": nil}, After: map[string]any{"nodes": []any{"a", map[string]any{"role": "worker"}}, "networking": map[string]any{"x": 1.0}, "list": []any{1.0}}})
	assert.Equal(t, []string{"list none → […]", "networking none → {…}", "nodes[1] none → {…}"}, texts(c.Attributes))
	assert.Equal(t, "nodes[1] none → {…}: cannot be changed in place", c.Because)
}

func texts(attributes []Attribute) []string {
	all := make([]string, 0, len(attributes))
	for _, a := range attributes {
		all = append(all, a.String())
	}
	return all
}

func TestReasonsAreTerraformsInWords(t *testing.T) {
	of := func(reason tfjson.ActionReason, deposed string, actions tfjson.Actions, paths ...any) string {
		return Of(&tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{Address: "x.y", Type: "x", Mode: tfjson.ManagedResourceMode, ActionReason: reason, DeposedKey: deposed,
			Change: &tfjson.Change{Actions: actions, ReplacePaths: paths}}}}).Changes[0].Because
	}
	assert.Equal(t, "its creation failed halfway", of(tfjson.ActionReasonReplaceBecauseTainted, "", replace))
	assert.Equal(t, "nothing describes it any more", of(tfjson.ActionReasonDeleteBecauseNoResourceConfig, "", remove))
	assert.Equal(t, "it was replaced by an earlier run", of("", "0a1b2c3d", remove))
	assert.Equal(t, "data_wo, spec[0]: cannot be changed in place", of(tfjson.ActionReasonReplaceBecauseCannotUpdate, "", replace, []any{"data_wo"}, []any{"spec", 0.0}))
	assert.Equal(t, "the provider cannot change it in place", of("", "", replace))
}

func TestACreatedClusterLosesNothing(t *testing.T) {
	// The provider takes a cluster that is gone or half-made out of the state: its plan creates it.
	c := change("kind_cluster", tfjson.Change{Actions: tfjson.Actions{tfjson.ActionCreate}, After: map[string]any{"name": "dev"}})
	assert.Equal(t, Created, c.Verdict)
	assert.Empty(t, c.Loses)
	c = change("kind_cluster", tfjson.Change{Actions: update, Before: map[string]any{"status": "stopped"}, After: map[string]any{"status": "running"}})
	assert.Equal(t, Started, c.Verdict)
	assert.Empty(t, c.Loses)
}

func TestWhatHoldsDataIsLostWithIt(t *testing.T) {
	for _, kind := range []string{"kind_cluster", "kind_registry", "kubernetes_namespace_v1", "kubernetes_namespace", "kubernetes_persistent_volume_claim_v1",
		"aws_eks_cluster", "aws_db_instance", "aws_rds_cluster", "aws_kms_key", "aws_s3_bucket", "aws_ecr_repository", "aws_secretsmanager_secret",
		"google_container_cluster", "google_sql_database_instance", "google_kms_crypto_key", "google_storage_bucket", "google_artifact_registry_repository"} {
		assert.NotEmpty(t, change(kind, tfjson.Change{Actions: remove}).Loses, kind)
		assert.NotEmpty(t, change(kind, tfjson.Change{Actions: replace}).Loses, kind)
		assert.Empty(t, change(kind, tfjson.Change{Actions: update}).Loses, kind)
		assert.Empty(t, change(kind, tfjson.Change{Actions: tfjson.Actions{tfjson.ActionForget}}).Loses, kind)
	}
	for _, kind := range []string{"kubernetes_deployment_v1", "kubernetes_secret_v1", "kubernetes_job_v1", "aws_eks_node_group", "google_container_node_pool", "aws_iam_role"} {
		assert.Empty(t, change(kind, tfjson.Change{Actions: replace}).Loses, kind)
	}
}

func TestValuesDecideWhatGoesWithAResource(t *testing.T) {
	set := func(replicas string, policy map[string]any) map[string]any {
		return map[string]any{"spec": block(map[string]any{"replicas": replicas, "persistent_volume_claim_retention_policy": block(policy)})}
	}
	keep, drop := map[string]any{"when_deleted": "Retain", "when_scaled": "Retain"}, map[string]any{"when_deleted": "Delete", "when_scaled": "Delete"}
	const kind = "kubernetes_stateful_set_v1"
	assert.Empty(t, change(kind, tfjson.Change{Actions: remove, Before: set("1", keep)}).Loses)
	assert.Equal(t, "every file of its volume claims", change(kind, tfjson.Change{Actions: remove, Before: set("1", drop)}).Loses)
	assert.Empty(t, change(kind, tfjson.Change{Actions: update, Before: set("2", keep), After: set("1", keep)}).Loses)
	assert.Equal(t, "every file of the volume claims of the pods that go", change(kind, tfjson.Change{Actions: update, Before: set("2", drop), After: set("1", drop)}).Loses)
	assert.Empty(t, change(kind, tfjson.Change{Actions: update, Before: set("1", drop), After: set("2", drop)}).Loses)

	volume := func(policy string) map[string]any {
		return map[string]any{"spec": block(map[string]any{"persistent_volume_reclaim_policy": policy})}
	}
	assert.Empty(t, change("kubernetes_persistent_volume_v1", tfjson.Change{Actions: remove, Before: volume("Retain")}).Loses)
	assert.NotEmpty(t, change("kubernetes_persistent_volume_v1", tfjson.Change{Actions: remove, Before: volume("Delete")}).Loses)

	settings := map[string]any{"settings": block(map[string]any{"retain_backups_on_delete": true})}
	assert.Equal(t, "every database in it: but for the backups that stay", change("google_sql_database_instance", tfjson.Change{Actions: remove, Before: settings}).Loses)
	assert.Empty(t, change("google_artifact_registry_repository", tfjson.Change{Actions: remove, Before: map[string]any{"mode": "REMOTE_REPOSITORY"}}).Loses)
	assert.Equal(t, "the database: but for its final snapshot", change("aws_db_instance", tfjson.Change{Actions: remove, Before: map[string]any{"skip_final_snapshot": false}}).Loses)
	assert.Equal(t, "every automated backup that is older than 1 days", change("aws_db_instance", tfjson.Change{Actions: update,
		Before: map[string]any{"backup_retention_period": 7.0}, After: map[string]any{"backup_retention_period": 1.0}}).Loses)
}

func TestSentences(t *testing.T) {
	created := Plan{Changes: []Change{{Address: "a.b", Verdict: Created}, {Address: "a.c", Verdict: Created}}}
	restarted := Plan{Changes: []Change{{Address: "a.d", Verdict: Restarted}}}
	losing := Plan{Changes: []Change{{Address: "module.registry.kind_registry.this", Verdict: Removed, Loses: contents["kind_registry"]},
		{Address: "a.e", Verdict: InPlace, Loses: "every backup in it"}}}
	assert.Equal(t, "no changes", Sentence(Plan{}, Plan{}))
	assert.Equal(t, "only outputs change; no data is lost", Sentence(Plan{Outputs: []string{"services"}}))
	assert.Equal(t, "2 created, 1 restarted; no data is lost", Sentence(created, restarted))
	assert.Equal(t, "removes registry.kind_registry.this: every image of earlier releases is lost (up pushes only those of today again); "+
		"changes a.e: every backup in it is lost; 2 created", Sentence(created, losing))
	assert.True(t, Plan{}.Empty())
	assert.False(t, created.Empty())
}

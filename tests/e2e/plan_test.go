package e2e

import (
	"os"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// exitRefused is the exit code of what up refuses, and of a plan that it would.
const exitRefused = 1

// lossIsRefused asks for another node, which kind cannot add to a cluster.
func (e *environment) lossIsRefused(t *testing.T) {
	pods := e.running(t)
	t.Setenv("TF_VAR_workers", "1")
	const loss = "replaces cluster.kind_cluster.this: everything in the cluster, databases included, is lost"
	r := e.kindling(t, "plan", "--env", e.name)
	assert.Equal(t, planChanges, r.code, r.text())
	assert.Contains(t, r.stdout, loss)
	assert.Contains(t, r.stdout, "nodes[1] none → {…}: cannot be changed in place")
	assert.Contains(t, r.stdout, "make up env="+e.name+" confirm=yes")

	e.refused(t, exitRefused, []string{"nothing was applied, because data would be lost: " + loss, "make up env=" + e.name + " confirm=yes"}, "up", "--env", e.name)
	assert.Equal(t, pods, e.running(t))
}

// brokenRuleIsRefused describes an object that does not tell who manages it, and waives that.
func (e *environment) brokenRuleIsRefused(t *testing.T) {
	e.edit(t, "environments/"+e.name+"/workloads/outputs.tf", `output "services" {`, `resource "kubernetes_config_map_v1" "unlabelled" {
  metadata {
    name      = "unlabelled"
    namespace = "apps"
  }
}

output "services" {`)
	r := e.kindling(t, "plan", "--env", e.name)
	assert.Equal(t, exitRefused, r.code, r.text())
	assert.Contains(t, r.stdout, "a rule is broken; 1 created; no data is lost")
	e.refused(t, exitRefused, []string{"kubernetes_config_map_v1.unlabelled breaks the rule labels: it lacks the label app.kubernetes.io/managed-by"}, "up", "--env", e.name)
	e.mustKubectl(t, "get", "namespace", "apps")
	assert.NotZero(t, e.kubectl(t, "get", "configmap", "unlabelled", "--namespace=apps").code, "it was not made")

	waivers := e.path("environments", e.name, "policy.yaml")
	t.Cleanup(func() { require.NoError(t, os.Remove(waivers)) })
	require.NoError(t, os.WriteFile(waivers, []byte("waivers:\n  - {rule: labels, resource: kubernetes_config_map_v1.unlabelled, reason: a test, until: 2999-12-31}\n"), 0o644))
	r = e.kindling(t, "plan", "--env", e.name)
	assert.Equal(t, planChanges, r.code, r.text())
	assert.Contains(t, r.stdout, "waived labels")
}

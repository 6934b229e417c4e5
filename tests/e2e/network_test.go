package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// probe is a pod that tries to talk to others. psql stands in for a client of any protocol: its
// greeting holds the name of a database, and an empty line in that name ends what an HTTP server
// takes for a request. The answer begins with the H of HTTP, which psql reports.
type probe struct {
	name   string
	labels string // what NetworkPolicies see of it
	script string
}

// connect tries to reach a server until it is answered, at most so many times, and tells what came
// back last. The image has no seq.
func connect(host string, port, times int) string {
	return fmt.Sprintf(`
attempt=0 said=
while [ $attempt -lt %[3]d ]; do
  attempt=$((attempt + 1))
  said=$(psql "hostaddr=%[1]s port=%[2]d user=nobody dbname='none

' sslmode=disable connect_timeout=3" --no-password --command='' 2>&1)
  case "$said" in *refused*|*"timeout expired"*|*unreachable*|*"timed out"*) sleep 0.5 ;; *) break ;; esac
done
echo "%[1]s:%[2]d after $attempt: $said"`, host, port, times)
}

// refusals is how often an undeclared connection is tried: a new pod is not known to the policies
// of others for a moment, so that its first refusal proves little.
const refusals = 6

// How a server's answer shows in what a probe printed.
const (
	httpAnswered     = "received H"
	databaseAnswered = "no password supplied"
)

func (e *environment) networkRefusesTheUndeclared(t *testing.T) {
	address := func(service string) string {
		return e.mustKubectl(t, "get", "service", service, "--namespace=apps", "--output=jsonpath={.spec.clusterIP}")
	}
	catalog, inventory, database := address("catalog"), address("inventory"), address("database")
	probes := []probe{
		// service.yaml: inventory calls catalog and needs the database.
		{"probe-declared", "app.kubernetes.io/name: inventory", connect(catalog, 80, 60) + connect(database, 5432, 60)},
		{"probe-reversed", "app.kubernetes.io/name: catalog", connect(database, 5432, 60) + connect(inventory, 80, refusals)},
		{"probe-stranger", "app.kubernetes.io/name: stranger", connect(catalog, 80, refusals) + connect(database, 5432, refusals)},
	}
	for _, p := range probes {
		e.runProbe(t, p)
	}
	said := map[string]string{}
	for _, p := range probes {
		ended := e.kubectl(t, "wait", "pod", p.name, "--namespace=apps", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=50s")
		said[p.name] = e.mustKubectl(t, "logs", p.name, "--namespace=apps")
		t.Logf("%s: %s", p.name, said[p.name])
		assert.Zero(t, ended.code, "%s did not end: %s", p.name, ended.stderr)
	}
	assert.Contains(t, said["probe-declared"], httpAnswered, "a declared call is answered")
	assert.Contains(t, said["probe-declared"], databaseAnswered, "a declared need is answered")
	assert.Contains(t, said["probe-reversed"], databaseAnswered)
	assert.NotContains(t, said["probe-reversed"], httpAnswered, "catalog does not call inventory")
	assert.NotContains(t, said["probe-stranger"], httpAnswered)
	assert.NotContains(t, said["probe-stranger"], databaseAnswered)
}

// runProbe starts a pod that is admitted by the namespace's pod security and ends by itself.
func (e *environment) runProbe(t *testing.T, p probe) {
	t.Helper()
	image := e.mustKubectl(t, "get", "statefulset", "database", "--namespace=apps", "--output=jsonpath={.spec.template.spec.containers[0].image}")
	t.Cleanup(func() {
		e.kubectlAfter("delete", "pod", p.name, "--namespace=apps", "--grace-period=1", "--wait=false")
	})
	r := e.kubectlWith(t, fmt.Sprintf(`
apiVersion: v1
kind: Pod
metadata:
  name: %s
  namespace: apps
  labels: {%s}
spec:
  restartPolicy: Never
  automountServiceAccountToken: false
  securityContext: {runAsUser: 999, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
  containers:
    - name: probe
      image: %s
      command: [sh, -c, %q]
      securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
`, p.name, p.labels, image, strings.TrimSpace(p.script)), "apply", "--filename=-")
	assert.Zero(t, r.code, r.text())
}

// Package e2e brings one environment up from a copy of this checkout, uses it, breaks it in every
// way that it has to survive, and takes it down again. It drives make, kindling, terraform, docker
// and HTTP, and imports no project code.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// environment is an environment under test: one of a copy of this checkout, with a name, ports and
// a certificate authority that no environment of people has.
type environment struct {
	source string // the checkout that was copied
	dir    string // the copy
	name   string // the folder in environments/

	cluster                           string
	httpPort, httpsPort, registryPort int
}

// newEnvironment copies the checkout and sets its environment dev apart.
func newEnvironment(t *testing.T) *environment {
	t.Helper()
	e := &environment{name: "dev", cluster: "e2e", httpPort: 18080, httpsPort: 18443, registryPort: 15001}
	newCopy(t, e)
	return e
}

// newCopy copies the checkout for environments that live in it together. The copy always lies in
// the same folder, so that what a killed run left can be found and removed.
func newCopy(t *testing.T, environments ...*environment) {
	t.Helper()
	source, err := exec.CommandContext(t.Context(), "git", "rev-parse", "--show-toplevel").Output()
	require.NoError(t, err)
	folder := filepath.Join(os.TempDir(), "kindling-e2e")
	apart(t, folder)
	alone(t)
	for _, e := range environments {
		e.source, e.dir = strings.TrimSpace(string(source)), filepath.Join(folder, "repository")
		e.remove(t)
		t.Cleanup(func() { e.remove(t) })
	}
	require.NoError(t, os.RemoveAll(folder))
	t.Cleanup(func() { require.NoError(t, os.RemoveAll(folder)) })
	environments[0].copyCheckout(t)
	for _, e := range environments {
		e.settle(t)
	}
}

// alone keeps a second run on this machine away: both would have the same names and ports, and
// remove each other's cluster. The lock ends with the process.
func alone(t *testing.T) {
	t.Helper()
	lock, err := os.OpenFile(lockFile, os.O_CREATE|os.O_RDONLY, 0o644)
	require.NoError(t, err)
	t.Cleanup(func() { _ = lock.Close() })
	require.NoError(t, syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB), "these tests run on this machine already")
}

// lockFile does not follow TMPDIR: the engine is the machine's.
const lockFile = "/tmp/kindling-e2e.lock"

// apart keeps the tests' environments apart from a user's, and from the command line of a make above.
func apart(t *testing.T, folder string) {
	t.Helper()
	t.Setenv("KINDLING_CA", filepath.Join(folder, "ca"))
	for _, name := range []string{"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "TF_CLI_CONFIG_FILE", "TF_VAR_name"} {
		t.Setenv(name, "") // puts the value back when the test ends
		require.NoError(t, os.Unsetenv(name))
	}
}

// settle gives the environment its name and ports, in the file that git ignores.
func (e *environment) settle(t *testing.T) {
	t.Helper()
	text := fmt.Sprintf("name = %q\nhttp_port = %d\nhttps_port = %d\nregistry_port = %d\n", e.cluster, e.httpPort, e.httpsPort, e.registryPort)
	require.NoError(t, os.WriteFile(e.path("environments", e.name, "cluster", "local.auto.tfvars"), []byte(text), 0o644))
}

// copyCheckout copies what git has or would add, and makes the copy a repository with one commit,
// so that it has a version.
func (e *environment) copyCheckout(t *testing.T) {
	t.Helper()
	require.NoError(t, os.MkdirAll(e.dir, 0o755))
	out, err := exec.CommandContext(t.Context(), filepath.Join(e.source, "tests", "copy.sh"), e.dir).CombinedOutput()
	require.NoError(t, err, "copy %s: %s", e.source, out)
}

// remove removes all that the engine has under the environment's name, whatever state a run ended in.
func (e *environment) remove(t *testing.T) {
	t.Helper()
	out, err := exec.Command(filepath.Join(e.source, "tests", "e2e", "clean.sh"), e.cluster).CombinedOutput()
	require.NoError(t, err, "remove what is left of %s: %s", e.cluster, out)
}

// path is a file of the copy.
func (e *environment) path(elements ...string) string {
	return filepath.Join(append([]string{e.dir}, elements...)...)
}

// edit replaces a text in a file of the copy until the test ends.
func (e *environment) edit(t *testing.T, file, old, replacement string) {
	t.Helper()
	before, err := os.ReadFile(e.path(file))
	require.NoError(t, err)
	require.Contains(t, string(before), old, "%s is not what this test edits", file)
	e.write(t, file, strings.Replace(string(before), old, replacement, 1))
}

// write replaces a file of the copy until the test ends.
func (e *environment) write(t *testing.T, file, content string) {
	t.Helper()
	before, err := os.ReadFile(e.path(file))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, os.WriteFile(e.path(file), before, 0o644)) })
	require.NoError(t, os.WriteFile(e.path(file), []byte(content), 0o644))
}

// tellState logs what somebody wants to know who reads of a failure.
func (e *environment) tellState(t *testing.T) {
	t.Helper()
	if !t.Failed() {
		return
	}
	inNode := []string{"docker", "exec", e.cluster + "-control-plane", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"}
	for _, command := range [][]string{
		{"docker", "ps", "--all", "--filter", "name=" + e.cluster + "-"},
		append(inNode, "get", "pods", "--all-namespaces", "--output=wide"),
		append(inNode, "get", "events", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"),
		append(inNode, "logs", "--namespace=apps", "--selector=app.kubernetes.io/part-of=kindling", "--prefix", "--tail=20"),
		append(inNode, "logs", "--namespace=ingress-nginx", "--selector=app.kubernetes.io/name=ingress-nginx", "--tail=30"),
		append(inNode, "logs", "--namespace=kube-system", "--selector=app.kubernetes.io/name=kube-router", "--tail=60"),
	} {
		out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		t.Logf("%s (%v)\n%s", strings.Join(command, " "), err, out)
	}
}

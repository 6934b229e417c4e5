// Package e2e brings one environment up from a copy of this checkout, uses it, breaks it in every
// way that it has to survive, and takes it down again. It drives make, kindling, terraform, docker
// and HTTP, and imports no project code.
package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the tests call their own: environments of people have other names and ports.
const (
	clusterName  = "e2e"
	httpPort     = 18080
	httpsPort    = 18443
	registryPort = 15001
)

// environment is the environment under test: dev of a copy of this checkout, with a name, ports
// and a certificate authority of its own.
type environment struct {
	source string // the checkout that was copied
	dir    string // the copy
}

// newEnvironment copies the checkout. The copy always lies in the same folder, so that what a
// killed run left can be found and removed.
func newEnvironment(t *testing.T) *environment {
	t.Helper()
	source, err := exec.CommandContext(t.Context(), "git", "rev-parse", "--show-toplevel").Output()
	require.NoError(t, err)
	folder := filepath.Join(os.TempDir(), "kindling-e2e")
	e := &environment{source: strings.TrimSpace(string(source)), dir: filepath.Join(folder, "repository")}
	e.separate(t, folder)
	alone(t)
	e.removeAll(t, folder)
	t.Cleanup(func() { e.removeAll(t, folder) })
	e.copyCheckout(t)
	return e
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

// separate keeps the environment apart from a user's, and from the command line of a make above.
func (e *environment) separate(t *testing.T, folder string) {
	t.Helper()
	for name, value := range map[string]string{
		"TF_VAR_name":          clusterName,
		"TF_VAR_http_port":     strconv.Itoa(httpPort),
		"TF_VAR_https_port":    strconv.Itoa(httpsPort),
		"TF_VAR_registry_port": strconv.Itoa(registryPort),
		"KINDLING_CA":          filepath.Join(folder, "ca"),
	} {
		t.Setenv(name, value)
	}
	for _, name := range []string{"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "MAKEOVERRIDES", "TF_CLI_CONFIG_FILE"} {
		t.Setenv(name, "") // puts the value back when the test ends
		require.NoError(t, os.Unsetenv(name))
	}
}

// copyCheckout copies what git has or would add, and makes the copy a repository with one commit,
// so that it has a version.
func (e *environment) copyCheckout(t *testing.T) {
	t.Helper()
	require.NoError(t, os.MkdirAll(e.dir, 0o755))
	out, err := exec.CommandContext(t.Context(), filepath.Join(e.source, "tests", "copy.sh"), e.dir).CombinedOutput()
	require.NoError(t, err, "copy %s: %s", e.source, out)
}

// removeAll removes the copy and all that the engine has under the tests' name, whatever state a
// run ended in.
func (e *environment) removeAll(t *testing.T, folder string) {
	t.Helper()
	out, err := exec.Command(filepath.Join(e.source, "tests", "e2e", "clean.sh"), clusterName).CombinedOutput()
	require.NoError(t, err, "remove what is left of %s: %s", clusterName, out)
	require.NoError(t, os.RemoveAll(folder))
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
	inNode := []string{"docker", "exec", clusterName + "-control-plane", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"}
	for _, command := range [][]string{
		{"docker", "ps", "--all", "--filter", "name=" + clusterName + "-"},
		append(inNode, "get", "pods", "--all-namespaces", "--output=wide"),
		append(inNode, "get", "events", "--all-namespaces", "--sort-by=.metadata.creationTimestamp"),
	} {
		out, err := exec.Command(command[0], command[1:]...).CombinedOutput()
		t.Logf("%s (%v)\n%s", strings.Join(command, " "), err, out)
	}
}

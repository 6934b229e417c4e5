package e2e

import (
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWithoutANetwork brings dev up in a network namespace without routes, on a cache that holds
// nothing but what an archive brought, in an engine of its own that has no images. The parts come
// from the cache of whoever runs it, Go's modules from theirs.
func TestWithoutANetwork(t *testing.T) {
	requireNoNetwork(t)
	e := &environment{name: "dev", cluster: "e2e", httpPort: 80, httpsPort: 443, registryPort: 5001}
	engine := startEngine(t)
	newCopy(t, e)
	require.Zero(t, e.run(t, coldLimit, "make", "tool").code)

	archive := filepath.Join(t.TempDir(), "parts.tar.zst")
	r := e.kindling(t, "supply", "export", archive)
	require.Zero(t, r.code, r.text())
	t.Setenv("KINDLING_CACHE", t.TempDir())
	r = e.kindling(t, "supply", "import", archive)
	require.Zero(t, r.code, r.text())

	r = e.run(t, warmLimit, "make", "up", "env=dev")
	require.Zero(t, r.code, "up without a network failed:\n%s", r.text())
	t.Logf("up took %s", r.elapsed)
	assert.Contains(t, r.stderr, "source ·", "the published registries do not answer")
	e.everyServiceAnswers(t)
	mustAsk(t, e.client(t), http.StatusNotFound, http.MethodGet, "https://shop.localhost/api/nothing", nil)
	e.plansAreEmpty(t)
	e.downLeavesNothing(t)
	assert.NoError(t, syscall.Kill(engine, 0), "the engine of this test ran all the time")
}

// requireNoNetwork fails where anything but this machine can be reached: tests/run.sh starts this
// test in a namespace of its own.
func requireNoNetwork(t *testing.T) {
	t.Helper()
	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	for _, i := range interfaces {
		require.NotZero(t, i.Flags&net.FlagLoopback, "there is a network interface %s; run make test only=offline", i.Name)
	}
}

// startEngine starts an engine of the namespace: the ports that another one publishes are not in it.
func startEngine(t *testing.T) (pid int) {
	t.Helper()
	folder, err := os.MkdirTemp("", "kindling-engine-") // a socket's path is short
	require.NoError(t, err)
	log, err := os.Create(filepath.Join(folder, "log"))
	require.NoError(t, err)
	socket := "unix://" + filepath.Join(folder, "docker.sock")
	cmd := exec.Command("dockerd", "--host", socket, "--data-root", filepath.Join(folder, "data"), "--exec-root", filepath.Join(folder, "exec"),
		"--pidfile", filepath.Join(folder, "docker.pid"), "--containerd-namespace", "kindling-offline", "--containerd-plugins-namespace", "kindling-offline-plugins")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // ^C reaches the tests first
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { stopEngine(t, cmd, folder) })
	t.Setenv("DOCKER_HOST", socket)
	until(t, "the engine answers", time.Minute, func() error {
		if cmd.ProcessState != nil {
			return errors.New("it has ended")
		}
		return exec.CommandContext(t.Context(), "docker", "info").Run()
	})
	return cmd.Process.Pid
}

func stopEngine(t *testing.T, cmd *exec.Cmd, folder string) {
	t.Helper()
	if t.Failed() {
		if text, err := os.ReadFile(filepath.Join(folder, "log")); err == nil {
			t.Logf("the engine wrote\n%s", text[max(0, len(text)-5000):])
		}
	}
	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	_ = cmd.Wait() // it ends by the signal
	require.NoError(t, os.RemoveAll(folder))
}

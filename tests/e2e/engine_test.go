package e2e

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// engineRestartIsSurvived stops the engine as a reboot does. Containers of others would stop with
// it, so it needs a machine that runs none; KINDLING_TEST_ENGINE=restart overrides that.
func (e *environment) engineRestartIsSurvived(t *testing.T) {
	pid := e.enginePid(t)
	identity := e.mustKubectl(t, "get", "namespace", "kube-system", "--output=jsonpath={.metadata.uid}")
	require.NoError(t, syscall.Kill(pid, syscall.SIGTERM))
	until(t, "the engine is gone", time.Minute, func() error {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			return errors.New("it still runs")
		}
		return nil
	})
	r := e.run(t, warmLimit, "make", "up", "env="+e.name)
	require.Zero(t, r.code, r.text())
	t.Logf("up took %s", r.elapsed)
	assert.Contains(t, r.stderr, "starting dockerd")
	e.everyServiceAnswers(t)
	assert.Equal(t, identity, e.mustKubectl(t, "get", "namespace", "kube-system", "--output=jsonpath={.metadata.uid}"), "it is the same cluster")
}

// enginePid is the process of an engine that this test may stop and the tool can start again.
func (e *environment) enginePid(t *testing.T) int {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("only root can restart the engine")
	}
	if _, err := os.Stat("/run/systemd/system"); err == nil {
		t.Skip("systemd runs the engine here; this case is about one that kindling started")
	}
	text, err := os.ReadFile("/var/run/docker.pid")
	if err != nil {
		t.Skip("no engine of this machine: ", err)
	}
	if os.Getenv("KINDLING_TEST_ENGINE") != "restart" {
		if others := e.containersOfOthers(t); len(others) > 0 {
			t.Skip("the engine also runs ", strings.Join(others, ", "), "; KINDLING_TEST_ENGINE=restart restarts it nevertheless")
		}
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	require.NoError(t, err)
	return pid
}

func (e *environment) containersOfOthers(t *testing.T) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", "ps", "--format", "{{.Names}}").Output()
	require.NoError(t, err)
	var others []string
	for _, name := range strings.Fields(string(out)) {
		if !strings.HasPrefix(name, e.cluster+"-") {
			others = append(others, name)
		}
	}
	return others
}

package e2e

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/retry"
	"github.com/gruntwork-io/terratest/modules/shell"
	"github.com/stretchr/testify/require"
)

// result is what a command left that has ended.
type result struct {
	stdout, stderr string
	code           int
	elapsed        time.Duration
}

// text is everything the command printed.
func (r result) text() string { return r.stdout + "\n" + r.stderr }

// run runs a command in the copy. It does not judge the exit code.
func (e *environment) run(t *testing.T, limit time.Duration, program string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	start := time.Now()
	command := &shell.Command{Command: program, Args: args, WorkingDir: e.dir, Stdin: strings.NewReader("")}
	if slices.Contains(args, "json") {
		command.Logger = logger.Discard
	}
	stdout, stderr, err := shell.RunCommandContextAndGetStdOutErrE(t, ctx, command)
	require.NoError(t, ctx.Err(), "%s %s did not end within %s:\n%s", program, strings.Join(args, " "), limit, stderr)
	code, unknown := shell.GetExitCodeForRunCommandError(err)
	if err == nil {
		code, unknown = 0, nil
	}
	require.NoError(t, unknown, "%s %s:\n%s", program, strings.Join(args, " "), stderr)
	return result{stdout: stdout, stderr: stderr, code: code, elapsed: time.Since(start)}
}

// Limits of commands: a cold machine first builds Kubernetes.
const (
	coldLimit    = 2 * time.Hour
	warmLimit    = 6 * time.Minute
	refusalLimit = time.Minute
)

// tool is kindling of the copy; make builds it.
func (e *environment) tool() string { return e.path(".kindling", "bin", "kindling") }

// kindling runs the tool.
func (e *environment) kindling(t *testing.T, args ...string) result {
	t.Helper()
	return e.run(t, warmLimit, e.tool(), args...)
}

// up brings the environment up and requires that this succeeds.
func (e *environment) up(t *testing.T) result {
	t.Helper()
	r := e.kindling(t, "up", "--env", e.name)
	require.Zero(t, r.code, "up failed:\n%s", r.text())
	return r
}

// refused requires that a command of the tool fails with a code and tells all of the texts.
func (e *environment) refused(t *testing.T, code int, texts []string, args ...string) result {
	t.Helper()
	r := e.kindling(t, args...)
	require.Equal(t, code, r.code, r.text())
	for _, text := range texts {
		require.Contains(t, r.stderr, text)
	}
	return r
}

// process is a command that runs beside the test.
type process struct {
	cmd    *exec.Cmd
	output string // file
	ended  chan struct{}
}

// start starts a command of the tool beside the test.
func (e *environment) start(t *testing.T, args ...string) *process {
	t.Helper()
	file, err := os.CreateTemp(t.TempDir(), "output")
	require.NoError(t, err)
	defer file.Close()
	cmd := exec.Command(e.tool(), args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = e.dir, file, file
	require.NoError(t, cmd.Start())
	p := &process{cmd: cmd, output: file.Name(), ended: make(chan struct{})}
	go func() {
		_ = cmd.Wait() // the exit code is in ProcessState
		close(p.ended)
	}()
	t.Cleanup(func() { p.kill() })
	return p
}

// kill ends the process as the kernel does when memory is short, and waits until it is gone.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // an error says that it has ended
	<-p.ended
}

// wait returns the exit code.
func (p *process) wait(t *testing.T, limit time.Duration) int {
	t.Helper()
	select {
	case <-p.ended:
		return p.cmd.ProcessState.ExitCode()
	case <-time.After(limit):
		require.Fail(t, "the process did not end", "within %s:\n%s", limit, p.text())
		return 0
	}
}

func (p *process) running() bool {
	select {
	case <-p.ended:
		return false
	default:
		return true
	}
}

func (p *process) text() string {
	text, err := os.ReadFile(p.output)
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// until waits for a named condition, looking every second.
func until(t *testing.T, condition string, limit time.Duration, holds func() error) {
	t.Helper()
	retry.DoWithRetryContext(t, t.Context(), condition, int(limit/pause), pause, func() (string, error) { return "", holds() })
}

const pause = time.Second

// whileRunning makes a condition fail at once when the process has ended.
func (p *process) whileRunning(holds func() error) func() error {
	return func() error {
		err := holds()
		if err != nil && !p.running() {
			return retry.FatalError{Underlying: errors.New("the process has ended: " + p.text())}
		}
		return err
	}
}

// kubectl runs the node's own kubectl: users need none.
func (e *environment) kubectl(t *testing.T, args ...string) result {
	t.Helper()
	return e.kubectlWith(t, "", args...)
}

// kubectlWith feeds a manifest to kubectl.
func (e *environment) kubectlWith(t *testing.T, manifest string, args ...string) result {
	t.Helper()
	return e.inNode(t, manifest, append([]string{"kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"}, args...)...)
}

// inNode runs a command in the first node.
func (e *environment) inNode(t *testing.T, input string, command ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "docker", append([]string{"exec", "--interactive", e.cluster + "-control-plane"}, command...)...)
	var stdout, stderr strings.Builder
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		require.NoError(t, err)
	}
	return result{stdout: stdout.String(), stderr: stderr.String(), code: cmd.ProcessState.ExitCode(), elapsed: time.Since(start)}
}

// mustKubectl returns what kubectl printed.
func (e *environment) mustKubectl(t *testing.T, args ...string) string {
	t.Helper()
	r := e.kubectl(t, args...)
	require.Zero(t, r.code, "kubectl %s: %s", strings.Join(args, " "), r.text())
	return strings.TrimSpace(r.stdout)
}

// kubectlAfter runs when the test has ended, whatever became of the cluster.
func (e *environment) kubectlAfter(args ...string) {
	_ = exec.Command("docker", append([]string{"exec", e.cluster + "-control-plane", "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"}, args...)...).Run()
}

// readJSON decodes what a command printed.
func readJSON(t *testing.T, text string, into any) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(text), into), text)
}

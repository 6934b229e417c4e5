// Package state keeps Terraform's states in buckets of real servers, with real Terraform: it moves
// them there, locks them, kills whoever holds the lock, and goes on. It drives the tool and
// terraform, and imports no project code. It needs neither an engine nor a cluster.
package state

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/retry"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/require"
)

// environment is the one that the fixture describes.
const environment = "fixture"

// machine is a checkout of a small repository with one environment, as somebody has it on one
// machine: its roots make nothing outside of their states.
type machine struct {
	dir  string
	tool string
}

// newMachine makes a checkout. The docker that it finds answers and has nothing: down asks it
// whether anything is left.
func newMachine(t *testing.T) *machine {
	t.Helper()
	m := &machine{dir: t.TempDir(), tool: filepath.Join(checkout(t), ".kindling", "bin", "kindling")}
	require.FileExists(t, m.tool, "make tool builds it")
	for name, text := range fixture {
		m.write(t, name, text)
	}
	require.NoError(t, os.Chmod(m.path("bin", "docker"), 0o755))
	for _, name := range []string{"MAKEFLAGS", "MFLAGS", "MAKELEVEL", "TF_CLI_CONFIG_FILE", "KINDLING_TERRAFORM"} {
		t.Setenv(name, "")
		require.NoError(t, os.Unsetenv(name))
	}
	t.Setenv("KINDLING_CACHE", filepath.Join(t.TempDir(), "cache"))
	t.Setenv("KINDLING_CA", filepath.Join(t.TempDir(), "ca"))
	return m
}

// copied is a machine on which the same was done.
func (m *machine) copied(t *testing.T) *machine {
	t.Helper()
	other := &machine{dir: t.TempDir(), tool: m.tool}
	require.NoError(t, os.CopyFS(other.dir, os.DirFS(m.dir)))
	return other
}

// another is a machine that has what the first one's people have committed.
func (m *machine) another(t *testing.T) *machine {
	t.Helper()
	other := newMachine(t)
	for _, name := range []string{"cluster/backend.tf.json", "workloads/backend.tf.json", "workloads/cluster_state.auto.tfvars.json"} {
		text, err := os.ReadFile(m.path("environments", environment, name))
		require.NoError(t, err)
		other.write(t, "environments/"+environment+"/"+name, string(text))
	}
	return other
}

func (m *machine) path(elements ...string) string {
	return filepath.Join(append([]string{m.dir}, elements...)...)
}

func (m *machine) root(name string) string { return m.path("environments", environment, name) }

func (m *machine) write(t *testing.T, name, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(m.path(name)), 0o755))
	require.NoError(t, os.WriteFile(m.path(name), []byte(text), 0o644))
}

// fixture is a repository that the tool recognises, by file.
var fixture = map[string]string{
	"go.work":                "go 1.26.0\n",
	"infra/supply/README.md": "Nothing is built here.\n",
	".kindling/terraform.rc": "disable_checkpoint = true\n",
	"bin/docker": `#!/bin/sh
case "$1" in
  info) echo '{"ServerVersion": "20.10.24", "CgroupVersion": "2", "NCPU": 2, "MemTotal": 8589934592, "OperatingSystem": "a test"}' ;;
esac
`,
	// While there is a file "slow", what is made or removed takes half a minute, under the lock.
	"environments/fixture/cluster/main.tf": `
variable "round" { default = "1" }

resource "terraform_data" "cluster" {
  input            = var.round
  triggers_replace = var.round

  provisioner "local-exec" {
    command = "if [ -e slow ]; then touch started; sleep 30; fi"
  }
  provisioner "local-exec" {
    when    = destroy
    command = "if [ -e slow ]; then touch started; sleep 30; fi"
  }
}

output "cluster" { value = { name = "fixture-${terraform_data.cluster.output}" } }
`,
	"environments/fixture/workloads/main.tf": `
variable "cluster_state" {
  type     = object({ backend = optional(string, "local"), config = optional(any) })
  nullable = false
  default  = {}
}

data "terraform_remote_state" "cluster" {
  backend = var.cluster_state.backend
  config = merge(
    { for name, value in { path = "${path.root}/../cluster/terraform.tfstate" } : name => value if var.cluster_state.config == null },
    var.cluster_state.config,
  )
}

module "workload" {
  source   = "./workload"
  for_each = toset(["catalog", "inventory"])
  input    = "${each.key} in ${data.terraform_remote_state.cluster.outputs.cluster.name}"
}
`,
	"environments/fixture/workloads/workload/main.tf": `
variable "input" { type = string }

resource "terraform_data" "this" { input = var.input }
`,
}

// terraform is plain Terraform in a root.
func (m *machine) terraform(root string) *terraform.Options {
	return &terraform.Options{TerraformDir: m.root(root), NoColor: true, Lock: true, Logger: logger.Discard,
		EnvVars: map[string]string{"TF_CLI_CONFIG_FILE": m.path(".kindling", "terraform.rc")}}
}

// apply applies both roots by plain Terraform.
func (m *machine) apply(t *testing.T) {
	t.Helper()
	for _, root := range []string{"cluster", "workloads"} {
		terraform.InitAndApplyContext(t, t.Context(), m.terraform(root))
	}
}

// plansAreEmpty requires that plain Terraform finds nothing to do.
func (m *machine) plansAreEmpty(t *testing.T) {
	t.Helper()
	for _, root := range []string{"cluster", "workloads"} {
		terraform.InitContext(t, t.Context(), m.terraform(root))
		require.Zero(t, terraform.PlanExitCodeContext(t, t.Context(), m.terraform(root)), root)
	}
}

// result is what a command left that has ended.
type result struct {
	stdout, stderr string
	code           int
	elapsed        time.Duration
}

// command is a run of the tool; wait bounds how long it waits for a lock.
func (m *machine) command(ctx context.Context, wait string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, m.tool, args...)
	cmd.Dir = m.dir
	cmd.Env = append(os.Environ(), "PATH="+m.path("bin")+":"+os.Getenv("PATH"), "KINDLING_LOCK_WAIT="+wait)
	return cmd
}

// kindling runs the tool, which does not wait for locks.
func (m *machine) kindling(t *testing.T, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	var stdout, stderr bytes.Buffer
	cmd := m.command(ctx, "0s", args...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	start := time.Now()
	err := cmd.Run()
	var failed *exec.ExitError
	if !errors.As(err, &failed) {
		require.NoError(t, err)
	}
	return result{stdout.String(), stderr.String(), cmd.ProcessState.ExitCode(), time.Since(start)}
}

// must runs the tool and requires that it succeeds.
func (m *machine) must(t *testing.T, args ...string) result {
	t.Helper()
	r := m.kindling(t, args...)
	require.Zero(t, r.code, "kindling %s:\n%s%s", strings.Join(args, " "), r.stdout, r.stderr)
	return r
}

// refused requires that the tool fails with a code and says all of the texts.
func (m *machine) refused(t *testing.T, code int, texts []string, args ...string) result {
	t.Helper()
	r := m.kindling(t, args...)
	require.Equal(t, code, r.code, "%s%s", r.stdout, r.stderr)
	for _, text := range texts {
		require.Contains(t, r.stderr, text)
	}
	return r
}

// rootState is what `state show` tells of a root.
type rootState struct {
	Root, Backend, Where, Lineage string
	There                         bool
	Serial, Resources             int
	Lock                          *struct{ ID, Who, Operation, Holder string }
}

// show is what `state show` tells, by root.
func (m *machine) show(t *testing.T) map[string]rootState {
	t.Helper()
	r := m.must(t, "state", "show", "--env", environment, "--output", "json")
	var report struct{ Roots []rootState }
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &report), r.stdout)
	states := map[string]rootState{}
	for _, root := range report.Roots {
		states[root.Root] = root
	}
	require.Len(t, states, 2)
	return states
}

// slowly has what the cluster root makes or removes take so long that it can be killed meanwhile.
func (m *machine) slowly(t *testing.T, slow bool) {
	t.Helper()
	_ = os.Remove(filepath.Join(m.root("cluster"), "started"))
	if slow {
		m.write(t, "environments/"+environment+"/cluster/slow", "")
		return
	}
	require.NoError(t, os.Remove(filepath.Join(m.root("cluster"), "slow")))
}

// begin starts a command and returns when it holds the lock and is at work. What it started ends
// with the test.
func (m *machine) begin(t *testing.T, cmd *exec.Cmd) {
	t.Helper()
	m.slowly(t, true)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { kill(cmd) })
	retry.DoWithRetryContext(t, t.Context(), "it holds the lock", 300, 100*time.Millisecond, func() (string, error) {
		_, err := os.Stat(filepath.Join(m.root("cluster"), "started"))
		return "", err
	})
}

// kill ends a process and its group as the kernel does when memory is short, and waits until it is gone.
func kill(cmd *exec.Cmd) {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait()
}

// endsWithin runs a command, kills it when it takes longer, and tells whether it ended well before.
func endsWithin(t *testing.T, cmd *exec.Cmd, wait time.Duration) bool {
	t.Helper()
	require.NoError(t, cmd.Start())
	timer := time.AfterFunc(wait, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	return cmd.Wait() == nil
}

// parentOf tells which process has started another one, and whether that runs.
func parentOf(pid int) (parent int, runs bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, false
	}
	_, after, _ := strings.Cut(string(text), ") ") // the name before may hold anything
	var state string
	_, err = fmt.Sscan(after, &state, &parent)
	return parent, err == nil && state != "Z"
}

// childOf is the one process that another one has started: Terraform, of the tool.
func childOf(t *testing.T, parent int) int {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	var children []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		if p, runs := parentOf(pid); runs && p == parent {
			children = append(children, pid)
		}
	}
	require.Len(t, children, 1)
	return children[0]
}

// files are the contents of all files of the checkout and of what the tool keeps elsewhere.
func (m *machine) files(t *testing.T) map[string]string {
	t.Helper()
	contents := map[string]string{}
	for _, dir := range []string{m.dir, os.Getenv("KINDLING_CACHE"), os.Getenv("KINDLING_CA")} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			contents[path] = string(text)
			return err
		}))
	}
	return contents
}

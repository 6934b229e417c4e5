package cli

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/engine"
	"kindling.internal/infra/internal/supply"
)

// states tells a finding by what matters: what, state and a piece of the advice.
func assertFinding(t *testing.T, f finding, state, advice string) {
	t.Helper()
	assert.Equal(t, state, f.State, "%+v", f)
	assert.NotEmpty(t, f.Seen)
	if state == fine {
		assert.Empty(t, f.Advice)
		return
	}
	assert.Contains(t, f.Advice, advice)
}

func TestAnEngineIsJudgedByWhetherNodesRunInIt(t *testing.T) {
	good := engine.Info{Version: "28.0.1", CgroupVersion: "2", CPUs: 4, MemoryBytes: 8 << 30}
	assertFinding(t, examineEngine(good, nil), fine, "")
	assertFinding(t, examineEngine(engine.Info{Version: "28.0.1", CgroupVersion: "1", Rootless: true}, nil), wrong, "rootful")
	assertFinding(t, examineEngine(engine.Info{}, errors.New("permission denied")), wrong, "usermod")
	absent := examineEngine(engine.Info{}, fmt.Errorf("%w: there is no docker client", engine.ErrAbsent))
	if isRoot() {
		assertFinding(t, absent, note, "make up installs")
	} else {
		assertFinding(t, absent, wrong, "sudo apt-get install -y docker.io")
	}
}

func TestProgramsThatAreTooOldAreNamedWithWhatIsWanted(t *testing.T) {
	for printed, state := range map[string]string{
		"go version go1.26.8 linux/amd64\n": fine, "go version go1.26rc1 linux/amd64\n": fine, "go version go1.21.3 linux/amd64\n": wrong, "no idea\n": note,
	} {
		assertFinding(t, examineVersion(installedProgram{name: "go", wanted: goWanted, install: "https://go.dev/dl"}, printed), state, "1.26.0 or newer")
	}
	for printed, wanted := range map[string]string{"git version 2.39.5\n": gitWanted, "GNU Make 4.3\nBuilt for x86_64\n": makeWanted, "Terraform v1.11.4\non linux_amd64\n": terraformWanted} {
		assertFinding(t, examineVersion(installedProgram{name: "it", wanted: wanted}, printed), fine, "")
	}
}

func TestLittleDiskIsANoteAndHardlyAnyIsWrong(t *testing.T) {
	assertFinding(t, examineDisk("/cache", 40<<30), fine, "")
	assertFinding(t, examineDisk("/cache", 9<<30), note, "15 GiB")
	assertFinding(t, examineDisk("/cache", 2<<30), wrong, "15 GiB")
	free, err := freeBytes(filepath.Join(t.TempDir(), "not", "there", "yet"))
	require.NoError(t, err)
	assert.Positive(t, free)
}

func TestMemoryIsThatOfTheMachineAndOfTheEngine(t *testing.T) {
	file := func(kib int) string {
		path := filepath.Join(t.TempDir(), "meminfo")
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, "MemTotal: 99 kB\nMemAvailable: %d kB\n", kib), 0o644))
		return path
	}
	assertFinding(t, examineMemory(file(8<<20), engine.Info{}), fine, "")
	assertFinding(t, examineMemory(file(1<<20), engine.Info{}), wrong, "3 GiB")
	assertFinding(t, examineMemory(file(8<<20), engine.Info{Desktop: true, MemoryBytes: 2 << 30}), wrong, "Docker Desktop")
	assertFinding(t, examineMemory(filepath.Join(t.TempDir(), "none"), engine.Info{}), note, "3 GiB")
}

func TestCgroupsAreThoseThatNodesNeed(t *testing.T) {
	folder := t.TempDir()
	assertFinding(t, examineCgroup(engine.Info{}, folder), note, "kubelets")
	assertFinding(t, examineCgroup(engine.Info{Rootless: true}, folder), wrong, "rootful")
	put(t, folder, "cgroup.controllers", "cpuset cpu io memory pids\n")
	assertFinding(t, examineCgroup(engine.Info{}, folder), fine, "")
	put(t, folder, "cgroup.controllers", "cpuset cpu io pids\n")
	f := examineCgroup(engine.Info{}, folder)
	assertFinding(t, f, wrong, "cgroup_enable=memory")
	assert.Equal(t, "version 2 without memory", f.Seen)
}

func TestInotifyLimitsAreTold(t *testing.T) {
	assertFinding(t, examineInotify(nil), fine, "")
	assertFinding(t, examineInotify([]string{"fs.inotify.max_user_instances is 128, 1024 is wanted"}), note, "sysctl")
}

func TestAClockThatMakesCertificatesInvalidIsWrong(t *testing.T) {
	now := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	assertFinding(t, examineClock(clock{now: now, commit: now.Add(-time.Hour), engine: now.Add(2 * time.Second), synchronised: true}), fine, "")
	assertFinding(t, examineClock(clock{now: now, synchronised: true}), fine, "")
	assertFinding(t, examineClock(clock{now: now, commit: now.Add(time.Hour), synchronised: true}), wrong, "set-ntp")
	assertFinding(t, examineClock(clock{now: now, engine: now.Add(-time.Hour), synchronised: true}), wrong, "engine")
	assertFinding(t, examineClock(clock{now: now}), note, "set-ntp")
}

func TestAPortInUseIsTheEnvironmentsOrNamedWithItsHolder(t *testing.T) {
	http := place{"dev", "http_port", 80}
	assertFinding(t, examinePort(http, "", true), fine, "")
	up := examinePort(http, "the container dev-control-plane", true)
	assertFinding(t, up, fine, "")
	assert.Equal(t, "dev is up", up.Seen)
	assertFinding(t, examinePort(http, "nginx (pid 7)", false), note, "TF_VAR_http_port")
	taken := examinePort(http, "nginx (pid 7)", true)
	assertFinding(t, taken, wrong, "TF_VAR_http_port=PORT")
	assert.Equal(t, "in use by nginx (pid 7)", taken.Seen)
}

func TestPortsAreReadAsTerraformDoes(t *testing.T) {
	root := t.TempDir()
	assert.Empty(t, portsOf(root), "an environment in a cloud has none")
	put(t, root, "variables.tf", `variable "http_port" { default = 80 }
variable "https_port" { default = 443 }
variable "registry_port" { default = 5001 }
variable "workers" { default = 2 }
`)
	put(t, root, "local.auto.tfvars", "https_port = 8443\nother_port = 9\nworkers = 3\n")
	t.Setenv("TF_VAR_registry_port", "5010")
	assert.Equal(t, map[string]int32{"http_port": 80, "https_port": 8443, "registry_port": 5010}, portsOf(root))
}

func TestTheHolderOfAPortOfThisMachineIsFound(t *testing.T) {
	root := checkout(t, "dev")
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	put(t, root, "environments/dev/cluster/variables.tf", fmt.Sprintf("variable \"http_port\" { default = %d }\n", listener.Addr().(*net.TCPAddr).Port))
	findings := examinePorts(t.Context(), root, "dev")
	require.Len(t, findings, 1)
	assert.Contains(t, findings[0].Seen, fmt.Sprintf("(pid %d)", os.Getpid()))
	assert.Equal(t, wrong, findings[0].State)
}

func TestPartsThatAreMissingAreBuiltWhereTheyCanBe(t *testing.T) {
	list := []supply.Status{{Part: supply.Part{Name: "registry"}, Cached: true}, {Part: supply.Part{Name: "node"}, Needed: true}, {Part: supply.Part{Name: "etcd"}, Cached: true}}
	assertFinding(t, examineParts(list, []string{"registry"}, false), fine, "")
	missing := examineParts(list, []string{"registry", "node"}, false)
	assertFinding(t, missing, note, "make supply")
	assert.Equal(t, "1 of 2 cached", missing.Seen)
	assertFinding(t, examineParts(list, []string{"registry", "node"}, true), wrong, "mmdebstrap")
}

func TestDoctorLooksAtEverythingAndExitsByIt(t *testing.T) {
	t.Chdir("../../..")
	t.Setenv(supply.Setting, "source") // no registry is asked
	code, out, errs := invoke("doctor", "--output", "json")
	var got diagnosis
	require.NoError(t, json.Unmarshal([]byte(out), &got), errs)
	assert.Equal(t, got.Ready, code == exitDone)
	var names []string
	for _, f := range got.Findings {
		assert.Contains(t, []string{fine, note, wrong}, f.State)
		assert.Equal(t, f.State == fine, f.Advice == "", "%+v", f)
		names = append(names, strings.Fields(f.What)[0])
	}
	for _, want := range []string{"engine", "terraform", "go", "git", "make", "disk", "memory", "cgroup", "inotify", "clock", "port", "supply", "parts"} {
		assert.Contains(t, names, want)
	}

	t.Setenv(supply.Setting, "elsewhere")
	code, out, _ = invoke("doctor")
	assert.Equal(t, exitFailed, code)
	assert.Regexp(t, `supply +wrong +KINDLING_SUPPLY is "elsewhere"`, out)
}

func TestTheOpenTofuThatWasBuiltIsFine(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	t.Setenv("KINDLING_TERRAFORM", "")
	root := t.TempDir()
	assert.Equal(t, note, examineTerraform(t.Context(), root).State)

	link := filepath.Join(root, ".kindling", "bin", "tofu")
	require.NoError(t, os.MkdirAll(filepath.Dir(link), 0o755))
	require.NoError(t, os.WriteFile(link, []byte("#!/bin/sh\necho OpenTofu v1.12.6\n"), 0o755))
	assert.Equal(t, finding{"terraform", fine, "1.12.6", ""}, examineTerraform(t.Context(), root))
}

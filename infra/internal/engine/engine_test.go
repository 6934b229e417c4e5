package engine

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestInfoIsReadFromWhatDockerPrints(t *testing.T) {
	info, err := parseInfo([]byte(`{"ServerVersion":"20.10.24+dfsg1","CgroupVersion":"1","CgroupDriver":"cgroupfs","OperatingSystem":"Debian","NCPU":2,"MemTotal":25769803776,"SecurityOptions":["name=seccomp,profile=default"]}`))
	require.NoError(t, err)
	assert.Equal(t, "docker 20.10 · cgroup v1 · 2 cpus · 24 GiB", info.String())
	assert.False(t, info.Rootless)
	assert.False(t, info.Desktop)
}

func TestTheEnginesClockIsRead(t *testing.T) {
	info, err := parseInfo([]byte(`{"ServerVersion":"28.0.1","SystemTime":"2026-11-26T04:30:00.5Z"}`))
	require.NoError(t, err)
	assert.Equal(t, time.Date(2026, 11, 26, 4, 30, 0, 5e8, time.UTC), info.Time)
}

func TestAnEngineThatDoesNotAnswerIsAbsent(t *testing.T) {
	_, err := parseInfo([]byte(`{"ServerVersion":"","ServerErrors":["Cannot connect to the Docker daemon"]}`))
	require.ErrorIs(t, err, ErrAbsent)
	assert.ErrorContains(t, err, "Cannot connect")
}

func TestARootlessEngineIsRefusedWhereItCannotRunNodes(t *testing.T) {
	info, err := parseInfo([]byte(`{"ServerVersion":"28.0.1","CgroupVersion":"1","SecurityOptions":["name=rootless"]}`))
	require.NoError(t, err)
	var manual *ManualError
	require.ErrorAs(t, Suitable(info), &manual)
	assert.NotEmpty(t, manual.Commands)
	info.CgroupVersion = "2"
	assert.NoError(t, Suitable(info))
}

func TestDockerDesktopIsRecognisedAndAccepted(t *testing.T) {
	info, err := parseInfo([]byte(`{"ServerVersion":"28.0.1","CgroupVersion":"2","OperatingSystem":"Docker Desktop"}`))
	require.NoError(t, err)
	assert.True(t, info.Desktop)
	assert.NoError(t, Suitable(info))
}

// wrapped runs the runtime wrapper with a runc that prints its arguments.
func wrapped(t *testing.T, args ...string) string {
	t.Helper()
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "runc"), []byte("#!/bin/sh\necho \"$@\"\n"), 0o755))
	wrapper := filepath.Join(bin, "wrapper")
	require.NoError(t, WriteWrapper(wrapper))
	cmd := exec.Command(wrapper, args...)
	cmd.Env = []string{"PATH=" + bin + ":" + os.Getenv("PATH")}
	text, err := cmd.CombinedOutput()
	require.NoError(t, err, string(text))
	return string(text)
}

func TestTheWrapperTakesOneCapabilityOutAndHandsOverToRunc(t *testing.T) {
	for name, capabilities := range map[string]string{
		"first": `["CAP_SYS_RESOURCE","CAP_CHOWN"]`, "last": `["CAP_CHOWN","CAP_SYS_RESOURCE"]`,
		"middle": `["CAP_KILL","CAP_SYS_RESOURCE","CAP_CHOWN"]`, "only": `["CAP_SYS_RESOURCE"]`, "absent": `["CAP_CHOWN"]`,
	} {
		t.Run(name, func(t *testing.T) {
			bundle := t.TempDir()
			config := filepath.Join(bundle, "config.json")
			require.NoError(t, os.WriteFile(config, []byte(`{"process":{"capabilities":{"bounding":`+capabilities+`,"effective":`+capabilities+`}}}`), 0o644))
			assert.Equal(t, "--root /run create --bundle "+bundle+" id\n", wrapped(t, "--root", "/run", "create", "--bundle", bundle, "id"))
			text, err := os.ReadFile(config)
			require.NoError(t, err)
			var spec any
			require.NoError(t, json.Unmarshal(text, &spec), "it is still JSON: %s", text)
			assert.NotContains(t, string(text), "CAP_SYS_RESOURCE")
			if name != "only" {
				assert.Contains(t, string(text), "CAP_CHOWN")
			}
		})
	}
}

func TestTheWrapperChangesTheProcessOfAnExec(t *testing.T) {
	process := filepath.Join(t.TempDir(), "process.json")
	require.NoError(t, os.WriteFile(process, []byte(`{"capabilities":{"bounding":["CAP_SYS_RESOURCE","CAP_CHOWN"]}}`), 0o644))
	assert.Equal(t, "exec --process "+process+" id\n", wrapped(t, "exec", "--process", process, "id"))
	text, err := os.ReadFile(process)
	require.NoError(t, err)
	assert.JSONEq(t, `{"capabilities":{"bounding":["CAP_CHOWN"]}}`, string(text))
}

func TestTheWrapperLeavesOtherCommandsAlone(t *testing.T) {
	assert.Equal(t, "state id\n", wrapped(t, "state", "id"))
}

func TestARuntimeThatIsGoneIsWrittenAgain(t *testing.T) {
	path := filepath.Join(t.TempDir(), "engine", "runc-without-sys-resource")
	info, err := parseInfo(fmt.Appendf(nil, `{"ServerVersion":"20.10.24","Runtimes":{"runc":{"path":"runc"},"kindling":{"path":%q}}}`, path))
	require.NoError(t, err)
	var said []string
	h := Host{Say: func(text string) { said = append(said, text) }}

	t.Setenv("DOCKER_HOST", "ssh://another")
	require.NoError(t, h.mendWrapper(info))
	assert.NoFileExists(t, path, "that engine's files are on another machine")

	t.Setenv("DOCKER_HOST", "")
	for range 2 {
		require.NoError(t, h.mendWrapper(info))
	}
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, wrapperScript, text)
	assert.Len(t, said, 1, "the second time it is there")
	require.NoError(t, h.mendWrapper(Info{}), "an engine without it")
}

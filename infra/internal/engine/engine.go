// Package engine finds the container engine that kind runs nodes in, and on Debian and Ubuntu
// installs and starts one where there is none.
package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"
)

// Info describes an engine that answers.
type Info struct {
	Version         string
	CgroupVersion   string // "1" or "2"
	CgroupDriver    string
	OperatingSystem string
	CPUs            int
	MemoryBytes     int64
	Rootless        bool
	Desktop         bool      // Docker Desktop: the engine runs in a virtual machine
	RootDir         string    // where the engine keeps images and volumes
	Wrapper         string    // path of the OCI runtime that the tool registered; empty when it did not
	Time            time.Time // the engine's clock, when it answered; zero when it does not tell
}

// ErrAbsent means that no engine answers.
var ErrAbsent = errors.New("no container engine answers")

// Find asks the engine that the docker client is set up for.
func Find(ctx context.Context) (Info, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	text, err := docker(ctx, "info", "--format", "{{json .}}")
	if err != nil {
		return Info{}, err
	}
	return parseInfo(text)
}

func parseInfo(text []byte) (Info, error) {
	var answer struct {
		ServerVersion, CgroupVersion, CgroupDriver, OperatingSystem, DockerRootDir, SystemTime string

		NCPU            int
		MemTotal        int64
		SecurityOptions []string
		ServerErrors    []string
		Runtimes        map[string]struct{ Path string }
	}
	if err := json.Unmarshal(text, &answer); err != nil {
		return Info{}, fmt.Errorf("read what docker info printed: %w", err)
	}
	if len(answer.ServerErrors) > 0 || answer.ServerVersion == "" {
		return Info{}, fmt.Errorf("%w: %s", ErrAbsent, strings.Join(answer.ServerErrors, "; "))
	}
	info := Info{Version: answer.ServerVersion, CgroupVersion: answer.CgroupVersion, CgroupDriver: answer.CgroupDriver,
		OperatingSystem: answer.OperatingSystem, CPUs: answer.NCPU, MemoryBytes: answer.MemTotal, RootDir: answer.DockerRootDir, Wrapper: answer.Runtimes[wrapperRuntime].Path,
		Desktop: strings.Contains(answer.OperatingSystem, "Docker Desktop")}
	if clock, err := time.Parse(time.RFC3339Nano, answer.SystemTime); err == nil {
		info.Time = clock
	}
	for _, option := range answer.SecurityOptions {
		info.Rootless = info.Rootless || strings.Contains(option, "name=rootless")
	}
	return info, nil
}

// String is the line that `up` shows.
func (i Info) String() string {
	return fmt.Sprintf("docker %s · cgroup v%s · %d cpus · %d GiB", shortVersion(i.Version), i.CgroupVersion, i.CPUs, i.MemoryBytes>>30)
}

// shortVersion cuts a distribution's additions off: 20.10.24+dfsg1 is 20.10.
func shortVersion(v string) string {
	parts := strings.SplitN(v, ".", 3)
	return strings.Join(parts[:min(2, len(parts))], ".")
}

// docker runs the docker client. That nothing answers, or that there is no client, is ErrAbsent.
func docker(ctx context.Context, args ...string) ([]byte, error) {
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, "docker", args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch text := strings.TrimSpace(errs.String()); {
	case err == nil:
		return out.Bytes(), nil
	case errors.Is(err, exec.ErrNotFound):
		return nil, fmt.Errorf("%w: there is no docker client", ErrAbsent)
	case strings.Contains(text, "Cannot connect") || strings.Contains(text, "Is the docker daemon running"):
		return nil, fmt.Errorf("%w: %s", ErrAbsent, text)
	default:
		return nil, fmt.Errorf("docker %s: %w: %s", args[0], err, text)
	}
}

// HasImage tells whether the engine has an image of that name.
func HasImage(ctx context.Context, ref string) bool {
	return exec.CommandContext(ctx, "docker", "image", "inspect", ref).Run() == nil
}

// Load gives the engine the images of an archive that write writes.
func Load(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	cmd := exec.CommandContext(ctx, "docker", "load", "--quiet")
	cmd.Stdin = file
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("docker load: %w: %s", err, strings.TrimSpace(string(text)))
	}
	return nil
}

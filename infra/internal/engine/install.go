package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Host is where an engine is installed and started. Say tells the user, before it happens, what
// is about to change on the machine.
type Host struct {
	StateDir string // logs and the runtime wrapper
	Say      func(string)
	Log      io.Writer // what apt and the engine print
}

// ManualError is an engine that the user has to bring: the commands to run are in it.
type ManualError struct {
	Why      string
	Commands []string
}

func (e *ManualError) Error() string { return e.Why }

// Ensure returns an engine that can run privileged containers, installing and starting one when
// none answers and this user may.
func (h Host) Ensure(ctx context.Context) (Info, error) {
	info, err := Find(ctx)
	if errors.Is(err, ErrAbsent) {
		if err := h.start(ctx); err != nil {
			return Info{}, err
		}
		info, err = Find(ctx)
	}
	if err != nil {
		return Info{}, err
	}
	if err := h.mendWrapper(info); err != nil {
		return Info{}, err
	}
	return info, Suitable(info)
}

// mendWrapper writes the runtime of a running engine again when it is gone, as after the cache folder
// was cleared: without it no container starts.
func (h Host) mendWrapper(info Info) error {
	host := os.Getenv("DOCKER_HOST")
	elsewhere := host != "" && !strings.HasPrefix(host, "unix://")
	if _, err := os.Stat(info.Wrapper); info.Wrapper == "" || elsewhere || !errors.Is(err, os.ErrNotExist) {
		return nil
	}
	h.Say("writing the engine's OCI runtime again: " + info.Wrapper)
	return WriteWrapper(info.Wrapper)
}

// Suitable refuses engines in which a node cannot run, with a ManualError.
func Suitable(info Info) error {
	if info.Rootless && info.CgroupVersion != "2" {
		return &ManualError{Why: "the engine is rootless on cgroup v1, where a node's kubelet cannot have cgroups of its own",
			Commands: []string{"use a rootful engine: sudo systemctl start docker && export DOCKER_HOST=unix:///var/run/docker.sock", "or boot with systemd.unified_cgroup_hierarchy=1"}}
	}
	return nil
}

// start installs what is missing and starts the daemon.
func (h Host) start(ctx context.Context) error {
	if host := os.Getenv("DOCKER_HOST"); host != "" && !strings.HasPrefix(host, "unix:///var/run/") {
		return &ManualError{Why: "DOCKER_HOST names " + host + ", where no engine answers", Commands: []string{"start that engine, or unset DOCKER_HOST"}}
	}
	if !debianLike() {
		return &ManualError{Why: "no container engine answers, and this is neither Debian nor Ubuntu", Commands: []string{"install and start Docker: https://docs.docker.com/engine/install/"}}
	}
	if os.Geteuid() != 0 {
		return &ManualError{Why: "no container engine answers, and installing one needs root", Commands: []string{
			"sudo apt-get update && sudo apt-get install -y docker.io", "sudo systemctl enable --now docker", "sudo usermod -aG docker $USER && newgrp docker"}}
	}
	if !installed("dockerd") {
		if err := h.Install(ctx, "docker.io"); err != nil {
			return err
		}
	}
	return h.startDaemon(ctx)
}

// Install installs Debian packages that are not there. It needs root.
func (h Host) Install(ctx context.Context, packages ...string) error {
	h.Say("installing " + strings.Join(packages, ", ") + " with apt")
	install := append([]string{"apt-get", "install", "-y", "--no-install-recommends"}, packages...)
	if h.apt(ctx, install...) == nil {
		return nil
	}
	if err := h.apt(ctx, "apt-get", "update"); err != nil { // an old or empty package list
		return err
	}
	return h.apt(ctx, install...)
}

func (h Host) apt(ctx context.Context, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	cmd.Stdout, cmd.Stderr = h.Log, h.Log
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(argv, " "), err)
	}
	return nil
}

// startDaemon starts dockerd: through systemd where it runs, as a detached process where not.
func (h Host) startDaemon(ctx context.Context) error {
	if systemdRuns() {
		h.Say("starting docker with systemd")
		if text, err := exec.CommandContext(ctx, "systemctl", "start", "docker").CombinedOutput(); err != nil {
			return fmt.Errorf("systemctl start docker: %w: %s", err, strings.TrimSpace(string(text)))
		}
		return h.await(ctx, nil)
	}
	args, err := h.daemonArgs()
	if err != nil {
		return err
	}
	if err := clearStale(pidFiles, "/proc"); err != nil {
		return err
	}
	h.Say("starting dockerd")
	done, err := h.spawn(args)
	if err != nil {
		return err
	}
	return h.await(ctx, done)
}

// daemonArgs are dockerd's arguments: on a host without CAP_SYS_RESOURCE, with a runtime that
// does not ask for it.
func (h Host) daemonArgs() ([]string, error) {
	if !hostLacksSysResource() {
		return nil, nil
	}
	wrapper := filepath.Join(h.StateDir, "runc-without-sys-resource")
	if err := WriteWrapper(wrapper); err != nil {
		return nil, err
	}
	return []string{"--add-runtime", wrapperRuntime + "=" + wrapper, "--default-runtime", wrapperRuntime}, nil
}

// spawn starts dockerd in a session of its own, so that it outlives the tool and its terminal.
// The channel is closed when the process ends.
func (h Host) spawn(args []string) (<-chan struct{}, error) {
	if err := os.MkdirAll(h.StateDir, 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(h.DaemonLog())
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.Command("/usr/sbin/dockerd", args...)
	// It outlives folders of temporary files that somebody chose for one command.
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "TMPDIR=") })
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start dockerd: %w", err)
	}
	done := make(chan struct{})
	go func() {
		_ = cmd.Wait() // its log tells why it ended
		close(done)
	}()
	return done, nil
}

// DaemonLog is where a dockerd that the tool started writes.
func (h Host) DaemonLog() string { return filepath.Join(h.StateDir, "dockerd.log") }

// await waits until the engine answers, at most a minute, or until the daemon has ended.
func (h Host) await(ctx context.Context, done <-chan struct{}) error {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := Find(ctx); err == nil {
			return nil
		}
		select {
		case <-done:
			return fmt.Errorf("dockerd ended: %s", lastLine(h.DaemonLog()))
		case <-ctx.Done():
			return fmt.Errorf("the engine did not answer within a minute: %s", lastLine(h.DaemonLog()))
		case <-tick.C:
		}
	}
}

func lastLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return "it left no log"
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	return lines[len(lines)-1] + " (" + path + ")"
}

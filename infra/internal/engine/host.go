package engine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// capSysResource is CAP_SYS_RESOURCE's bit in /proc/self/status.
const capSysResource = 24

// hostLacksSysResource tells whether even root may not raise resource limits here, as in some
// nested virtual machines. A privileged container then cannot start: runc asks for all
// capabilities.
func hostLacksSysResource() bool {
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return false
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "CapBnd:"); ok {
			bits, err := strconv.ParseUint(strings.TrimSpace(value), 16, 64)
			return err == nil && bits&(1<<capSysResource) == 0
		}
	}
	return false
}

// debianLike tells whether apt can install Debian's docker.io here.
func debianLike() bool {
	text, err := os.ReadFile("/etc/os-release")
	if err != nil {
		return false
	}
	var ids []string
	for line := range strings.Lines(string(text)) {
		for _, key := range []string{"ID=", "ID_LIKE="} {
			if value, ok := strings.CutPrefix(strings.TrimSpace(line), key); ok {
				ids = append(ids, strings.Fields(strings.Trim(value, `"`))...)
			}
		}
	}
	return slices.Contains(ids, "debian") || slices.Contains(ids, "ubuntu")
}

// systemdRuns tells whether systemd is the init of this machine.
func systemdRuns() bool {
	_, err := os.Stat("/run/systemd/system")
	return err == nil
}

func installed(program string) bool {
	if _, err := exec.LookPath(program); err == nil {
		return true
	}
	for _, dir := range []string{"/usr/sbin", "/sbin", "/usr/local/sbin"} {
		if _, err := os.Stat(filepath.Join(dir, program)); err == nil {
			return true
		}
	}
	return false
}

// inotifyWant are the limits that several nodes on one machine need: each runs an init, a
// kubelet and a container runtime that watch files.
var inotifyWant = map[string]int{
	"/proc/sys/fs/inotify/max_user_instances": 1024,
	"/proc/sys/fs/inotify/max_user_watches":   524288,
}

// RaiseInotify raises the kernel's inotify limits to what nodes need, where they are lower and
// this user may. It returns what it changed, in words, and an error with the command to run
// where it may not.
func RaiseInotify() (changed []string, err error) {
	for path, want := range inotifyWant {
		text, readErr := os.ReadFile(path)
		if readErr != nil {
			continue // no such limit on this kernel
		}
		have, convErr := strconv.Atoi(strings.TrimSpace(string(text)))
		if convErr != nil || have >= want {
			continue
		}
		key := strings.ReplaceAll(strings.TrimPrefix(path, "/proc/sys/"), "/", ".")
		if writeErr := os.WriteFile(path, []byte(strconv.Itoa(want)), 0o644); writeErr != nil {
			err = fmt.Errorf("%s is %d, several nodes need %d: run sudo sysctl %s=%d", key, have, want, key, want)
			continue
		}
		changed = append(changed, fmt.Sprintf("%s %d → %d", key, have, want))
	}
	slices.Sort(changed)
	return changed, err
}

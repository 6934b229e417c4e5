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

// shortLimit is a kernel limit that is lower than nodes need.
type shortLimit struct {
	path       string
	have, want int
}

func (l shortLimit) key() string {
	return strings.ReplaceAll(strings.TrimPrefix(l.path, "/proc/sys/"), "/", ".")
}

func shortLimits() []shortLimit {
	var short []shortLimit
	for path, want := range inotifyWant {
		text, err := os.ReadFile(path)
		if err != nil {
			continue // no such limit on this kernel
		}
		if have, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil && have < want {
			short = append(short, shortLimit{path, have, want})
		}
	}
	slices.SortFunc(short, func(a, b shortLimit) int { return strings.Compare(a.path, b.path) })
	return short
}

// InotifyShort tells which of the kernel's inotify limits are lower than several nodes need.
func InotifyShort() []string {
	var lines []string
	for _, l := range shortLimits() {
		lines = append(lines, fmt.Sprintf("%s is %d, %d is wanted", l.key(), l.have, l.want))
	}
	return lines
}

// RaiseInotify raises the kernel's inotify limits to what several nodes need, where they are
// lower and this user may. It returns what it changed, in words, and an error with the command to
// run where it may not.
func RaiseInotify() (changed []string, err error) {
	for _, l := range shortLimits() {
		if writeErr := os.WriteFile(l.path, []byte(strconv.Itoa(l.want)), 0o644); writeErr != nil {
			err = fmt.Errorf("%s is %d, several nodes need %d: run sudo sysctl %[1]s=%[3]d", l.key(), l.have, l.want)
			continue
		}
		changed = append(changed, fmt.Sprintf("%s %d → %d", l.key(), l.have, l.want))
	}
	return changed, err
}

package engine

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
)

// pidFiles are where the daemon, and the containerd that it starts, note their processes.
var pidFiles = map[string]string{
	"/var/run/docker.pid":                       "dockerd",
	"/var/run/docker/containerd/containerd.pid": "containerd",
}

// clearStale removes pid files whose process is gone, or is another program by now: the daemon
// refuses to start when its file names any process that lives, as after a reboot or a kill.
func clearStale(files map[string]string, proc string) error {
	var errs []error
	for file, program := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // none, which is fine
		}
		name, err := os.ReadFile(filepath.Join(proc, strings.TrimSpace(string(text)), "comm"))
		if err == nil && strings.TrimSpace(string(name)) == program {
			continue
		}
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

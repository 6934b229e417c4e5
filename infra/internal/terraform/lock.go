package terraform

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Lock is what Terraform tells of a lock on a state.
type Lock struct {
	ID        string
	Operation string
	Info      string
	Who       string // USER@HOST
	Version   string // of Terraform
	Created   time.Time
	Path      string
}

// lockTime is how Terraform prints when a lock was made.
const lockTime = "2006-01-02 15:04:05.999999999 -0700 MST"

// LockedBy tells which lock kept a command from its state; ok is false when that is not why it
// failed.
func LockedBy(err error) (lock Lock, ok bool) {
	var failed *Error
	if !errors.As(err, &failed) {
		return lock, false
	}
	for _, d := range failed.Diagnostics {
		if d.Summary != "Error acquiring the state lock" {
			continue
		}
		if _, info, found := strings.Cut(d.Detail, "Lock Info:\n"); found {
			return parseLock(info), true
		}
	}
	return lock, false
}

func parseLock(text string) Lock {
	var lock Lock
	for line := range strings.Lines(text) {
		name, value, found := strings.Cut(strings.TrimSpace(line), ":")
		if !found {
			break // the lines after the lock's are for people
		}
		value = strings.TrimSpace(value)
		switch name {
		case "ID":
			lock.ID = value
		case "Path":
			lock.Path = value
		case "Operation":
			lock.Operation = value
		case "Who":
			lock.Who = value
		case "Version":
			lock.Version = value
		case "Created":
			lock.Created, _ = time.Parse(lockTime, value) // zero is shown as unknown
		}
	}
	return lock
}

// underLock are the messages that Terraform prints when it has taken the lock on the state and has
// work before it until it gives the lock back.
var underLock = map[string]bool{"refresh_start": true, "apply_start": true, "provision_start": true}

// childIn is the process that this one has started in a folder; 0 when there is none.
func childIn(dir string) int {
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real // as the kernel names it
	}
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return 0
	}
	self := strconv.Itoa(os.Getpid())
	for _, stat := range stats {
		text, err := os.ReadFile(stat)
		if err != nil {
			continue // it has ended
		}
		_, fields, _ := strings.Cut(string(text), ") ") // after the name: state, parent
		if parts := strings.Fields(fields); len(parts) < 2 || parts[1] != self {
			continue
		}
		process := filepath.Dir(stat)
		if cwd, err := os.Readlink(filepath.Join(process, "cwd")); err == nil && cwd == dir {
			pid, _ := strconv.Atoi(filepath.Base(process)) // digits, by the pattern
			return pid
		}
	}
	return 0
}

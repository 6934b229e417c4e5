package terraform

import (
	"errors"
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

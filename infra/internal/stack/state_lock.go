package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"time"

	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/ui"
)

// lockPause is the time between two looks at a lock that somebody holds.
const lockPause = time.Second

// lockNote is written while Terraform holds the lock on a state: which lock, and which process of
// this machine. A lock that is left behind is broken without asking only when such a note proves
// that its process has ended.
type lockNote struct {
	ID      string  `json:"id"`
	Process process `json:"process"`
}

// lockOn is the lock on a root's state; nil when nobody holds it, or the state is local.
func lockOn(ctx context.Context, root Root) (*bucket.Lock, error) {
	remote, ok := root.(*remoteRoot)
	if !ok {
		return nil, nil
	}
	return remote.store.ReadLock(ctx, remote.place)
}

// awaitLock waits until nobody holds the lock on a root's state, and breaks one that a process of
// this machine left behind.
func (s *Stack) awaitLock(ctx context.Context, root Root, step Step) error {
	remote, ok := root.(*remoteRoot)
	if !ok {
		return nil
	}
	deadline := time.After(s.LockWait)
	for {
		lock, err := lockOn(ctx, root)
		if err != nil || lock == nil {
			return err
		}
		if note, ok := s.noted(remote.name, *lock); ok && note.Process.fate() == processEnded {
			if err := s.breakLock(ctx, remote, *lock, note); err != nil {
				return err
			}
			continue
		}
		step.Update(fmt.Sprintf("waiting for %s, who has locked the state (%s)", lock.Who, operation(*lock)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return s.lockedFailure(remote.name, *lock)
		case <-time.After(lockPause): // a bucket tells nobody when a lock is gone
		}
	}
}

// breakLock removes a lock whose process has ended, and says so.
func (s *Stack) breakLock(ctx context.Context, root *remoteRoot, lock bucket.Lock, note lockNote) error {
	step := s.Progress.Step("lock")
	if err := root.store.Unlock(ctx, root.place, lock.ID); err != nil {
		step.Fail()
		return err
	}
	step.Done(fmt.Sprintf("%s: removed the lock of %s since %s (%s): process %d of this machine held it and has ended", root.name, lock.Who, since(lock), operation(lock), note.Process.PID))
	return removeFile(s.noteFile(root.name))
}

// noteLocks notes which lock Terraform holds while it does, and removes the note when Terraform has
// given the lock back.
func (s *Stack) noteLocks(ctx context.Context, root *remoteRoot) {
	root.OnLock(func(pid int) { s.noteLock(ctx, root, pid) }, func() { _ = removeFile(s.noteFile(root.name)) }) // one that stays names a lock that is gone
}

// noteLock is called while Terraform tells of its progress, so that the lock that is there is
// its own. Without a note nothing is lost but the proof: then a person decides.
func (s *Stack) noteLock(ctx context.Context, root *remoteRoot, pid int) {
	now := time.Now()
	lock, err := lockOn(ctx, root)
	if err != nil || lock == nil || lock.Who != whoami() || lock.Created.After(now) {
		return
	}
	holder, err := processOf(pid)
	if err != nil {
		return
	}
	_ = s.writeNote(root.name, lockNote{ID: lock.ID, Process: holder})
}

func (s *Stack) writeNote(root string, note lockNote) error {
	text, err := json.Marshal(note)
	if err != nil {
		return err
	}
	return writeFile(s.noteFile(root), text, 0o644)
}

func (s *Stack) noteFile(root string) string { return filepath.Join(s.Work(), "locks", root+".json") }

// noted is the note about a lock; ok is false when there is none about this one.
func (s *Stack) noted(root string, lock bucket.Lock) (note lockNote, ok bool) {
	text, err := os.ReadFile(s.noteFile(root))
	if err != nil || json.Unmarshal(text, &note) != nil {
		return note, false
	}
	return note, note.ID == lock.ID || (lock.Operation == moving && note.ID == lock.Info)
}

// whoami is how Terraform signs the locks that it takes here.
func whoami() string {
	name := ""
	if u, err := user.Current(); err == nil {
		name = u.Username
	}
	host, _ := os.Hostname() // nobody is nobody's name
	return name + "@" + host
}

// lockedFailure tells who holds the lock on a root's state, since when, and what to do.
func (s *Stack) lockedFailure(root string, lock bucket.Lock) error {
	failure := &ui.Failure{Step: root, Sentence: fmt.Sprintf("the state of %s/%s is locked by %s (%s) since %s", s.Environment, root, lock.Who, operation(lock), since(lock)),
		Seen: []string{"lock " + lock.ID + " on " + lock.Path}}
	unlock := fmt.Sprintf("kindling state unlock --env %s --id %s", s.Environment, lock.ID)
	held, fate := s.holder(root, lock)
	failure.Seen = append(failure.Seen, held)
	if fate == processRuns {
		failure.Next = []string{"wait until it is done, then run the same command again"}
	} else {
		failure.Next = []string{"wait until they are done, then run the same command again", "if you know that nobody is at it any more: " + unlock}
	}
	return failure
}

// holder says what is known here of the process that took a lock, and what became of it.
func (s *Stack) holder(root string, lock bucket.Lock) (sentence, fate string) {
	note, ok := s.noted(root, lock)
	if ok {
		switch fate = note.Process.fate(); fate {
		case processRuns:
			return fmt.Sprintf("process %d of this machine holds it, and runs", note.Process.PID), fate
		case processEnded:
			return fmt.Sprintf("process %d of this machine held it, and has ended", note.Process.PID), fate
		}
	}
	if lock.Who == whoami() {
		return "it was taken under this machine's name, but this checkout has no note of which process did it", processUnknown
	}
	return "it was taken on another machine, so nothing can be said about its process from here", processUnknown
}

// operation is what a lock was taken for, as a person calls it.
func operation(lock bucket.Lock) string {
	return strings.ToLower(strings.TrimPrefix(lock.Operation, "OperationType"))
}

// since is when a lock was taken, and how long ago that is.
func since(lock bucket.Lock) string {
	if lock.Created.IsZero() {
		return "an unknown time"
	}
	return fmt.Sprintf("%s (%s ago)", lock.Created.Local().Format("2006-01-02 15:04:05"), time.Since(lock.Created).Round(time.Second))
}

package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
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

// lockNote tells which process of this machine takes a lock. It is written before the lock is taken,
// so that a kill at any moment leaves the proof: a lock that is left behind is broken without asking
// only when such a note names it and its process has ended. Terraform, which works under the lock,
// ends with that process.
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

// breakDead breaks the lock on a root's state when a process of this machine left it behind. It returns
// one that somebody holds, and nil when nobody does or the state is local.
func (s *Stack) breakDead(ctx context.Context, root Root) (live *bucket.Lock, err error) {
	for {
		lock, err := lockOn(ctx, root)
		if err != nil || lock == nil {
			return nil, err
		}
		remote := root.(*remoteRoot) // others have no lock
		note, ok := s.noted(remote.name, *lock)
		if !ok || note.Process.fate() != processEnded {
			return lock, nil
		}
		if err := s.breakLock(ctx, remote, *lock, note); err != nil {
			return nil, err
		}
	}
}

// awaitLock waits until nobody holds the lock on a root's state. Whoever is waited for is told to
// waiting.
func (s *Stack) awaitLock(ctx context.Context, root Root, waiting func(string)) error {
	deadline := time.After(s.LockWait)
	for {
		lock, err := s.breakDead(ctx, root)
		if err != nil || lock == nil {
			return err
		}
		waiting(fmt.Sprintf("waiting for %s, who has locked the state (%s)", lock.Who, operation(*lock)))
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-deadline:
			return s.lockedFailure(root.(*remoteRoot).name, *lock)
		case <-time.After(lockPause): // a bucket tells nobody when a lock is gone
		}
	}
}

// breakOwnLocks breaks what a process of this machine left behind that was killed when all was done
// but to give the lock back: nothing that is still to be done would meet it.
func (s *Stack) breakOwnLocks(ctx context.Context, parts Parts) error {
	for _, dir := range []string{s.clusterDir(), s.workloadsDir()} {
		root, err := s.root(ctx, dir, parts, nil)
		if err != nil {
			return err
		}
		if _, err := s.breakDead(ctx, root); err != nil {
			return err
		}
	}
	return nil
}

// breakLock removes a lock whose process has ended, and says so.
func (s *Stack) breakLock(ctx context.Context, root *remoteRoot, lock bucket.Lock, note lockNote) error {
	step := s.Progress.Step("lock")
	if err := root.store.Unlock(ctx, root.place, lock.ID); err != nil {
		step.Fail()
		return err
	}
	step.Done(fmt.Sprintf("%s: removed the lock of %s since %s (%s): process %d of this machine held it and has ended", root.name, lock.Who, since(lock), operation(lock), note.Process.PID))
	return removeFile(s.noteFile(root.name, note.ID))
}

func (s *Stack) writeNote(root string, note lockNote) error {
	text, err := json.Marshal(note)
	if err != nil {
		return err
	}
	return writeFile(s.noteFile(root, note.ID), text, 0o644)
}

func (s *Stack) noteFile(root, id string) string {
	return filepath.Join(s.Work(), "locks", root+"-"+url.PathEscape(id)+".json")
}

// noted is the note about a lock; ok is false when there is none.
func (s *Stack) noted(root string, lock bucket.Lock) (note lockNote, ok bool) {
	for _, id := range []string{lock.ID, lock.Info} { // some buckets give locks IDs of their own
		text, err := os.ReadFile(s.noteFile(root, id))
		if err == nil && json.Unmarshal(text, &note) == nil && note.ID == id {
			return note, true
		}
	}
	return lockNote{}, false
}

// dropNotes removes what processes noted of locks that they did not live to take or to keep. This
// process holds the lock on the root's state: nobody that has ended does.
func (s *Stack) dropNotes(root string) {
	files, err := filepath.Glob(filepath.Join(s.Work(), "locks", root+"-*.json"))
	if err != nil {
		return
	}
	for _, file := range files {
		var note lockNote
		text, err := os.ReadFile(file)
		if err == nil && (json.Unmarshal(text, &note) != nil || note.Process.fate() == processEnded) {
			_ = removeFile(file) // one that stays names a lock that is gone
		}
	}
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

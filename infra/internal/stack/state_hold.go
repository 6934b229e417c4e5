package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"time"

	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

// holdLocal reads the local state and takes the lock on it that Terraform takes. The lock ends with
// the first closing of the file in this process, so it is read through the same opening.
func (m *move) holdLocal() (letGo func(), err error) {
	file, err := os.OpenFile(m.file(localState), os.O_RDWR, 0)
	if errors.Is(err, os.ErrNotExist) {
		return func() {}, nil
	}
	if err != nil {
		return nil, err
	}
	if err := lockFile(file); err != nil {
		file.Close()
		return nil, &ui.Failure{Step: m.name, Sentence: "Terraform is at work on " + m.file(localState), Next: []string{"wait until it is done, then run the same command again"}, Err: err}
	}
	var text bytes.Buffer
	if _, err = text.ReadFrom(file); err == nil {
		m.text = text.Bytes()
		m.local, err = terraform.ReadState(m.text)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("%s: %w", m.file(localState), err)
	}
	return func() { file.Close() }, nil
}

// What a lock says that is held for a Terraform command, in Terraform's words.
const (
	planning = "OperationTypePlan"
	applying = "OperationTypeApply"
)

// answerLimit bounds what is still asked of a bucket when a command was interrupted.
const answerLimit = 30 * time.Second

// hold takes the lock on a state in a bucket, as Terraform would, and waits for it as long as LockWait.
func (s *Stack) hold(ctx context.Context, root *remoteRoot, operation string, waiting func(string)) (unlock func() error, err error) {
	self, err := processOf(os.Getpid())
	if err != nil {
		return nil, err
	}
	for deadline := time.Now().Add(s.LockWait); ; {
		if err := s.awaitLock(ctx, root, waiting); err != nil {
			return nil, err
		}
		lock := bucket.Lock{ID: rand.Text(), Operation: operation, Who: whoami(), Created: time.Now().UTC(), Path: root.place.String()}
		lock.Info = lock.ID // where the bucket gives the lock another ID
		if err := s.writeNote(root.name, lockNote{ID: lock.ID, Process: self}); err != nil {
			return nil, err
		}
		id, err := s.take(ctx, root, lock)
		if err != nil {
			return nil, err
		}
		if id != "" {
			s.dropNotes(root.name)
			return func() error { return s.release(ctx, root, id, lock.Info) }, nil
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("others take the lock on %s whenever it is free; run the same command again", root.place)
		}
		select { // somebody else was faster
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPause):
		}
	}
}

// take tries to take a lock, and returns the ID that it has in the bucket; empty when somebody else
// holds one. An answer may be lost on its way, also by an interruption: then the lock that is there
// tells whose it is. The note stays wherever the lock may be there.
func (s *Stack) take(ctx context.Context, root *remoteRoot, lock bucket.Lock) (id string, err error) {
	id, err = root.store.Lock(ctx, root.place, lock)
	if err == nil && id != "" {
		return id, nil
	}
	after, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerLimit)
	defer cancel()
	there, readErr := root.store.ReadLock(after, root.place)
	ours := readErr == nil && there != nil && there.Info == lock.Info
	switch {
	case err != nil && ours:
		return "", errors.Join(err, s.release(ctx, root, there.ID, lock.Info))
	case err != nil || readErr != nil:
		return "", errors.Join(err, readErr)
	case ours:
		return there.ID, nil
	}
	return "", removeFile(s.noteFile(root.name, lock.Info))
}

// release gives a lock back, also when ctx has ended, and then removes the note about it: when the
// lock cannot be given back, the next run removes it.
func (s *Stack) release(ctx context.Context, root *remoteRoot, id, note string) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerLimit)
	defer cancel()
	if err := root.store.Unlock(ctx, root.place, id); err != nil {
		return err
	}
	return removeFile(s.noteFile(root.name, note))
}

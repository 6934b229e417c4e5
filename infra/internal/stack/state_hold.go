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

// hold takes the lock on a state in a bucket, as Terraform would, and waits for it as awaitLock does.
func (s *Stack) hold(ctx context.Context, root *remoteRoot, operation string, waiting func(string)) (unlock func() error, err error) {
	self, err := processOf(os.Getpid())
	if err != nil {
		return nil, err
	}
	for {
		if err := s.awaitLock(ctx, root, waiting); err != nil {
			return nil, err
		}
		s.dropNotes(root.name)
		lock := bucket.Lock{ID: rand.Text(), Operation: operation, Who: whoami(), Created: time.Now().UTC(), Path: root.place.String()}
		lock.Info = lock.ID // where the bucket gives the lock another ID
		if err := s.writeNote(root.name, lockNote{ID: lock.ID, Process: self}); err != nil {
			return nil, err
		}
		drop := func() error { return removeFile(s.noteFile(root.name, lock.Info)) }
		id, err := root.store.Lock(ctx, root.place, lock)
		if err != nil {
			return nil, errors.Join(err, drop())
		}
		if id != "" {
			return func() error {
				return errors.Join(root.store.Unlock(context.WithoutCancel(ctx), root.place, id), drop())
			}, nil
		}
		if err := drop(); err != nil { // somebody else was faster
			return nil, err
		}
	}
}

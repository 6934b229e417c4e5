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

// holdRemote takes the lock on the state in the bucket. The note of whose lock it is comes first, so
// that the next run knows it when this one is killed.
func (s *Stack) holdRemote(ctx context.Context, m *move, step Step) (unlock func() error, err error) {
	root := &remoteRoot{name: m.name, store: m.store, place: m.place}
	if err := s.awaitLock(ctx, root, step); err != nil {
		return nil, err
	}
	self, err := processOf(os.Getpid())
	if err != nil {
		return nil, err
	}
	lock := bucket.Lock{ID: rand.Text(), Operation: moving, Who: whoami(), Created: time.Now().UTC(), Path: m.place.String()}
	lock.Info = lock.ID // where the bucket gives the lock another ID
	if err := s.writeNote(m.name, lockNote{ID: lock.ID, Process: self}); err != nil {
		return nil, err
	}
	id, err := m.store.Lock(ctx, m.place, lock)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, fmt.Errorf("somebody else has locked %s at this very moment; run the same command again", m.place)
	}
	return func() error {
		return errors.Join(m.store.Unlock(context.WithoutCancel(ctx), m.place, id), removeFile(s.noteFile(m.name)))
	}, nil
}

package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"

	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

// migratedState is what a local state is called once it has arrived in the bucket.
const migratedState = "terraform.tfstate.migrated"

// moving is what a lock says that is held while a state is moved.
const moving = "OperationTypeMove"

// move is one root's state on its way into a bucket. Terraform's own way, init -migrate-state, gives
// a state that it copies into an empty place another lineage and begins to count anew, so that
// nothing could prove that it is the same one: here it is copied byte by byte.
type move struct {
	name        string // of the root
	environment string
	dir         string
	place       bucket.Place
	store       Store

	text  []byte // of the state on this machine; empty when there is none
	local *terraform.State
}

// moveState has a root's state kept in the bucket, and returns a line about it. It holds the locks
// on both, so that nobody changes either meanwhile.
func (s *Stack) moveState(ctx context.Context, parts Parts, store Store, name string, step Step) (string, error) {
	m := s.newMove(store, name)
	letGo, err := m.holdLocal()
	if err != nil {
		return "", err
	}
	defer letGo()
	unlock, err := s.hold(ctx, &remoteRoot{name: m.name, store: m.store, place: m.place}, moving, step.Update)
	if err != nil {
		return "", err
	}
	done, err := s.movedState(ctx, m, step)
	if err = errors.Join(err, unlock()); err != nil {
		return "", err
	}
	if err := s.initMoved(ctx, parts, m); err != nil { // the state is where it belongs
		done += " · terraform init is still to be run there"
	}
	return done, nil
}

func (s *Stack) newMove(store Store, name string) *move {
	return &move{name: name, environment: s.Environment, dir: filepath.Join(s.dir(), name), store: store, place: store.Address().Place(s.Environment, name)}
}

// check refuses a move over another state. It takes no lock in the bucket.
func (m *move) check(ctx context.Context) error {
	letGo, err := m.holdLocal()
	if err != nil {
		return err
	}
	defer letGo()
	_, err = m.remote(ctx)
	return err
}

// remote is the state in the bucket. When there is one here too, both are the same.
func (m *move) remote(ctx context.Context) (*terraform.State, error) {
	remote, err := m.readRemote(ctx)
	if err != nil || remote == nil || m.local.Empty() {
		return remote, err
	}
	if err := m.arrived(remote); err != nil {
		return nil, m.conflict(err)
	}
	return remote, nil
}

func (s *Stack) movedState(ctx context.Context, m *move, step Step) (string, error) {
	remote, err := m.remote(ctx)
	if err != nil {
		return "", err
	}
	if !m.local.Empty() {
		step.Update("copying the state")
		if remote, err = m.copyState(ctx, remote); err != nil {
			return "", err
		}
	}
	if err := writeBackend(m.dir, m.place); err != nil {
		return "", err
	}
	if err := m.setAside(); err != nil {
		return "", err
	}
	if remote == nil {
		return m.place.String() + " · no state yet", nil
	}
	return fmt.Sprintf("%s · serial %d · %d resources", m.place, remote.Serial, managed(remote)), nil
}

// copyState puts the state into the bucket, unless an earlier run has done so, and proves that it is
// there as it was here.
func (m *move) copyState(ctx context.Context, remote *terraform.State) (*terraform.State, error) {
	if remote == nil {
		made, err := m.store.Create(ctx, m.place.State, m.text)
		if err != nil {
			return nil, err
		}
		if !made {
			return nil, fmt.Errorf("somebody else has put a state into %s at this very moment", m.place)
		}
	}
	remote, err := m.readRemote(ctx)
	if err == nil {
		err = m.arrived(remote)
	}
	if err != nil {
		return nil, fmt.Errorf("the state did not arrive in %s as it is in %s: %w", m.place, m.file(localState), err)
	}
	return remote, nil
}

// initMoved has Terraform take the new backend where it was used before.
func (s *Stack) initMoved(ctx context.Context, parts Parts, m *move) error {
	log, err := s.createLog(m.dir)
	if err != nil {
		return err
	}
	root, err := s.Terraform(m.dir, parts, log)
	if err != nil || !root.Initialised() {
		return err
	}
	return root.Init(ctx)
}

func (m *move) file(name string) string { return filepath.Join(m.dir, name) }

func (m *move) readRemote(ctx context.Context) (*terraform.State, error) {
	object, err := m.store.Read(ctx, m.place.State)
	if err != nil || object == nil {
		return nil, err
	}
	return terraform.ReadState(object.Content)
}

// arrived tells why the state in the bucket is not the one on this machine.
func (m *move) arrived(remote *terraform.State) error {
	switch {
	case remote == nil:
		return errors.New("there is none")
	case remote.Lineage != m.local.Lineage:
		return fmt.Errorf("its lineage is %s, not %s: it is another environment's", remote.Lineage, m.local.Lineage)
	case remote.Serial != m.local.Serial:
		return fmt.Errorf("its serial is %d, not %d: it was changed on its own", remote.Serial, m.local.Serial)
	case !sameContents(remote, m.local):
		return errors.New("its resources differ")
	}
	return nil
}

// sameContents compares everything that both states record of resources and outputs.
func sameContents(a, b *terraform.State) bool {
	plain := func(s *terraform.State) (value any, err error) {
		text, err := json.Marshal([]any{s.Resources, s.Values()})
		if err == nil {
			err = json.Unmarshal(text, &value) // how it was indented does not matter
		}
		return value, err
	}
	first, err := plain(a)
	second, also := plain(b)
	return err == nil && also == nil && reflect.DeepEqual(first, second)
}

// conflict refuses to write over a state. Nothing has been changed yet.
func (m *move) conflict(err error) error {
	return &ui.Failure{Step: m.name, Sentence: fmt.Sprintf("there is another state in %s than on this machine", m.place), Seen: []string{"of the one in the bucket: " + err.Error(), "on this machine: " + m.file(localState)},
		Next: []string{"if the one in the bucket is right: move " + m.file(localState) + " away, then run the same command again",
			"if the one on this machine is right: name another bucket or prefix, or remove the one in the bucket",
			"kindling state show --env " + m.environment + " tells what a root works on"}, Err: err}
}

// setAside takes the local state out of Terraform's sight, and keeps it. An empty one goes.
func (m *move) setAside() error {
	if m.local.Empty() {
		return removeFile(m.file(localState))
	}
	return errors.Join(os.Rename(m.file(localState), m.file(migratedState)), removeFile(m.file(localState+".backup")))
}

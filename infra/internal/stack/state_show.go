package stack

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

// StateReport is where an environment's states are and who works on them.
type StateReport struct {
	Environment string      `json:"environment"`
	Roots       []RootState `json:"roots"`
}

// RootState is where one root's state is.
type RootState struct {
	Root      string      `json:"root"`
	Backend   string      `json:"backend"` // local, s3 or gcs
	Where     string      `json:"where"`   // a path, relative to the checkout, or the address of an object
	There     bool        `json:"there"`
	Serial    uint64      `json:"serial"`
	Lineage   string      `json:"lineage,omitempty"`
	Resources int         `json:"resources"`
	Lock      *LockReport `json:"lock"` // null: nobody holds it; that of a local state is the kernel's and not told
}

// LockReport is who holds the lock on a state.
type LockReport struct {
	ID        string    `json:"id"`
	Who       string    `json:"who"`
	Operation string    `json:"operation"`
	Since     time.Time `json:"since"`
	Holder    string    `json:"holder"` // what is known here of the process that took it
}

// ShowState tells where the states are, which version they have, and who holds their locks. It
// changes nothing and takes no lock.
func (s *Stack) ShowState(ctx context.Context) (StateReport, error) {
	parts, err := s.known()
	if err != nil {
		return StateReport{}, err
	}
	report, err := s.stateReport(ctx, parts)
	return report, s.explained(err)
}

func (s *Stack) stateReport(ctx context.Context, parts Parts) (StateReport, error) {
	report := StateReport{Environment: s.Environment}
	for _, name := range roots {
		root, err := s.rootAsItIs(ctx, filepath.Join(s.dir(), name), parts, nil)
		if err != nil {
			return report, err
		}
		entry, err := s.rootState(ctx, name, root)
		if err != nil {
			return report, err
		}
		report.Roots = append(report.Roots, entry)
	}
	return report, nil
}

func (s *Stack) rootState(ctx context.Context, name string, root Root) (RootState, error) {
	entry := RootState{Root: name, Backend: terraform.LocalBackend, Where: filepath.Join("environments", s.Environment, name, localState)}
	if remote, ok := root.(*remoteRoot); ok {
		entry.Backend, entry.Where = remote.place.Address.Kind, remote.place.String()
	}
	state, err := root.State(ctx)
	if err != nil {
		return entry, err
	}
	if state != nil {
		entry.There, entry.Serial, entry.Lineage, entry.Resources = true, state.Serial, state.Lineage, managed(state)
	}
	lock, err := lockOn(ctx, root)
	if err != nil || lock == nil {
		return entry, err
	}
	held, _ := s.holder(name, *lock)
	entry.Lock = &LockReport{ID: lock.ID, Who: lock.Who, Operation: operation(*lock), Since: lock.Created, Holder: held}
	return entry, nil
}

// managed is the number of things that Terraform made.
func managed(state *terraform.State) int {
	n := 0
	for _, r := range state.Resources {
		if r.Mode == "managed" {
			n += len(r.Instances)
		}
	}
	return n
}

// UnlockState removes the lock with that ID, which somebody names who knows that nobody is at it
// any more. A lock whose process is seen to run stays. It returns the root that was unlocked.
func (s *Stack) UnlockState(ctx context.Context, id string) (root string, err error) {
	parts, err := s.known()
	if err != nil {
		return "", err
	}
	var held []string
	for _, name := range roots {
		found, err := s.lockable(ctx, name, parts)
		if err != nil {
			return "", s.explained(err)
		}
		lock, err := lockOn(ctx, found)
		if err != nil {
			return "", s.explained(err)
		}
		if lock == nil {
			continue
		}
		if lock.ID == id {
			return name, s.unlock(ctx, found.(*remoteRoot), *lock)
		}
		held = append(held, fmt.Sprintf("%s: %s, by %s (%s) since %s", name, lock.ID, lock.Who, operation(*lock), since(*lock)))
	}
	if len(held) == 0 {
		held = []string{"nobody holds a lock"}
	}
	return "", &ui.Failure{Step: "state", Sentence: fmt.Sprintf("no state of %s has the lock %q", s.Environment, id), Code: 2, Seen: held,
		Next: []string{"kindling state show --env " + s.Environment}}
}

// lockable is a root whose state may be locked in a bucket. One whose state is on its way there
// counts as well: its move may be what waits for the lock.
func (s *Stack) lockable(ctx context.Context, name string, parts Parts) (Root, error) {
	root, err := s.rootAsItIs(ctx, filepath.Join(s.dir(), name), parts, nil)
	if err != nil {
		return nil, err
	}
	note, there := s.moveNote()
	if _, ok := root.(*remoteRoot); ok || !there {
		return root, nil
	}
	store, err := s.Bucket(ctx, note.Bucket)
	if err != nil {
		return nil, err
	}
	return &remoteRoot{Root: root, name: name, store: store, place: note.Bucket.Place(s.Environment, name)}, nil
}

func (s *Stack) unlock(ctx context.Context, root *remoteRoot, lock bucket.Lock) error {
	if sentence, fate := s.holder(root.name, lock); fate == processRuns {
		return &ui.Failure{Step: root.name, Sentence: "the lock is in use: without it, two would write the same state", Seen: []string{sentence},
			Next: []string{"wait until it is done; kill -INT ends it in an orderly way"}}
	}
	return root.store.Unlock(ctx, root.place, lock.ID)
}

package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"path/filepath"

	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

// localState is the file that Terraform keeps a state in unless told otherwise.
const localState = "terraform.tfstate"

// remoteRoot is a root whose state lies in a bucket. The tool reads it there: that needs no
// providers, so that it also works in a checkout in which nothing was initialised. And it takes the
// lock on the state there, in Terraform's place: what Terraform locks names no process.
type remoteRoot struct {
	Root
	name  string // of the root's folder
	store Store
	place bucket.Place
	// hold takes the lock for an operation.
	hold func(ctx context.Context, operation string) (unlock func() error, err error)
}

// locked runs something under the lock.
func (r *remoteRoot) locked(ctx context.Context, operation string, run func() error) error {
	unlock, err := r.hold(ctx, operation)
	if err != nil {
		return err
	}
	err = run()
	return errors.Join(err, unlock())
}

func (r *remoteRoot) Plan(ctx context.Context, file string, destroy bool) (changes bool, err error) {
	err = r.locked(ctx, planning, func() error {
		changes, err = r.Root.Plan(ctx, file, destroy)
		return err
	})
	return changes, err
}

func (r *remoteRoot) Apply(ctx context.Context, file string, progress func(terraform.Change)) error {
	return r.locked(ctx, applying, func() error { return r.Root.Apply(ctx, file, progress) })
}

func (r *remoteRoot) Destroy(ctx context.Context, progress func(terraform.Change), refresh bool) error {
	return r.locked(ctx, applying, func() error { return r.Root.Destroy(ctx, progress, refresh) })
}

func (r *remoteRoot) Forget(ctx context.Context) error {
	return r.locked(ctx, applying, func() error { return r.Root.Forget(ctx) })
}

// State is nil when there is none.
func (r *remoteRoot) State(ctx context.Context) (*terraform.State, error) {
	object, err := r.store.Read(ctx, r.place.State)
	if err != nil || object == nil {
		return nil, err
	}
	state, err := terraform.ReadState(object.Content)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", r.place, err)
	}
	return state, nil
}

// Outputs are those of the state.
func (r *remoteRoot) Outputs(ctx context.Context) (map[string]json.RawMessage, error) {
	state, err := r.State(ctx)
	return state.Values(), err
}

// root opens a root wherever its state is kept.
func (s *Stack) root(ctx context.Context, dir string, parts Parts, log io.Writer) (Root, error) {
	if err := s.halfMoved(); err != nil {
		return nil, err
	}
	return s.rootAsItIs(ctx, dir, parts, log)
}

// rootAsItIs opens a root also while its state is being moved.
func (s *Stack) rootAsItIs(ctx context.Context, dir string, parts Parts, log io.Writer) (Root, error) {
	root, err := s.Terraform(dir, parts, log)
	if err != nil {
		return nil, err
	}
	return s.whereItsStateIs(ctx, filepath.Base(dir), root)
}

func (s *Stack) whereItsStateIs(ctx context.Context, name string, root Root) (Root, error) {
	backend, err := root.Backend()
	if err != nil || backend.Local() {
		return root, err
	}
	place, err := bucket.PlaceOf(backend.Kind, backend.Config)
	if err != nil {
		return nil, s.stateFailure(name, err)
	}
	store, err := s.Bucket(ctx, place.Address)
	if err != nil {
		return nil, s.stateFailure(name, err)
	}
	remote := &remoteRoot{Root: root, name: name, store: store, place: place}
	remote.hold = func(ctx context.Context, operation string) (func() error, error) {
		return s.hold(ctx, remote, operation, func(string) {}) // as a rule, who is waited for was told before
	}
	root.Unlocked()
	return remote, nil
}

// forgetWorkloads empties a state of workloads that lies in a bucket, when the cluster is gone that
// they ran in. One on this machine is a file, which is removed.
func (s *Stack) forgetWorkloads(ctx context.Context, parts Parts) error {
	root, err := s.root(ctx, s.workloadsDir(), parts, nil)
	if err != nil {
		return err
	}
	if _, ok := root.(*remoteRoot); !ok {
		return nil
	}
	state, err := root.State(ctx)
	if err != nil || state.Empty() {
		return err
	}
	step := s.Progress.Step("workloads")
	if root, err = s.open(ctx, s.workloadsDir(), parts); err == nil {
		err = s.awaitLock(ctx, root, step.Update)
	}
	if err == nil {
		err = root.Forget(ctx)
	}
	if err != nil {
		step.Fail()
		return s.terraformFailure("workloads", err)
	}
	step.Done("gone with the cluster")
	return nil
}

// stateFailure is what a person is told of an error about where states are kept; nil for any other.
func (s *Stack) stateFailure(step string, err error) error {
	var shown *ui.Failure
	if errors.As(err, &shown) {
		return err
	}
	if lock, ok := terraform.LockedBy(err); ok {
		return s.lockedFailure(step, bucket.Lock(lock))
	}
	var refused *bucket.Refused
	if errors.As(err, &refused) {
		failure := &ui.Failure{Step: step, Sentence: refused.Sentence, Seen: refused.Seen, Next: refused.Next, Err: err}
		if refused.Input {
			failure.Code = 2
		}
		return failure
	}
	var both *terraform.LocalStateError
	if errors.As(err, &both) {
		return &ui.Failure{Step: step, Sentence: "the state of " + s.Environment + "/" + step + " is kept in a bucket, but there is one on this machine too", Seen: []string{both.File},
			Next: []string{"kindling state init --env " + s.Environment + " moves it there, or says why not", "or move the file away, if nothing of what it records exists any more"}, Err: err}
	}
	return nil
}

package stack

import (
	"context"
	"encoding/json"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/bucket"
)

// fakeStore is a bucket in memory.
type fakeStore struct {
	*journal
	address bucket.Address
	there   bool
	refusal error
	loses   bool // forgets what is written to it

	lockAnswer   func(made string) (id string, err error) // what becomes of the answer to Lock; may be nil
	unlockFailed error

	mu      sync.Mutex // two roots are worked on at once
	objects map[string][]byte
	locks   map[string]*bucket.Lock
}

// lock is what holds a state; nil when nothing does.
func (f *fakeStore) lock(place bucket.Place) *bucket.Lock {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.locks[place.Lock]
}

func (f *fakeStore) Address() bucket.Address { return f.address }

func (f *fakeStore) Prepare(_ context.Context, p bucket.Preparation) (bucket.Outcome, error) {
	if f.refusal != nil {
		return bucket.Outcome{}, f.refusal
	}
	if f.there && !p.Unfinished {
		return bucket.Outcome{}, nil
	}
	if !f.there {
		if err := p.Begin(); err != nil {
			return bucket.Outcome{}, err
		}
	}
	f.there = true
	f.add("make %s", f.address.Name)
	return bucket.Outcome{Made: true}, nil
}

func (f *fakeStore) Read(_ context.Context, name string) (*bucket.Object, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	content, ok := f.objects[name]
	if !ok {
		return nil, nil
	}
	return &bucket.Object{Content: content}, nil
}

func (f *fakeStore) ReadLock(_ context.Context, place bucket.Place) (*bucket.Lock, error) {
	return f.lock(place), nil
}

func (f *fakeStore) Create(_ context.Context, name string, content []byte) (bool, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, ok := f.objects[name]; ok {
		return false, nil
	}
	f.add("create %s", name)
	if !f.loses {
		f.objects[name] = content
	}
	return true, nil
}

func (f *fakeStore) Lock(_ context.Context, place bucket.Place, lock bucket.Lock) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.locks[place.Lock] != nil {
		return "", nil
	}
	f.locks[place.Lock] = &lock
	if f.lockAnswer != nil {
		return f.lockAnswer(lock.ID)
	}
	return lock.ID, nil
}

func (f *fakeStore) Unlock(_ context.Context, place bucket.Place, id string) error {
	f.add("unlock %s", id)
	if f.unlockFailed != nil {
		return f.unlockFailed
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.locks, place.Lock)
	return nil
}

// keep writes what a root has made where its backend keeps states.
func (f *fakeRoot) keep() {
	place, remote := f.place()
	if !remote {
		return
	}
	outputs := map[string]any{}
	for name, value := range f.outputs {
		outputs[name] = map[string]any{"value": value}
	}
	f.store.mu.Lock()
	defer f.store.mu.Unlock()
	f.store.objects[place.State] = stateText(1, "lineage", *f.state, outputs)
}

// place is where the root's backend keeps its state; remote is false when that is this machine.
func (f *fakeRoot) place() (place bucket.Place, remote bool) {
	backend, err := f.Backend()
	if err != nil || backend.Local() {
		return place, false
	}
	if place, err = bucket.PlaceOf(backend.Kind, backend.Config); err != nil {
		panic(err)
	}
	return place, true
}

// underLock journals work that Terraform does without a lock of its own or of anybody else.
func (f *fakeRoot) underLock() {
	if place, remote := f.place(); remote && f.unlocked && f.store.lock(place) == nil {
		f.add("no lock on %s", f.name)
	}
}

func (f *fakeRoot) Forget(context.Context) error {
	f.underLock()
	f.add("forget %s", f.name)
	*f.state = false
	f.outputs = nil
	f.keep()
	return nil
}

func stateText(serial int, lineage string, resources bool, outputs map[string]any) []byte {
	state := map[string]any{"version": 4, "serial": serial, "lineage": lineage, "outputs": outputs, "resources": []any{}}
	if resources {
		state["resources"] = []any{map[string]any{"mode": "managed", "type": "terraform_data", "name": "this", "instances": []any{map[string]any{"attributes": map[string]any{"id": "1"}}}}}
	}
	text, err := json.Marshal(state)
	if err != nil {
		panic(err)
	}
	return text
}

const address = "s3://states/shop?region=eu-central-1"

// staging is a house of which the environment is staging, with states on this machine.
func staging(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.Environment = "staging"
	for _, root := range []*fakeRoot{h.clusterRoot, h.workloadsRoot} {
		root.dir = filepath.Join(h.Root, "environments", "staging", root.name)
		write(t, filepath.Join(root.dir, localState), string(stateText(3, root.name, true, nil)))
	}
	return h
}

// moved is staging with its states in a bucket.
func moved(t *testing.T) *house {
	t.Helper()
	h := staging(t)
	_, err := h.InitState(t.Context(), address)
	require.NoError(t, err)
	*h.clusterRoot.state, *h.workloadsRoot.state = true, true
	h.clusterRoot.keep()
	h.workloadsRoot.keep()
	h.lines = nil
	return h
}

// lockedBy puts a lock on a root's state.
func (h *house) lockedBy(root, who string) bucket.Lock {
	lock := bucket.Lock{ID: "11111111-2222", Operation: "OperationTypeApply", Who: who, Created: time.Now().Add(-time.Minute), Path: "states/shop/staging/" + root + ".tfstate"}
	h.store.locks["shop/staging/"+root+".tfstate.tflock"] = &lock
	return lock
}

var _ Root = (*fakeRoot)(nil)
var _ Store = (*fakeStore)(nil)

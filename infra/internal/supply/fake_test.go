package supply

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// fakeRecipe writes one file; run, when it is set, replaces that.
type fakeRecipe struct {
	input string
	run   func(ctx context.Context, job *job) error
}

func (f fakeRecipe) fingerprint(w io.Writer) error {
	_, err := io.WriteString(w, f.input)
	return err
}

func (f fakeRecipe) build(ctx context.Context, job *job) error {
	if f.run != nil {
		return f.run(ctx, job)
	}
	return os.WriteFile(filepath.Join(job.out, "content"), []byte(f.input), 0o644)
}

func fakePart(name string, run func(ctx context.Context, job *job) error, needs ...string) Part {
	return Part{Name: name, Needs: needs, recipe: fakeRecipe{input: name, run: run}}
}

// events collects what a builder tells.
type events struct {
	mu  sync.Mutex
	all []Event
	on  func(Event) // may be nil
}

func (e *events) add(event Event) {
	e.mu.Lock()
	e.all = append(e.all, event)
	e.mu.Unlock()
	if e.on != nil {
		e.on(event)
	}
}

// of lists the states of one part.
func (e *events) of(part string) []State {
	e.mu.Lock()
	defer e.mu.Unlock()
	var states []State
	for _, event := range e.all {
		if event.Part == part {
			states = append(states, event.State)
		}
	}
	return states
}

func newBuilder(t *testing.T) (*Builder, *events) {
	t.Helper()
	told := &events{}
	return &Builder{Cache: Cache{Dir: t.TempDir()}, Progress: told.add}, told
}

func write(t *testing.T, path, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

// files lists what lies in a cache's folder of finished parts, or in its scratch folder.
func files(t *testing.T, cache Cache, folder string) []string {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(cache.Dir, folder))
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

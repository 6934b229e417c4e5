package supply

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

// Event tells what happens to a part.
type Event struct {
	Part    string
	State   State
	Elapsed time.Duration // of a finished build
	Notes   []string      // of a finished build: what people should know
	Err     error         // of a failed one
}

// State of a part in an Event.
type State string

// The states of a part, in the order they can come.
const (
	Cached   State = "cached"
	Waiting  State = "waiting" // another process builds it
	Building State = "building"
	Built    State = "built"
	Failed   State = "failed"
)

// Builder builds parts into a cache.
type Builder struct {
	Cache    Cache
	Parallel int         // parts at a time; 2 when zero: the compilers use all cores by themselves
	Progress func(Event) // called from several goroutines, one at a time; may be nil
	mu       sync.Mutex
}

// BuildError is a part that could not be built.
type BuildError struct {
	Part string
	Log  string   // path of the build's output
	Last []string // its last lines
	Err  error
}

func (e *BuildError) Error() string {
	return fmt.Sprintf("part %s could not be built: %v", e.Part, e.Err)
}
func (e *BuildError) Unwrap() error { return e.Err }

// Ensure builds the named parts, and what they are made from, unless they are in the cache. It
// returns the folder of each. The first failure stops the others.
func (b *Builder) Ensure(ctx context.Context, parts []Part, names ...string) (map[string]string, error) {
	known, err := hashParts(parts)
	if err != nil {
		return nil, err
	}
	wanted, err := missing(b.Cache, known, names)
	if err != nil {
		return nil, err
	}
	if err := b.buildAll(ctx, known, wanted); err != nil {
		return nil, err
	}
	dirs := make(map[string]string, len(names))
	for _, name := range names {
		dirs[name] = b.Cache.partDir(known[name])
		if !slices.ContainsFunc(wanted, func(h hashed) bool { return h.Name == name }) {
			b.tell(Event{Part: name, State: Cached})
		}
	}
	return dirs, nil
}

// missing lists what has to be built, the most expensive first. What a cached part was made from
// is not looked at.
func missing(cache Cache, known map[string]hashed, names []string) ([]hashed, error) {
	wanted := map[string]hashed{}
	var visit func(name string) error
	visit = func(name string) error {
		h, ok := known[name]
		if !ok {
			return fmt.Errorf("there is no part %q", name)
		}
		if _, ok := cache.find(h); ok {
			return nil
		}
		wanted[name] = h
		for _, need := range h.Needs {
			if err := visit(need); err != nil {
				return err
			}
		}
		return nil
	}
	for _, name := range names {
		if err := visit(name); err != nil {
			return nil, err
		}
	}
	list := make([]hashed, 0, len(wanted))
	for _, h := range wanted {
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b hashed) int {
		return cmp.Or(cmp.Compare(b.Weight, a.Weight), strings.Compare(a.Name, b.Name))
	})
	return list, nil
}

// buildAll runs the wanted builds, each when what it is made from is there, and what it comes after.
func (b *Builder) buildAll(ctx context.Context, known map[string]hashed, wanted []hashed) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	finished := make(map[string]chan struct{}, len(wanted))
	for _, h := range wanted {
		finished[h.Name] = make(chan struct{})
	}
	slots := make(chan struct{}, cmp.Or(b.Parallel, 2))
	var group sync.WaitGroup
	for _, h := range wanted {
		group.Go(func() {
			defer close(finished[h.Name])
			if !waitFor(ctx, append([]string{h.After}, h.Needs...), finished) {
				return
			}
			if !takeSlot(ctx, slots) {
				return
			}
			defer func() { <-slots }()
			if err := b.buildOne(ctx, known, h); err != nil {
				cancel(err)
			}
		})
	}
	group.Wait()
	if err := context.Cause(ctx); err != nil {
		return err
	}
	return nil
}

func waitFor(ctx context.Context, needs []string, finished map[string]chan struct{}) bool {
	for _, need := range needs {
		done, ok := finished[need]
		if !ok {
			continue // cached, or none
		}
		select {
		case <-done:
		case <-ctx.Done():
			return false
		}
	}
	return ctx.Err() == nil
}

func takeSlot(ctx context.Context, slots chan struct{}) bool {
	select {
	case slots <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

// buildOne builds a part under its lock, unless another process did meanwhile.
func (b *Builder) buildOne(ctx context.Context, known map[string]hashed, h hashed) error {
	unlock, err := b.Cache.lock(ctx, h.Name, func() { b.tell(Event{Part: h.Name, State: Waiting}) })
	if err != nil {
		return err
	}
	defer unlock()
	if _, ok := b.Cache.find(h); ok {
		b.tell(Event{Part: h.Name, State: Cached})
		return nil
	}
	b.tell(Event{Part: h.Name, State: Building})
	record, err := b.buildLogged(ctx, known, h)
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if err != nil {
		failure := &BuildError{Part: h.Name, Log: b.Cache.Log(h.Name), Last: lastLines(b.Cache.Log(h.Name), 12), Err: err}
		b.tell(Event{Part: h.Name, State: Failed, Err: failure})
		return failure
	}
	b.tell(Event{Part: h.Name, State: Built, Elapsed: time.Duration(record.Seconds * float64(time.Second)), Notes: record.Notes})
	return nil
}

func (b *Builder) buildLogged(ctx context.Context, known map[string]hashed, h hashed) (Record, error) {
	log, err := b.Cache.createLog(h.Name)
	if err != nil {
		return Record{}, err
	}
	defer log.Close()
	needs := make(map[string]string, len(h.Needs))
	for _, need := range h.Needs {
		needs[need] = b.Cache.partDir(known[need])
	}
	return b.Cache.store(h, func(out, work string) ([]string, error) {
		job := &job{out: out, work: work, needs: needs, log: log}
		err := h.recipe.build(ctx, job)
		return job.notes, err
	})
}

func (b *Builder) tell(e Event) {
	if b.Progress == nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.Progress(e)
}

func lastLines(path string, n int) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	lines := strings.Split(strings.TrimRight(string(text), "\n"), "\n")
	return lines[max(0, len(lines)-n):]
}

package image

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Stage is where the build of one service stands.
type Stage string

// The stages that Progress reports.
const (
	StageStarted Stage = "started"
	StageBuilt   Stage = "built"
	StageFailed  Stage = "failed"
)

// Progress tells of one service; Built is set at StageBuilt, Err at StageFailed.
type Progress struct {
	Service string
	Stage   Stage
	Built   Built
	Err     error
}

// BuildAll builds services side by side. One that fails does not touch the
// others: what was built comes back in the order of names, beside the joined
// errors of what was not. Progress may be nil; its calls never overlap.
func (b Builder) BuildAll(ctx context.Context, names []string, progress func(Progress)) ([]Built, error) {
	b.prune()
	results := make([]Built, len(names))
	failures := make([]error, len(names))
	report := serialized(progress)
	build := func(i int) {
		report(Progress{Service: names[i], Stage: StageStarted})
		results[i], failures[i] = b.Build(ctx, names[i])
		if failures[i] != nil {
			report(Progress{Service: names[i], Stage: StageFailed, Err: failures[i]})
			return
		}
		report(Progress{Service: names[i], Stage: StageBuilt, Built: results[i]})
	}
	first := 0
	if b.cold() && len(names) > 1 {
		// Side by side, each would compile the packages that all of them use.
		build(0)
		first = 1
	}
	var group errgroup.Group
	group.SetLimit(max(2, runtime.NumCPU()/2))
	for i := first; i < len(names); i++ {
		group.Go(func() error { build(i); return nil })
	}
	_ = group.Wait() // failures are kept by service
	results = slices.DeleteFunc(results, func(built Built) bool { return built.Service == "" })
	return results, errors.Join(failures...)
}

func serialized(progress func(Progress)) func(Progress) {
	if progress == nil {
		return func(Progress) {}
	}
	var mutex sync.Mutex
	return func(p Progress) {
		mutex.Lock()
		defer mutex.Unlock()
		progress(p)
	}
}

// cold reports whether this checkout has built nothing yet.
func (b Builder) cold() bool {
	folder, err := b.binaries()
	if err != nil {
		return true
	}
	entries, err := os.ReadDir(folder)
	return err != nil || len(entries) <= 1 // the mark
}

// prune removes binaries of checkouts that are gone. What it cannot remove
// stays: a cache is no reason to fail a build.
func (b Builder) prune() {
	marks, _ := filepath.Glob(filepath.Join(b.CacheDir, "binaries", "*", rootMark))
	for _, mark := range marks {
		root, err := os.ReadFile(mark)
		if err != nil {
			continue
		}
		if _, err := os.Stat(string(root)); errors.Is(err, os.ErrNotExist) {
			_ = os.RemoveAll(filepath.Dir(mark))
		}
	}
}

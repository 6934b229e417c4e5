package kindcluster

import (
	"context"
	"os"
	"path/filepath"
	"sync"
	"time"
)

// Engine makes clusters and registries on the container engine that the
// docker command reaches. It may be used by several goroutines.
type Engine struct {
	docker docker
	kind   kind
	// proc is where the process file system is mounted.
	proc string
	// pidFiles are where an engine leaves the number of its process.
	pidFiles []string
	// locks is the folder of the files that keep two processes from working
	// on one cluster.
	locks string
	// poll is the pause between two looks at something that is awaited.
	poll time.Duration
	// grace is how long an API server may be silent after its container
	// started; an engine's restart took up to 30 s on two cores.
	grace time.Duration

	networks sync.Mutex
}

// Option changes how an Engine works.
type Option func(*Engine)

// WithGrace sets how long an API server may be silent after its container
// started, a minute by default, before its cluster counts as unreachable.
func WithGrace(grace time.Duration) Option { return func(e *Engine) { e.grace = grace } }

// New returns an Engine. Nothing is asked of docker yet.
func New(options ...Option) *Engine {
	cache, err := os.UserCacheDir()
	if err != nil { // no home folder
		cache = os.TempDir()
	}
	engine := &Engine{
		docker: dockerCommand{}, kind: &kindLibrary{}, proc: "/proc",
		pidFiles: []string{"/var/run/docker.pid", "/run/docker.pid"},
		locks:    filepath.Join(cache, "kindling", "locks"),
		poll:     100 * time.Millisecond, grace: time.Minute,
	}
	for _, option := range options {
		option(engine)
	}
	return engine
}

// pause waits for one poll interval; it returns false when ctx ends first.
func (e *Engine) pause(ctx context.Context) bool {
	timer := time.NewTimer(e.poll)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

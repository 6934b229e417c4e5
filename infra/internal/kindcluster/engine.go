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

// New returns an Engine. Nothing is asked of docker yet.
func New() *Engine {
	cache, err := os.UserCacheDir()
	if err != nil { // no home folder
		cache = os.TempDir()
	}
	return &Engine{
		docker: dockerCommand{}, kind: &kindLibrary{}, proc: "/proc",
		locks: filepath.Join(cache, "kindling", "locks"),
		poll:  100 * time.Millisecond, grace: time.Minute,
	}
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

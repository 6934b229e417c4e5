package kindcluster

import (
	"bytes"
	"io"
	"strings"
	"sync"
	"testing"
	"time"
)

// bench is an engine on fakes, and the fakes.
type bench struct {
	engine *Engine
	docker *fakeDocker
	kind   *fakeKind
	server *fakeServer
	steps  *steps
}

type steps struct {
	mu  sync.Mutex
	all []string
}

func (s *steps) add(step string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.all = append(s.all, step)
}

func (s *steps) text() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.all, "\n")
}

func newBench(t *testing.T) *bench {
	t.Helper()
	docker, server := newFakeDocker(), newFakeServer(t, "uid-1")
	kind := &fakeKind{docker: docker, server: server}
	engine := &Engine{docker: docker, kind: kind, proc: t.TempDir(), locks: t.TempDir(), poll: time.Millisecond, grace: 20 * time.Millisecond}
	return &bench{engine: engine, docker: docker, kind: kind, server: server, steps: &steps{}}
}

func untar(archive io.Reader) map[string]string {
	files := map[string]string{}
	content, _ := io.ReadAll(archive)
	for name, text := range readTar(bytes.NewReader(content)) {
		files[name] = text
	}
	return files
}

func oneNode() Spec {
	return Spec{Name: "dev", NodeImage: "node:1", Network: "kindling-dev", Wait: 2 * time.Second, Nodes: []NodeSpec{{Role: RoleControlPlane}}}
}

func twoNodes() Spec {
	spec := oneNode()
	spec.Nodes = append(spec.Nodes, NodeSpec{Role: RoleWorker})
	return spec
}

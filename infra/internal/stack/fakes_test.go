package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/image"
	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/terraform"
)

// journal records what was done, in order.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) count(line string) int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := 0
	for _, l := range j.lines {
		if l == line {
			n++
		}
	}
	return n
}

func (j *journal) index(t *testing.T, line string) int {
	t.Helper()
	j.mu.Lock()
	defer j.mu.Unlock()
	for i, l := range j.lines {
		if l == line {
			return i
		}
	}
	require.Fail(t, "not done", "%s is not among\n%s", line, strings.Join(j.lines, "\n"))
	return -1
}

type fakeEngine struct {
	left  []string
	swept *[]string
}

func (fakeEngine) Ensure(context.Context) (string, error) { return "docker", nil }
func (f fakeEngine) Leftovers(context.Context, string) ([]string, error) {
	return f.left, nil
}

func (f fakeEngine) Sweep(_ context.Context, cluster string) error {
	*f.swept = append(*f.swept, cluster)
	return nil
}

type fakeSupply struct {
	*journal
	parts Parts
}

func (f fakeSupply) Provide(context.Context) (Parts, error) { return f.parts, nil }
func (f fakeSupply) Known() (Parts, error)                  { return f.parts, nil }
func (f fakeSupply) Planning(_ context.Context, providers []string) (Parts, error) {
	f.add("provide %s", strings.Join(providers, " "))
	return Parts{CLIConfig: f.parts.CLIConfig}, nil
}
func (f fakeSupply) Push(_ context.Context, registry string) (int, int, error) {
	f.add("push parts to %s", registry)
	return 3, 0, nil
}

type fakeImages struct {
	*journal
	digest string
	gone   bool // from every registry
	edited bool
	err    error
}

func (f fakeImages) Edited([]string) bool { return f.edited }

func (f fakeImages) BuildAll(_ context.Context, names []string, progress func(image.Progress)) ([]image.Built, error) {
	var built []image.Built
	for _, name := range names {
		progress(image.Progress{Service: name, Stage: image.StageStarted})
		b := image.Built{Service: name, Digest: f.digest}
		progress(image.Progress{Service: name, Stage: image.StageBuilt, Built: b})
		built = append(built, b)
	}
	f.add("build %s", strings.Join(names, ","))
	return built, f.err
}

func (f fakeImages) Push(_ context.Context, b image.Built, registry string, _ bool) (string, bool, error) {
	f.add("push %s", b.Service)
	return registry + "/" + b.Service + "@" + b.Digest, true, nil
}

func (f fakeImages) Copy(_ context.Context, service, ref string, _ bool, to image.Place) (string, bool, error) {
	f.add("copy %s to %s", service, to.Host)
	if f.gone {
		return "", false, &image.AbsentError{Image: ref}
	}
	return release.Image(to.Host, service, release.Entry{Image: ref}.Digest()), true, nil
}

func (f fakeImages) Has(context.Context, string, bool) (bool, error) { return !f.gone, nil }

// fakeRoot is a root whose plans change what changes says.
type fakeRoot struct {
	*journal
	name     string
	outputs  map[string]any
	state    *bool
	changes  bool
	apply    func() error
	refuses  func() error                          // a plan
	during   func(progress func(terraform.Change)) // of an apply
	unlocked bool
	plan     *tfjson.Plan
	has      []terraform.StateResource // beside what every state has

	dir   string     // of the root; its backend is read there
	store *fakeStore // where Terraform keeps the state, when that is not the local file
}

func (f *fakeRoot) Init(context.Context) error {
	f.add("init %s", f.name)
	return nil
}
func (f *fakeRoot) Plan(_ context.Context, file string, _ bool) (bool, error) {
	f.underLock()
	f.add("plan %s", f.name)
	if f.refuses != nil {
		if err := f.refuses(); err != nil {
			return false, err
		}
	}
	return f.changes || !*f.state, os.WriteFile(file, nil, 0o600)
}
func (f *fakeRoot) Show(context.Context, string) (*tfjson.Plan, error) {
	if f.plan == nil {
		return &tfjson.Plan{}, nil
	}
	return f.plan, nil
}
func (f *fakeRoot) Rehearse(context.Context) (*tfjson.Plan, error) {
	f.add("rehearse %s", f.name)
	return f.Show(context.Background(), "")
}
func (f *fakeRoot) Apply(_ context.Context, _ string, progress func(terraform.Change)) error {
	f.underLock()
	f.add("apply %s", f.name)
	if f.during != nil {
		f.during(progress)
		f.add("applied %s", f.name)
	}
	if !*f.state { // else somebody may be reading it
		*f.state = true
	}
	f.keep()
	if f.apply != nil {
		return f.apply()
	}
	return nil
}
func (f *fakeRoot) Destroy(context.Context, func(terraform.Change), bool) error {
	f.underLock()
	f.add("destroy %s", f.name)
	*f.state = false
	f.keep()
	return nil
}
func (f *fakeRoot) State(context.Context) (*terraform.State, error) {
	if !*f.state {
		return nil, nil
	}
	return &terraform.State{Resources: append([]terraform.StateResource{{Mode: "managed"}}, f.has...)}, nil
}
func (f *fakeRoot) Backend() (terraform.Backend, error) { return terraform.ReadBackend(f.dir) }
func (f *fakeRoot) Unlocked()                           { f.unlocked = true }
func (f *fakeRoot) Initialised() bool                   { return false }
func (f *fakeRoot) Outputs(context.Context) (map[string]json.RawMessage, error) {
	values := map[string]json.RawMessage{}
	if !*f.state {
		return values, nil
	}
	for name, value := range f.outputs {
		text, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		values[name] = text
	}
	return values, nil
}

type fakeCluster struct {
	*journal
	err      error
	statuses []kube.Status
	away     error
}

func (f fakeCluster) WaitReady(_ context.Context, wait kube.Wait) error {
	f.add("wait for %d workloads", len(wait.Workloads))
	return f.err
}
func (f fakeCluster) Snapshot(context.Context, []kube.Workload) ([]kube.Status, error) {
	return f.statuses, f.away
}
func (f fakeCluster) Logs(_ context.Context, options kube.LogOptions, out io.Writer) error {
	_, err := fmt.Fprintf(out, "a line of %s in %s\n", options.Selector, options.Namespace)
	return err
}

func (f fakeCluster) DeleteSecret(_ context.Context, namespace, name string) error {
	f.add("delete secret %s/%s", namespace, name)
	return nil
}

func (f fakeCluster) BindPolicy(_ context.Context, policy string) error {
	f.add("bind %s", policy)
	return nil
}

// fakePolicy finds the same in every plan, and records which it was shown.
type fakePolicy struct {
	*journal
	found map[string]policy.Findings // by root
	about []policy.Subject
}

func (f *fakePolicy) Judge(_ context.Context, about policy.Subject, _ *tfjson.Plan) (policy.Findings, error) {
	f.add("judge %s", about.Root)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.about = append(f.about, about)
	return f.found[about.Root], nil
}

type fakeAuthority struct{ made bool }

func (f fakeAuthority) Issue(string, []string) (bool, error) { return f.made, nil }
func (fakeAuthority) Certificate() string                    { return "ca.crt" }

type silent struct{}

func (silent) Step(string) Step { return silent{} }
func (silent) Item(string) Item { return silent{} }
func (silent) Update(string)    {}
func (silent) Done(string)      {}
func (silent) Fail()            {}

// house is a stack on fakes, in a checkout with one service.
type house struct {
	*Stack
	*journal
	clusterRoot, workloadsRoot *fakeRoot
	pods                       *fakeCluster
	images                     *fakeImages
	policy                     *fakePolicy
	authority                  *fakeAuthority
	answers                    func() int
	affected                   []catalog.Change
	store                      *fakeStore
}

const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

func newHouse(t *testing.T) *house {
	t.Helper()
	root, j := t.TempDir(), &journal{}
	write(t, filepath.Join(root, "services", "shop", "service.yaml"), `name: shop
description: Sells things.
port: 8080
routes: [{host: shop.localhost, path: /api/shop}]
replicas: 1
resources: {requests: {cpu: 25m, memory: 32Mi}, limits: {memory: 128Mi}}
`)
	for _, dir := range []string{"cluster", "workloads"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, "environments", "dev", dir), 0o755))
	}
	workload := kube.Workload{Kind: kube.Deployment, Namespace: "apps", Name: "shop", Part: "shop"}
	h := &house{journal: j, store: &fakeStore{journal: j, objects: map[string][]byte{}, locks: map[string]*bucket.Lock{}},
		clusterRoot: &fakeRoot{journal: j, name: "cluster", state: new(bool), outputs: map[string]any{
			"cluster":  Connection{Name: "dev", Flavour: "kind", Endpoint: "https://127.0.0.1:1", Kubeconfig: "kubeconfig"},
			"registry": Registry{Host: "localhost:5001", Push: "localhost:5001", Insecure: true}}},
		workloadsRoot: &fakeRoot{journal: j, name: "workloads", state: new(bool), outputs: map[string]any{
			"workloads": []kube.Workload{workload},
			"services":  map[string]service{"shop": {URLs: []string{"https://shop.localhost/api/shop"}, Image: "localhost:5001/shop@" + digest, Version: "v1"}}}},
		pods:      &fakeCluster{journal: j, statuses: []kube.Status{{Workload: workload, Ready: 1, Desired: 1, Done: true}}},
		images:    &fakeImages{journal: j, digest: digest},
		policy:    &fakePolicy{journal: j, found: map[string]policy.Findings{}},
		authority: &fakeAuthority{}, answers: func() int { return 200 },
	}
	for _, r := range []*fakeRoot{h.clusterRoot, h.workloadsRoot} {
		r.dir, r.store = filepath.Join(root, "environments", "dev", r.name), h.store
	}
	h.Stack = &Stack{Root: root, Environment: "dev", Engine: fakeEngine{swept: &[]string{}},
		Supply:    fakeSupply{journal: j, parts: Parts{Node: "node:1", Registry: "registry:1", Images: map[string]string{"postgres": "p"}}},
		Images:    h.images,
		Policy:    h.policy,
		Terraform: h.open, Cluster: func(Connection) (Cluster, error) { return h.pods, nil },
		Ask: func(context.Context, string) (int, error) { h.add("ask"); return h.answers(), nil },
		Bucket: func(_ context.Context, address bucket.Address) (Store, error) {
			h.store.mu.Lock()
			defer h.store.mu.Unlock()
			h.store.address = address
			return h.store, nil
		},
		Affected: func(_ context.Context, since string) ([]catalog.Change, error) {
			h.add("compare with %s", since)
			return h.affected, nil
		},
		Authority: h.authority, Version: func(context.Context) string { return "v1" }, Progress: silent{}}
	return h
}

func (h *house) open(dir string, _ Parts, _ io.Writer) (Root, error) {
	if filepath.Base(dir) == "cluster" {
		return h.clusterRoot, nil
	}
	return h.workloadsRoot, nil
}

func write(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

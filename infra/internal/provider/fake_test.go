package provider

import (
	"context"

	"kindling.internal/infra/internal/kindcluster"
)

// fakeEngine keeps one cluster and one registry in memory and notes what is
// asked of it.
type fakeEngine struct {
	calls []string

	cluster *kindcluster.Observation // nil: gone
	made    *kindcluster.Spec        // how it was made; nil for a foreign one
	old     kindcluster.Spec         // the last update's
	uid     string

	registry *kindcluster.Registry
	err      error // of the next operation that changes something
	// during is called inside Create, to look at its context.
	during func(context.Context)
}

func (f *fakeEngine) note(call string) { f.calls = append(f.calls, call) }

func (f *fakeEngine) running(spec kindcluster.Spec) kindcluster.Observation {
	o := kindcluster.Observation{State: kindcluster.StateRunning, Network: spec.Network, UID: f.uid, Credentials: kindcluster.Credentials{
		Endpoint: "https://127.0.0.1:6443", CACertificate: "CA", ClientCertificate: "CERT", ClientKey: "KEY", Kubeconfig: "KUBECONFIG",
	}}
	for i, name := range kindcluster.NodeNames(spec.Name, spec.Nodes) {
		o.Nodes = append(o.Nodes, kindcluster.NodeContainer{Name: name, Role: spec.Nodes[i].Role, Image: spec.NodeImage, Running: true,
			Mounts: spec.Nodes[i].ExtraMounts, Ports: spec.Nodes[i].PortMappings, Network: spec.Network})
	}
	return o
}

func (f *fakeEngine) Create(ctx context.Context, spec kindcluster.Spec, progress kindcluster.Progress) (kindcluster.Observation, error) {
	f.note("create " + spec.Name)
	progress("making it")
	if f.during != nil {
		f.during(ctx)
	}
	if f.err != nil {
		return kindcluster.Observation{}, f.err
	}
	o := f.running(spec)
	f.cluster, f.made = &o, &spec
	return o, nil
}

func (f *fakeEngine) Inspect(context.Context, string, kindcluster.Credentials) (kindcluster.Observation, error) {
	if f.cluster == nil {
		return kindcluster.Observation{State: kindcluster.StateGone}, nil
	}
	return *f.cluster, nil
}

func (f *fakeEngine) ReadSpec(context.Context, string) (*kindcluster.Spec, error) { return f.made, nil }

func (f *fakeEngine) Start(_ context.Context, spec kindcluster.Spec, _ kindcluster.Progress) (kindcluster.Observation, error) {
	f.note("start " + spec.Name)
	o := f.running(spec)
	f.cluster = &o
	return o, f.err
}

func (f *fakeEngine) Update(_ context.Context, old, spec kindcluster.Spec, _ kindcluster.Progress) error {
	f.note("update " + spec.Name)
	f.old, f.made = old, &spec
	return f.err
}

func (f *fakeEngine) Delete(_ context.Context, name, network string, _ kindcluster.Progress) error {
	f.note("delete " + name + " and " + network)
	f.cluster = nil
	return f.err
}

func (f *fakeEngine) RunRegistry(_ context.Context, spec kindcluster.RegistrySpec, _ kindcluster.Progress) (kindcluster.Registry, error) {
	f.note("run " + spec.Name)
	if f.err != nil {
		return kindcluster.Registry{}, f.err
	}
	f.registry = &kindcluster.Registry{RegistrySpec: spec, ContainerID: "container-of-" + spec.Image, Running: true}
	return *f.registry, nil
}

func (f *fakeEngine) InspectRegistry(context.Context, string) (*kindcluster.Registry, error) {
	return f.registry, nil
}

func (f *fakeEngine) StartRegistry(_ context.Context, spec kindcluster.RegistrySpec) (kindcluster.Registry, error) {
	f.note("start " + spec.Name)
	f.registry.Running = true
	return *f.registry, f.err
}

func (f *fakeEngine) DeleteRegistry(_ context.Context, spec kindcluster.RegistrySpec) error {
	f.note("delete " + spec.Name + " and " + spec.Volume)
	f.registry = nil
	return f.err
}

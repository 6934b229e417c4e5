package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/sync/errgroup"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/image"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

// Up brings the environment to what the checkout describes and returns what runs then. Running it
// again when nothing changed changes nothing; after a kill it goes on.
func (s *Stack) Up(ctx context.Context) (Report, error) {
	services, err := catalog.Load(s.Root)
	if err != nil {
		return Report{}, CatalogFailure(err)
	}
	unlock, err := s.exclusive()
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	if err := s.engine(ctx); err != nil {
		return Report{}, err
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return Report{}, err
	}
	renewed, err := s.certificates(services)
	if err != nil {
		return Report{}, err
	}
	early := s.planEarly(ctx, parts)
	defer early.drop()
	target, err := s.clusterAndImages(ctx, parts, services)
	if err != nil {
		return Report{}, err
	}
	released, err := s.deliver(ctx, target)
	if err != nil {
		return Report{}, err
	}
	if released || renewed || target.clusterChanged {
		early.drop()
	}
	return s.workloads(ctx, parts, target, early)
}

// CatalogFailure shows all mistakes that loading the service descriptions found.
func CatalogFailure(err error) error {
	var mistakes catalog.Mistakes
	if !errors.As(err, &mistakes) {
		return err
	}
	failure := &ui.Failure{Step: "services", Sentence: fmt.Sprintf("%d mistakes in service descriptions", len(mistakes)), Code: 2, Err: err,
		Next: []string{"correct them; editors that read services/service.schema.json show them as you type"}}
	if len(mistakes) == 1 {
		failure.Sentence = "a mistake in a service description"
	}
	for _, mistake := range mistakes {
		failure.Seen = append(failure.Seen, mistake.String())
	}
	return failure
}

func (s *Stack) engine(ctx context.Context) error {
	step := s.Progress.Step("engine")
	summary, err := s.Engine.Ensure(ctx)
	if err != nil {
		step.Fail()
		return err
	}
	step.Done(summary)
	return nil
}

func (s *Stack) parts(ctx context.Context) (Parts, error) {
	parts, err := s.Supply.Provide(ctx) // shows its own progress, a line a part
	if err != nil {
		return Parts{}, err
	}
	return parts, s.writeParts(parts)
}

// target is where images go and what runs there.
type target struct {
	connection Connection
	registry   Registry
	built      []image.Built

	clusterChanged bool
}

// clusterAndImages makes the cluster and the registry, and builds the services meanwhile.
func (s *Stack) clusterAndImages(ctx context.Context, parts Parts, services []catalog.Service) (target, error) {
	var t target
	group, both := errgroup.WithContext(ctx)
	group.Go(func() (err error) {
		t.built, err = s.build(ctx, services) // its compile errors are shown even when the cluster fails
		return err
	})
	group.Go(func() (err error) {
		err = s.cluster(both, parts, &t)
		return err
	})
	return t, group.Wait()
}

// build compiles all services; the images of those that compile stay in the cache when another
// does not.
func (s *Stack) build(ctx context.Context, services []catalog.Service) ([]image.Built, error) {
	step := s.Progress.Step("images")
	items := map[string]Item{}
	running, err := release.Load(s.Root, s.Environment)
	if err != nil {
		step.Fail()
		return nil, err
	}
	built, err := s.Images.BuildAll(ctx, serviceNames(services), func(p image.Progress) {
		switch p.Stage {
		case image.StageStarted:
			items[p.Service] = step.Item(p.Service)
			items[p.Service].Update("building")
		case image.StageBuilt:
			done := "built in " + ui.Elapsed(p.Built.Elapsed)
			if running.Services[p.Service].Digest() == p.Built.Digest {
				done = "unchanged"
			}
			items[p.Service].Done(fmt.Sprintf("%.19s…  %s", p.Built.Digest, done))
		case image.StageFailed:
		}
	})
	if err != nil {
		step.Fail()
		return nil, BuildFailure(err)
	}
	step.Done("")
	return built, nil
}

// BuildFailure shows the compiler's lines of a service that does not build.
func BuildFailure(err error) error {
	var failed *image.CompileError
	if !errors.As(err, &failed) {
		return err
	}
	return &ui.Failure{Step: "images", Sentence: failed.Service + " does not compile; no other service was touched", Err: err,
		Seen: lines(failed.Output, 20), Next: []string{"correct it, then run the same command again"}}
}

// cluster applies the cluster root.
func (s *Stack) cluster(ctx context.Context, parts Parts, t *target) error {
	step := s.Progress.Step("cluster")
	root, err := s.open(ctx, s.clusterDir(), parts)
	if err == nil {
		t.clusterChanged, err = s.converge(ctx, root, "cluster", step)
	}
	if err == nil {
		t.connection, t.registry, err = clusterOutputs(ctx, root)
	}
	if err != nil {
		step.Fail()
		return s.terraformFailure("cluster", err)
	}
	if t.connection.Kubeconfig != "" {
		if err := writeFile(s.Kubeconfig(), []byte(t.connection.Kubeconfig), 0o600); err != nil {
			return err
		}
	}
	step.Done(t.connection.Name + " · " + t.connection.Flavour + " · " + t.connection.Endpoint)
	return nil
}

// deliver stores images in the registry and writes the release record. It reports whether the
// record changed.
func (s *Stack) deliver(ctx context.Context, t target) (changed bool, err error) {
	step := s.Progress.Step("push")
	all, pushed, err := s.Supply.Push(ctx, t.registry.Push)
	if err == nil {
		var fresh int
		changed, fresh, err = s.deliverServices(ctx, t)
		all, pushed = all+len(t.built), pushed+fresh
	}
	if err != nil {
		step.Fail()
		return false, err
	}
	step.Done(fmt.Sprintf("%d images, %d of them new to %s", all, pushed, t.registry.Host))
	return changed, nil
}

func (s *Stack) deliverServices(ctx context.Context, t target) (changed bool, pushed int, err error) {
	record, err := release.Load(s.Root, s.Environment)
	if err != nil {
		return false, 0, err
	}
	record = record.Clone()
	version := s.Version(ctx)
	names := make([]string, 0, len(t.built))
	for _, built := range t.built {
		ref, fresh, err := s.Images.Push(ctx, built, t.registry.Push, t.registry.Insecure)
		if err != nil {
			return false, pushed, err
		}
		if fresh {
			pushed++
		}
		record.Set(built.Service, release.Relocate(ref, t.registry.Host), version)
		names = append(names, built.Service)
	}
	record.Keep(names)
	changed, err = release.Save(s.Root, s.Environment, record)
	return changed, pushed, err
}

// certificates makes the certificate for the hosts of all routes.
func (s *Stack) certificates(services []catalog.Service) (made bool, err error) {
	hosts := map[string]bool{"localhost": true}
	for _, service := range services {
		for _, route := range service.Routes {
			hosts[route.Host] = true
		}
	}
	return s.Authority.Issue(filepath.Join(s.dir(), ".tls"), slices.Sorted(maps.Keys(hosts)))
}

// open opens and initialises a root; what Terraform prints goes to a log of its own.
func (s *Stack) open(ctx context.Context, dir string, parts Parts) (Root, error) {
	path := s.log(filepath.Base(dir))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	log, err := os.Create(path) // closed with the process: Terraform writes to it until then
	if err != nil {
		return nil, err
	}
	root, err := s.Terraform(dir, parts, log)
	if err != nil {
		return nil, err
	}
	if err := removeFile(filepath.Join(dir, adoptionFile)); err != nil { // a killed adoption's
		return nil, err
	}
	return root, root.Init(ctx)
}

func (s *Stack) log(root string) string { return filepath.Join(s.Work(), "logs", root+".log") }

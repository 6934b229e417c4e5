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
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

// Up brings the environment to what the checkout describes and returns what runs then. Running it
// again when nothing changed changes nothing; after a kill it goes on. Images are built from the
// checkout, or else, where they are promoted, those of the release record run.
func (s *Stack) Up(ctx context.Context) (Report, error) {
	from, err := s.origin()
	if err != nil {
		return Report{}, err
	}
	return s.bring(ctx, from)
}

// origin is where the images of the environment come from.
func (s *Stack) origin() (origin, error) {
	_, promoted, err := release.LoadPromotion(s.Root, s.Environment)
	if err != nil {
		return nil, &ui.Failure{Step: s.Environment, Sentence: err.Error(), Code: 2, Err: err}
	}
	if promoted {
		return &fromRecord{s}, nil
	}
	return &fromCheckout{Stack: s}, nil
}

// origin is where the images come from that an environment is brought to run.
type origin interface {
	// check refuses what cannot work before anything is touched.
	check(ctx context.Context, services []catalog.Service) error
	// keepsImages guesses whether the images will be those that run already.
	keepsImages(services []catalog.Service) bool
	// prepare makes images while the cluster is made.
	prepare(ctx context.Context, services []catalog.Service) error
	// deliver stores the images in the environment's registry and sets them in the record. It
	// returns how many there are and how many of them were not there.
	deliver(ctx context.Context, to Registry, record *release.Record) (all, fresh int, err error)
	// proves tells whether the end is a plan that must be empty.
	proves() bool
}

// bring makes the environment run the images of an origin.
func (s *Stack) bring(ctx context.Context, from origin) (Report, error) {
	askAgain()
	services, err := s.described()
	if err != nil {
		return Report{}, err
	}
	unlock, err := s.exclusive()
	if err != nil {
		return Report{}, err
	}
	defer unlock()
	return s.bringLocked(ctx, services, from)
}

// described are the services of the checkout; none lacks a secret that is kept on this machine.
func (s *Stack) described() ([]catalog.Service, error) {
	services, err := catalog.Load(s.Root)
	if err != nil {
		return nil, CatalogFailure(err)
	}
	return services, s.checkSecrets(services)
}

// bringLocked is bring for whoever holds the environment's lock.
func (s *Stack) bringLocked(ctx context.Context, services []catalog.Service, from origin) (Report, error) {
	if err := from.check(ctx, services); err != nil {
		return Report{}, err
	}
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
	early := s.planEarly(ctx, parts, from.keepsImages(services))
	defer early.drop()
	target, err := s.clusterAndImages(ctx, parts, services, from)
	if err != nil {
		return Report{}, err
	}
	if target.released || renewed || target.clusterChanged {
		early.drop()
	}
	report, err := s.workloads(ctx, parts, target, early)
	if err == nil && from.proves() {
		err = s.prove(ctx, parts)
	}
	return report, err
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
	if !s.local() {
		return nil
	}
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

// target is the cluster and the registry of the environment.
type target struct {
	connection Connection
	registry   Registry

	clusterChanged bool
	released       bool // the release record has changed
}

// clusterAndImages makes the cluster and the registry, and meanwhile prepares the images and delivers
// them: they need a registry, which is there long before the cluster.
func (s *Stack) clusterAndImages(ctx context.Context, parts Parts, services []catalog.Service, from origin) (target, error) {
	var t target
	prepared, registry := make(chan struct{}), make(chan Registry, 1)
	group, all := errgroup.WithContext(ctx)
	group.Go(func() error {
		err := from.prepare(ctx, services) // its compile errors are shown even when the cluster fails
		if err == nil {
			close(prepared)
		}
		return err
	})
	group.Go(func() error {
		return s.cluster(all, parts, &t, registry)
	})
	var delivery error // which a cluster that is being made need not end for
	group.Go(func() error {
		select {
		case <-prepared:
		case <-all.Done():
			return nil
		}
		select {
		case to := <-registry:
			t.released, delivery = s.deliver(all, to, services, from)
		case <-all.Done():
		}
		return nil
	})
	err := group.Wait()
	if errors.Is(delivery, context.Canceled) && err != nil { // it ended for that
		delivery = nil
	}
	return t, errors.Join(err, delivery)
}

// cluster applies the cluster root. It sends the registry as soon as there is one.
func (s *Stack) cluster(ctx context.Context, parts Parts, t *target, made chan<- Registry) error {
	step := s.Progress.Step("cluster")
	root, err := s.open(ctx, s.clusterDir(), parts)
	if err == nil {
		root = telling(root, made)
		t.clusterChanged, err = s.converge(ctx, root, s.clusterSubject(), step)
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
	if t.clusterChanged {
		askAgain()
	}
	if err := s.credentials(ctx, parts); err != nil { // before anything is recorded
		return err
	}
	tell(made, t.registry)
	return nil
}

// deliver stores images in the registry and writes the release record. It reports whether the
// record changed.
func (s *Stack) deliver(ctx context.Context, to Registry, services []catalog.Service, from origin) (changed bool, err error) {
	step := s.Progress.Step("push")
	var all, pushed int
	if s.local() { // a cloud's nodes fetch the published ones
		all, pushed, err = s.Supply.Push(ctx, to.Push)
	}
	if err == nil {
		var more, fresh int
		changed, more, fresh, err = s.deliverServices(ctx, to, services, from)
		all, pushed = all+more, pushed+fresh
	}
	if err != nil {
		step.Fail()
		return false, err
	}
	step.Done(fmt.Sprintf("%d images, %d of them new to %s", all, pushed, to.Host))
	return changed, nil
}

func (s *Stack) deliverServices(ctx context.Context, to Registry, services []catalog.Service, from origin) (changed bool, all, pushed int, err error) {
	record, err := release.Load(s.Root, s.Environment)
	if err != nil {
		return false, 0, 0, err
	}
	record = record.Clone()
	if all, pushed, err = from.deliver(ctx, to, &record); err != nil {
		return false, all, pushed, err
	}
	record.Keep(serviceNames(services))
	changed, err = release.Save(s.Root, s.Environment, record)
	return changed, all, pushed, err
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

// open makes a root ready to be planned.
func (s *Stack) open(ctx context.Context, dir string, parts Parts) (Root, error) {
	root, err := s.initialised(ctx, dir, parts)
	if err != nil || dir != s.workloadsDir() {
		return root, err
	}
	return root, s.credentials(ctx, parts)
}

// initialised opens and initialises a root; what Terraform prints goes to a log of its own.
func (s *Stack) initialised(ctx context.Context, dir string, parts Parts) (Root, error) {
	log, err := s.createLog(dir)
	if err != nil {
		return nil, err
	}
	root, err := s.root(ctx, dir, parts, log)
	if err != nil {
		return nil, err
	}
	if err := removeFile(filepath.Join(dir, adoptionFile)); err != nil { // a killed adoption's
		return nil, err
	}
	if err := root.Init(ctx); err != nil {
		return nil, err
	}
	return root, nil
}

// createLog begins the log of what Terraform prints about a root. It is closed with the process:
// Terraform writes to it until then.
func (s *Stack) createLog(dir string) (*os.File, error) {
	path := s.log(filepath.Base(dir))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	return os.Create(path)
}

func (s *Stack) log(root string) string { return filepath.Join(s.Work(), "logs", root+".log") }

package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

// Removal takes a service that has left the checkout out of an environment.
type Removal struct {
	Environment string
	// Named tells whether the environment has the service, as far as is recorded.
	Named bool
	// Left says why what runs is left alone; empty when Run takes it out.
	Left Left
	// Database tells whether a database of it is there, which stays unless it is dropped.
	Database bool

	stack   *Stack
	service string
	drop    bool
	parts   Parts
	target  target
}

// Left is a reason to leave what runs alone.
type Left string

// The reasons.
const (
	InCloud   Left = "in a cloud"
	NotUp     Left = "not up"
	Away      Left = "does not answer"
	Untouched Left = "nothing of it there"
)

// RemovalOptions say how far a removal goes.
type RemovalOptions struct {
	Named bool // somebody has named the environment: then it may be in a cloud, too
	Drop  bool // the database, with all data, where it runs in the cluster
}

// Removal looks what there is of a service in the environment, and changes nothing.
func (s *Stack) Removal(ctx context.Context, service string, options RemovalOptions) (*Removal, error) {
	r := &Removal{Environment: s.Environment, stack: s, service: service, drop: options.Drop && s.local()}
	record, err := release.Load(s.Root, s.Environment)
	_, r.Named = record.Services[service]
	r.Named = r.Named || err != nil // one that cannot be read may name it
	if !s.local() && !options.Named {
		r.Left = InCloud
		return r, nil
	}
	if err := r.look(ctx); err != nil {
		if !r.Named {
			r.Left = Untouched
			return r, nil
		}
		return r, err
	}
	switch {
	case r.Left != "":
	case !r.Named && (!r.drop || !r.ranOnce()):
		r.Left = Untouched
	default:
		r.Left = r.answers(ctx)
	}
	return r, nil
}

// look reads the states: whether the environment is up, and what it has of the service.
func (r *Removal) look(ctx context.Context) (err error) {
	if r.parts, err = r.stack.known(); err != nil {
		return err
	}
	root, err := r.stack.root(ctx, r.stack.clusterDir(), r.parts, nil)
	if err != nil {
		return r.stack.terraformFailure(clusterRoot, err)
	}
	state, err := root.State(ctx)
	if err != nil {
		return r.stack.terraformFailure(clusterRoot, err)
	}
	if !state.Manages() {
		r.Left = NotUp
		return nil
	}
	if r.target, err = r.stack.recorded(ctx, r.parts); err != nil {
		return err
	}
	instances, err := r.instances(ctx)
	r.Named = r.Named || slices.ContainsFunc(instances, func(a string) bool { return strings.HasPrefix(a, fmt.Sprintf("module.service[%q].", r.service)) })
	r.Database = slices.Contains(instances, r.job())
	return err
}

// instances are the addresses of what the state of the workloads has.
func (r *Removal) instances(ctx context.Context) ([]string, error) {
	root, err := r.stack.root(ctx, r.stack.workloadsDir(), r.parts, nil)
	if err != nil {
		return nil, err
	}
	state, err := root.State(ctx)
	if err != nil || state == nil {
		return nil, err
	}
	return state.Instances(), nil
}

// job is the Job of modules/database that creates the service's database, or drops it.
func (r *Removal) job() string {
	return fmt.Sprintf("module.database[0].kubernetes_job_v1.setup[%q]", r.service)
}

// ranOnce tells whether the service was released here before.
func (r *Removal) ranOnce() bool {
	history, err := release.History(r.stack.Root, r.Environment)
	return err == nil && slices.ContainsFunc(history, func(p release.Past) bool { _, ran := p.Record.Services[r.service]; return ran })
}

// answers asks the cluster, which is there as far as is recorded.
func (r *Removal) answers(ctx context.Context) Left {
	cluster, err := r.stack.Cluster(r.target.connection)
	if err == nil {
		_, err = cluster.Snapshot(ctx, nil)
	}
	if err != nil {
		return Away
	}
	return ""
}

// Lock keeps others from changing the environment until unlock is called.
func (r *Removal) Lock() (unlock func(), err error) { return r.stack.exclusive() }

// Run takes out what runs, under the lock, and drops the database when that is wanted. The release
// record names the service until all of it is done, so that a run after a kill goes on.
func (r *Removal) Run(ctx context.Context) error {
	s := r.stack
	services, err := s.described()
	if err != nil {
		return err
	}
	record, err := release.Load(s.Root, s.Environment)
	if err != nil {
		return err
	}
	whole := !s.local() || slices.ContainsFunc(serviceNames(services), func(name string) bool { _, released := record.Services[name]; return !released })
	if whole { // a cloud's cluster has parts of a service too, and what was never released must be built
		from, err := s.origin()
		if err == nil {
			_, err = s.bringLocked(ctx, services, from)
		}
		if err != nil || !r.drop {
			return err
		}
	}
	if err := r.takeOut(ctx, services); err != nil {
		return err
	}
	return r.forget()
}

// takeOut applies the workloads without the service, and nothing else that needs to be built.
func (r *Removal) takeOut(ctx context.Context, services []catalog.Service) error {
	s := r.stack
	if _, err := s.certificates(services); err != nil {
		return err
	}
	if err := s.credentials(ctx, r.parts); err != nil {
		return err
	}
	if r.drop {
		if err := r.dropDatabase(ctx); err != nil {
			return err
		}
	}
	_, err := s.workloads(ctx, r.parts, r.target, nil)
	return err
}

// forget takes the service out of the release record.
func (r *Removal) forget() error {
	record, err := release.Load(r.stack.Root, r.Environment)
	if err != nil {
		return err
	}
	delete(record.Services, r.service)
	_, err = release.Save(r.stack.Root, r.Environment, record)
	return err
}

// undropped is the failure of a database that Terraform was told to drop and did not.
func (r *Removal) undropped() error {
	return &ui.Failure{Step: "database", Sentence: fmt.Sprintf("the database of %s is still there: dropped_databases is set elsewhere", r.service),
		Next: []string{fmt.Sprintf("take dropped_databases out of the .tfvars files in environments/%s/workloads, then run the same command again", r.Environment)}}
}

package stack

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"time"

	"kindling.internal/infra/internal/kube"
)

// dropVariable tells the workloads root whose databases to drop. It is set for one apply: a later one
// takes the Job away that did it.
const dropVariable = "TF_VAR_dropped_databases"

// databasePart is what the workloads of the database are called.
const databasePart = "database"

// dropDatabase has a Job drop the service's database and role, in an apply that also takes the service
// out, and waits for it.
func (r *Removal) dropDatabase(ctx context.Context) error {
	restore, err := setVariable(dropVariable, fmt.Sprintf("[%q]", r.service))
	if err != nil {
		return err
	}
	defer restore()
	s := *r.stack
	s.dropping = r.service
	step := s.Progress.Step(databasePart)
	root, err := s.initialised(ctx, s.workloadsDir(), r.parts)
	if err == nil {
		_, err = s.converge(ctx, root, s.workloadsSubject(r.target.connection, r.target.registry), step)
	}
	if err != nil {
		step.Fail()
		return s.terraformFailure("workloads", err)
	}
	if err := r.awaitDrop(ctx, root, step); err != nil {
		step.Fail()
		return s.rolloutFailure(err)
	}
	step.Done("that of " + r.service + " is dropped, with its role")
	return nil
}

// awaitDrop waits for the Job.
func (r *Removal) awaitDrop(ctx context.Context, root Root, step Step) error {
	s := r.stack
	if instances, err := r.instances(ctx); err != nil || !slices.Contains(instances, r.job()) {
		if err == nil {
			err = r.undropped()
		}
		return err
	}
	workloads, services, err := readWorkloads(ctx, root)
	if err != nil {
		return err
	}
	workloads = slices.DeleteFunc(workloads, func(w kube.Workload) bool { return w.Part != databasePart })
	cluster, err := s.Cluster(r.target.connection)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, rolloutTimeout)
	defer cancel()
	return cluster.WaitReady(ctx, kube.Wait{Workloads: workloads, Since: time.Now(), Services: slices.Collect(maps.Keys(services)),
		Again: dropping(r.service), Progress: rolloutProgress(step)})
}

// dropping is the command that drops the database of a service.
func dropping(service string) string { return "make remove service=" + service + " drop=yes" }

// setVariable sets a variable of the process, and hands back how to undo that.
func setVariable(name, value string) (restore func(), err error) {
	before, was := os.LookupEnv(name)
	return func() {
		// Neither can fail with a name that could be set.
		if was {
			_ = os.Setenv(name, before)
		} else {
			_ = os.Unsetenv(name)
		}
	}, os.Setenv(name, value)
}

// Dropped tells whether the removal, when it has run, has dropped the database.
func (r *Removal) Dropped() bool { return r.drop }

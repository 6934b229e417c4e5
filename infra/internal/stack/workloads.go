package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

// service is an entry of the workloads root's `services` output.
type service struct {
	URLs      []string `json:"urls"`
	Namespace string   `json:"namespace"`
	Version   string   `json:"version"`
	Image     string   `json:"image"`
}

// workloads applies the workloads root and waits until everything runs.
func (s *Stack) workloads(ctx context.Context, parts Parts, t target, early *earlyPlan) (Report, error) {
	step := s.Progress.Step("workloads")
	since := time.Now()
	root, err := s.convergeWorkloads(ctx, parts, s.workloadsSubject(t.connection, t.registry), early, step)
	if err != nil {
		step.Fail()
		return Report{}, s.terraformFailure("workloads", err)
	}
	report, statuses, err := s.await(ctx, root, t.connection, since, step)
	if err != nil {
		step.Fail()
		return Report{}, s.rolloutFailure(err)
	}
	step.Done(readiness(statuses))
	return report, nil
}

// convergeWorkloads carries out the plan that was made early, or plans now. What Terraform must be told
// it has been told.
func (s *Stack) convergeWorkloads(ctx context.Context, parts Parts, about policy.Subject, early *earlyPlan, step Step) (Root, error) {
	root, planned, changed := early.wait()
	if planned {
		if !changed {
			return root, nil
		}
		return root, s.apply(ctx, root, about, early.file, step)
	}
	var err error
	if root == nil {
		root, err = s.initialised(ctx, s.workloadsDir(), parts)
	}
	if err == nil {
		_, err = s.converge(ctx, root, about, step)
	}
	return root, err
}

// await watches all workloads at once.
func (s *Stack) await(ctx context.Context, root Root, connection Connection, since time.Time, step Step) (Report, []kube.Status, error) {
	workloads, services, err := readWorkloads(ctx, root)
	if err != nil {
		return Report{}, nil, err
	}
	cluster, err := s.Cluster(connection)
	if err != nil {
		return Report{}, nil, err
	}
	if err := s.bindPolicies(ctx, root, cluster); err != nil {
		return Report{}, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, rolloutTimeout)
	defer cancel()
	wait := kube.Wait{Workloads: workloads, Since: since, Services: slices.Collect(maps.Keys(services)),
		Again: "make up env=" + s.Environment, Progress: rolloutProgress(step)}
	if err := cluster.WaitReady(ctx, wait); err != nil {
		return Report{}, nil, err
	}
	if s.local() { // a cloud's hosts are in somebody else's DNS
		if err := s.answer(ctx, cluster, workloads, services, step); err != nil {
			return Report{}, nil, err
		}
	}
	statuses, err := settled(ctx, cluster, wait)
	if err != nil {
		return Report{}, nil, err
	}
	return s.report(services, statuses), statuses, nil
}

// settled returns the workloads' statuses, once more after they are ready when some have stopped
// being so: after a restart of the engine the cluster calls pods ready that are about to be
// started anew.
func settled(ctx context.Context, cluster Cluster, wait kube.Wait) ([]kube.Status, error) {
	statuses, err := cluster.Snapshot(ctx, wait.Workloads)
	if err != nil || !slices.ContainsFunc(statuses, func(s kube.Status) bool { return !s.Settled() }) {
		return statuses, err
	}
	if err := cluster.WaitReady(ctx, wait); err != nil {
		return nil, err
	}
	return cluster.Snapshot(ctx, wait.Workloads)
}

func readWorkloads(ctx context.Context, root Root) (workloads []kube.Workload, services map[string]service, err error) {
	err = readOutputs(ctx, root, map[string]any{"workloads": &workloads, "services": &services})
	return workloads, services, err
}

// rolloutProgress shows what is not ready yet.
func rolloutProgress(step Step) func(kube.Status) {
	var mu sync.Mutex
	latest := map[string]kube.Status{}
	return func(status kube.Status) {
		mu.Lock()
		defer mu.Unlock()
		latest[status.Kind+status.Namespace+status.Name] = status
		var waiting []string
		for _, s := range latest {
			if !s.Settled() {
				waiting = append(waiting, fmt.Sprintf("%s %d/%d", s.Part, s.Ready, s.Desired))
			}
		}
		slices.Sort(waiting)
		step.Update(strings.Join(waiting, " · "))
	}
}

// readiness is the line "ingress 1/1 · database 1/1 · catalog 2/2"; Jobs are done and not told.
func readiness(statuses []kube.Status) string {
	var parts []string
	for _, s := range statuses {
		switch {
		case s.Kind == kube.Job:
		case s.Settled() && !s.Done:
			parts = append(parts, s.Part+" started")
		default:
			parts = append(parts, fmt.Sprintf("%s %d/%d", s.Part, s.Ready, s.Desired))
		}
	}
	return strings.Join(parts, " · ")
}

// rolloutFailure is a failure for each workload that cannot become ready.
func (s *Stack) rolloutFailure(err error) error {
	var shown *ui.Failure
	if errors.As(err, &shown) {
		return err
	}
	var notReady *kube.NotReadyError
	if !errors.As(err, &notReady) {
		return &ui.Failure{Step: "workloads", Sentence: err.Error(), Err: err, Next: []string{"make status env=" + s.Environment, "make logs env=" + s.Environment + " service=NAME"}}
	}
	failures := make([]error, 0, len(notReady.Diagnoses))
	for _, d := range notReady.Diagnoses {
		failures = append(failures, &ui.Failure{Step: "workloads", Sentence: d.Sentence, Seen: d.Evidence, Next: []string{d.Next}, Err: d})
	}
	return errors.Join(failures...)
}

// Report is what runs in an environment.
type Report struct {
	Environment string          `json:"environment"`
	Services    []ServiceReport `json:"services"`
	Platform    []kube.Status   `json:"platform"` // what is not a service
	CA          string          `json:"ca_certificate,omitempty"`
}

// ServiceReport is what runs of one service.
type ServiceReport struct {
	Name    string   `json:"name"`
	URLs    []string `json:"urls"`
	Version string   `json:"version"`
	Image   string   `json:"image"`
	Digest  string   `json:"digest"`
	Ready   int      `json:"ready"`
	Desired int      `json:"desired"`
	Message string   `json:"message,omitempty"`
}

// Healthy tells whether everything in the report is as it should be.
func (r Report) Healthy() bool {
	return !slices.ContainsFunc(r.Services, func(s ServiceReport) bool { return s.Message != "" || s.Ready < s.Desired }) &&
		!slices.ContainsFunc(r.Platform, func(s kube.Status) bool { return !s.Settled() })
}

func (s *Stack) report(services map[string]service, statuses []kube.Status) Report {
	report := Report{Environment: s.Environment, CA: s.Authority.Certificate()}
	for _, status := range statuses {
		known, ok := services[status.Part]
		if !ok || status.Kind != kube.Deployment {
			report.Platform = append(report.Platform, status)
			continue
		}
		entry := ServiceReport{Name: status.Part, URLs: known.URLs, Version: known.Version, Image: known.Image,
			Digest: release.Entry{Image: known.Image}.Digest(), Ready: status.Ready, Desired: status.Desired}
		if !status.Done {
			entry.Message = status.Message
		}
		report.Services = append(report.Services, entry)
	}
	slices.SortFunc(report.Services, func(a, b ServiceReport) int { return strings.Compare(a.Name, b.Name) })
	return report
}

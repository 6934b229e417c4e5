package stack

import (
	"context"

	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/verdict"
)

// The roots of an environment.
const (
	clusterRoot   = "cluster"
	workloadsRoot = "workloads"
)

// PlanReport is what would change in an environment, and what stands against it.
type PlanReport struct {
	Environment string           `json:"environment"`
	Offline     bool             `json:"offline,omitempty"` // planned against an empty state
	Verdict     string           `json:"verdict"`           // all of it in one sentence
	Changed     bool             `json:"changed"`
	Cluster     []verdict.Change `json:"cluster"`
	Workloads   []verdict.Change `json:"workloads"`
	Outputs     []string         `json:"outputs,omitempty"` // ROOT.NAME of those that change
	policy.Findings
	Confirm string `json:"confirm,omitempty"` // the command that carries it out, when data would be lost
	Note    string `json:"note,omitempty"`    // what was not planned, and why
}

// Plan tells what `up` would change. It changes nothing.
func (s *Stack) Plan(ctx context.Context) (PlanReport, error) {
	report := s.newReport()
	if err := s.engine(ctx); err != nil {
		return report, err
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return report, err
	}
	cluster, err := s.planRoot(ctx, parts, s.clusterSubject(), s.clusterDir(), &report)
	if err != nil {
		return report, err
	}
	root, err := s.Terraform(s.clusterDir(), parts, nil)
	if err != nil {
		return report, err
	}
	if !root.HasState() || makesCluster(cluster) {
		report.Note = "the workloads are planned when the cluster is there"
		report.tell(cluster)
		return report, nil
	}
	connection, registry, err := clusterOutputs(ctx, root)
	if err != nil {
		return report, err
	}
	workloads, err := s.planRoot(ctx, parts, s.workloadsSubject(connection, registry), s.workloadsDir(), &report)
	report.tell(cluster, workloads)
	return report, err
}

func (s *Stack) newReport() PlanReport {
	return PlanReport{Environment: s.Environment, Cluster: []verdict.Change{}, Workloads: []verdict.Change{}, Findings: policy.None()}
}

// tell sums up the plans of the roots.
func (r *PlanReport) tell(plans ...verdict.Plan) {
	r.Verdict = verdict.Sentence(plans...)
	for _, plan := range plans {
		r.Changed = r.Changed || !plan.Empty()
		if len(plan.Losses()) > 0 {
			r.Confirm = confirmation(r.Environment)
		}
	}
}

// makesCluster tells whether a cluster comes anew, so that what would run in it cannot be planned.
func makesCluster(plan verdict.Plan) bool {
	for _, c := range plan.Changes {
		switch c.Type {
		case "kind_cluster", "aws_eks_cluster", "google_container_cluster":
			return c.Verdict != verdict.InPlace
		}
	}
	return false
}

// planRoot plans one root, and adds what it changes and which rules that breaks to the report.
func (s *Stack) planRoot(ctx context.Context, parts Parts, about policy.Subject, dir string, report *PlanReport) (verdict.Plan, error) {
	step := s.Progress.Step(about.Root)
	root, err := s.open(ctx, dir, parts)
	var plan verdict.Plan
	if err == nil {
		plan, err = s.planned(ctx, root, about, step, report)
	}
	if err != nil {
		step.Fail()
		return plan, s.terraformFailure(about.Root, err)
	}
	step.Done(verdict.Sentence(plan))
	return plan, nil
}

func (s *Stack) planned(ctx context.Context, root Root, about policy.Subject, step Step, report *PlanReport) (verdict.Plan, error) {
	step.Update("planning")
	file := s.planFile(about.Root + "-only")
	defer removePlan(file)
	if _, err := root.Plan(ctx, file, false); err != nil {
		return verdict.Plan{}, err
	}
	shown, err := root.Show(ctx, file)
	if err != nil {
		return verdict.Plan{}, err
	}
	found, err := s.Policy.Judge(ctx, about, shown)
	if err != nil {
		return verdict.Plan{}, err
	}
	plan := verdict.Of(shown)
	report.add(about.Root, plan, found)
	return plan, nil
}

func (r *PlanReport) add(root string, plan verdict.Plan, found policy.Findings) {
	if root == clusterRoot {
		r.Cluster = plan.Changes
	} else {
		r.Workloads = plan.Changes
	}
	for _, name := range plan.Outputs {
		r.Outputs = append(r.Outputs, root+"."+name)
	}
	r.Findings.Add(found)
}

func removePlan(file string) { _ = removeFile(file) } // one that stays is overwritten next time

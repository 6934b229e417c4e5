package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"kindling.internal/infra/internal/catalog"
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
	Since       string           `json:"since,omitempty"`   // the commit that it is compared with; then changes are the differences
	Basis       string           `json:"basis,omitempty"`   // what it was planned against, when not what is there
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
	askAgain()
	report := s.newReport()
	services, err := catalog.Load(s.Root)
	if err != nil {
		return report, CatalogFailure(err)
	}
	if err := s.checkSecrets(services); err != nil {
		return report, err
	}
	parts, err := s.planningParts(ctx)
	if err != nil {
		return report, err
	}
	cluster, err := s.planRoot(ctx, parts, s.clusterSubject(), s.clusterDir(), &report)
	if err != nil {
		return report, err
	}
	root, err := s.root(ctx, s.clusterDir(), parts, nil)
	if err != nil {
		return report, err
	}
	state, err := root.State(ctx)
	if err != nil {
		return report, s.terraformFailure(clusterRoot, err)
	}
	if !state.Manages() || makesCluster(cluster) {
		report.Note = "the workloads are planned when the cluster is there"
		report.tell(cluster)
		return report, nil
	}
	placeless, err := s.placeless(ctx, parts, services)
	if err != nil {
		return report, err
	}
	if len(placeless) > 0 {
		report.Note = fmt.Sprintf("the workloads are planned when the secret manager has a place for %s, which make up env=%s makes", strings.Join(placeless, ", "), s.Environment)
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

// planningParts are what a plan takes: for a cluster on this machine all that `up` does, since a plan
// names what is built here; for one in a cloud no more than the providers.
func (s *Stack) planningParts(ctx context.Context) (Parts, error) {
	root, err := readRoot(s.clusterDir())
	if err != nil {
		return Parts{}, err
	}
	if root.local {
		if err := s.engine(ctx); err != nil {
			return Parts{}, err
		}
		return s.parts(ctx)
	}
	workloads, err := readRoot(s.workloadsDir())
	if err != nil {
		return Parts{}, err
	}
	parts, err := s.Supply.Planning(ctx, append(root.providers, workloads.providers...))
	if err != nil {
		return Parts{}, err
	}
	return parts, s.writeParts(parts)
}

func (s *Stack) newReport() PlanReport {
	return PlanReport{Environment: s.Environment, Cluster: []verdict.Change{}, Workloads: []verdict.Change{}, Findings: policy.None()}
}

// tell sums up the plans of the roots.
func (r *PlanReport) tell(plans ...verdict.Plan) {
	r.Verdict = verdict.Sentence(plans...)
	switch broken := len(r.Violations); broken {
	case 0:
	case 1:
		r.Verdict = "a rule is broken; " + r.Verdict
	default:
		r.Verdict = fmt.Sprintf("rules are broken %d times; %s", broken, r.Verdict)
	}
	for _, plan := range plans {
		r.Changed = r.Changed || !plan.Empty()
		if len(plan.Losses()) > 0 {
			r.Confirm = confirmation(r.Environment)
		}
	}
}

// makesCluster tells whether the cluster does not answer before the plan is carried out, so that
// what would run in it cannot be planned.
func makesCluster(plan verdict.Plan) bool {
	for _, c := range plan.Changes {
		switch c.Type {
		case "kind_cluster", "aws_eks_cluster", "google_container_cluster":
			return slices.Contains([]verdict.Kind{verdict.Created, verdict.Started, verdict.Replaced, verdict.Removed}, c.Verdict)
		}
	}
	return false
}

// planRoot plans one root, and adds what it changes and which rules that breaks to the report.
func (s *Stack) planRoot(ctx context.Context, parts Parts, about policy.Subject, dir string, report *PlanReport) (verdict.Plan, error) {
	step := s.Progress.Step(about.Root)
	plan, shown, err := s.planned(ctx, parts, about.Root, dir, step)
	var found policy.Findings
	if err == nil {
		found, err = s.Policy.Judge(ctx, about, shown)
	}
	if err != nil {
		step.Fail()
		return plan, s.terraformFailure(about.Root, err)
	}
	report.add(about.Root, plan, found)
	step.Done(verdict.Sentence(plan))
	return plan, nil
}

// planned plans a root and reads the plan.
func (s *Stack) planned(ctx context.Context, parts Parts, name, dir string, step Step) (verdict.Plan, *tfjson.Plan, error) {
	root, err := s.open(ctx, dir, parts)
	if err != nil {
		return verdict.Plan{}, nil, err
	}
	if err := s.awaitLock(ctx, root, step.Update); err != nil {
		return verdict.Plan{}, nil, err
	}
	step.Update("planning")
	file := s.planFile(name + "-only")
	defer removePlan(file)
	if _, err := root.Plan(ctx, file, false); err != nil {
		return verdict.Plan{}, nil, err
	}
	shown, err := root.Show(ctx, file)
	if err != nil {
		return verdict.Plan{}, nil, err
	}
	return verdict.Of(shown), shown, nil
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
	r.Merge(found)
}

func removePlan(file string) { _ = removeFile(file) } // one that stays is overwritten next time

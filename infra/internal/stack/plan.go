package stack

import (
	"context"
	"fmt"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// PlanReport is what would change in each root.
type PlanReport struct {
	Cluster   []PlannedChange `json:"cluster"`
	Workloads []PlannedChange `json:"workloads"`
	Note      string          `json:"note,omitempty"` // why the workloads could not be planned
}

// PlannedChange is a change of one resource, in words.
type PlannedChange struct {
	Address string `json:"address"`
	Verdict string `json:"verdict"`         // created, changed in place, restarted, replaced, removed
	Loses   string `json:"loses,omitempty"` // what data goes with it
}

// Changes tells whether anything would change.
func (p PlanReport) Changes() bool { return len(p.Cluster)+len(p.Workloads) > 0 }

// Plan tells what `up` would change. It changes nothing.
func (s *Stack) Plan(ctx context.Context) (PlanReport, error) {
	if err := s.engine(ctx); err != nil {
		return PlanReport{}, err
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return PlanReport{}, err
	}
	var report PlanReport
	if report.Cluster, err = s.planRoot(ctx, parts, "cluster", s.clusterDir()); err != nil {
		return report, err
	}
	root, err := s.Terraform(s.clusterDir(), parts, nil)
	if err != nil {
		return report, err
	}
	if !root.HasState() || replacesCluster(report.Cluster) {
		report.Note = "the workloads are planned when the cluster is there"
		return report, nil
	}
	report.Workloads, err = s.planRoot(ctx, parts, "workloads", s.workloadsDir())
	return report, err
}

func replacesCluster(changes []PlannedChange) bool {
	for _, c := range changes {
		if strings.Contains(c.Address, "kind_cluster") && c.Verdict != verdictInPlace {
			return true
		}
	}
	return false
}

func (s *Stack) planRoot(ctx context.Context, parts Parts, name, dir string) ([]PlannedChange, error) {
	step := s.Progress.Step(name)
	changes, err := s.planned(ctx, parts, name, dir, step)
	if err != nil {
		step.Fail()
		return nil, s.terraformFailure(name, err)
	}
	step.Done(summary(changes))
	return changes, nil
}

func (s *Stack) planned(ctx context.Context, parts Parts, name, dir string, step Step) ([]PlannedChange, error) {
	root, err := s.open(ctx, dir, parts)
	if err != nil {
		return nil, err
	}
	step.Update("planning")
	file := s.planFile(name + "-only")
	defer removePlan(file)
	changed, err := root.Plan(ctx, file, false)
	if err != nil || !changed {
		return nil, err
	}
	plan, err := root.Show(ctx, file)
	if err != nil {
		return nil, err
	}
	return verdicts(plan), nil
}

func removePlan(file string) { _ = removeFile(file) } // one that stays is overwritten next time

// The verdicts on a change.
const (
	verdictCreated  = "created"
	verdictInPlace  = "changed in place"
	verdictRestart  = "restarted"
	verdictReplaced = "replaced"
	verdictRemoved  = "removed"
)

// verdicts tells each change of a plan in words.
func verdicts(plan *tfjson.Plan) []PlannedChange {
	var changes []PlannedChange
	for _, c := range plan.ResourceChanges {
		verdict := verdictOn(c)
		if verdict == "" {
			continue
		}
		change := PlannedChange{Address: shortAddress(c.Address), Verdict: verdict}
		if verdict == verdictReplaced || verdict == verdictRemoved {
			change.Loses = dataIn[c.Type]
		}
		changes = append(changes, change)
	}
	return changes
}

func verdictOn(c *tfjson.ResourceChange) string {
	if c.Mode != tfjson.ManagedResourceMode || c.Change == nil {
		return ""
	}
	switch actions := c.Change.Actions; {
	case actions.Replace():
		return verdictReplaced
	case actions.Create():
		return verdictCreated
	case actions.Delete():
		return verdictRemoved
	case actions.Update() && restarts[c.Type]:
		return verdictRestart
	case actions.Update():
		return verdictInPlace
	default:
		return ""
	}
}

// restarts are the resources whose change starts new pods.
var restarts = map[string]bool{"kubernetes_deployment_v1": true, "kubernetes_stateful_set_v1": true, "kubernetes_daemon_set_v1": true}

// dataIn tells what is lost with a resource.
var dataIn = map[string]string{
	"kind_cluster":                          "everything in the cluster, databases included",
	"kind_registry":                         "the images in the registry; up pushes them again",
	"kubernetes_persistent_volume_claim_v1": "the volume's files",
	"kubernetes_stateful_set_v1":            "nothing as long as its volume claims stay",
	"kubernetes_namespace_v1":               "everything in the namespace, volumes included",
	"aws_db_instance":                       "the database",
	"google_sql_database_instance":          "the database",
}

func summary(changes []PlannedChange) string {
	if len(changes) == 0 {
		return "no changes"
	}
	count := map[string]int{}
	for _, c := range changes {
		count[c.Verdict]++
	}
	var parts []string
	for _, verdict := range []string{verdictCreated, verdictInPlace, verdictRestart, verdictReplaced, verdictRemoved} {
		if count[verdict] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[verdict], verdict))
		}
	}
	return strings.Join(parts, ", ")
}

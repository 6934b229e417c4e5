package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/verdict"
)

// Revision is an older state of the checkout, in a folder of its own.
type Revision struct {
	Root   string
	Commit string // short
	Remove func() error
}

// side is one of the two configurations that are compared.
type side struct {
	root  string // of its checkout
	plans string // folder of the copies that are planned
}

// PlanChange tells what the checkout plans differently from where it branched off from a revision. Both are
// planned offline, against empty states: the cluster root as it is, the workloads root against a stand-in of
// the cluster. The rules judge what the checkout plans.
func (s *Stack) PlanChange(ctx context.Context, since string) (PlanReport, error) {
	report := s.newReport()
	report.Offline = true
	if _, err := catalog.Load(s.Root); err != nil {
		return report, CatalogFailure(err)
	}
	base, err := s.Revision(ctx, since, filepath.Join(s.Work(), "base"))
	if err != nil {
		return report, err
	}
	defer func() { _ = base.Remove() }() // what stays, the next run removes
	report.Since = base.Commit
	c := &comparison{Stack: s, head: side{s.Root, s.offlineDir()}, base: side{base.Root, s.offlineDir() + "-base"}, commit: base.Commit}
	if c.parts, err = c.planningParts(ctx); err != nil {
		return report, err
	}
	if err := os.Setenv(offlineVariable, "true"); err != nil { // as terraform.Open hands settings on
		return report, err
	}
	cluster, err := c.compare(ctx, s.clusterSubject(), side.planCluster, &report)
	if err != nil {
		return report, err
	}
	standIn := s.standIn()
	workloads, err := c.compare(ctx, s.workloadsSubject(standIn.connection()), side.rehearseWorkloads, &report)
	if err != nil {
		return report, err
	}
	c.tell(&report, cluster, workloads)
	return report, nil
}

// comparison plans the same root of both sides.
type comparison struct {
	*Stack
	head, base side
	commit     string
	parts      Parts
	unknown    []string // why base has no plan of a root
}

// planningParts are the providers of both sides.
func (c *comparison) planningParts(ctx context.Context) (Parts, error) {
	var providers []string
	for _, root := range []string{c.head.root, c.base.root} {
		for _, name := range []string{clusterRoot, workloadsRoot} {
			facts, err := readRoot(filepath.Join(root, "environments", c.Environment, name))
			if err != nil {
				return Parts{}, err
			}
			providers = append(providers, facts.providers...)
		}
	}
	slices.Sort(providers)
	return c.Supply.Planning(ctx, slices.Compact(providers))
}

// compare plans a root on both sides. That head has no plan is a failure. When base has none, everything
// of head is shown as new, and the report says why.
func (c *comparison) compare(ctx context.Context, about policy.Subject, plan func(side, context.Context, *comparison) (*tfjson.Plan, error), report *PlanReport) (verdict.Plan, error) {
	step := c.Progress.Step(about.Root)
	step.Update("planning")
	head, err := plan(c.head, ctx, c)
	var found policy.Findings
	if err == nil {
		found, err = c.Policy.Judge(ctx, about, head)
	}
	if err != nil {
		step.Fail()
		return verdict.Plan{}, c.terraformFailure(about.Root, err)
	}
	var base *tfjson.Plan
	if there(filepath.Join(c.base.root, "environments", c.Environment, about.Root)) {
		step.Update("planning " + c.commit)
		if base, err = plan(c.base, ctx, c); err != nil {
			c.unknown = append(c.unknown, fmt.Sprintf("what changes of %s is not known, because %s has no plan of it: %s", about.Root, c.commit, strings.Join(strings.Fields(err.Error()), " ")))
		}
	}
	if ctx.Err() != nil {
		step.Fail()
		return verdict.Plan{}, ctx.Err()
	}
	difference := verdict.Between(base, head)
	report.add(about.Root, difference, found)
	step.Done(verdict.Sentence(difference))
	return difference, nil
}

func there(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// tell sums the differences up.
func (c *comparison) tell(report *PlanReport, plans ...verdict.Plan) {
	report.tell(plans...)
	report.Confirm = "" // what there is may be something else
	if !report.Changed {
		report.Verdict = strings.Replace(report.Verdict, verdict.Sentence(), "this change plans nothing different", 1)
	}
	report.Basis = fmt.Sprintf("offline: what this change plans differently from %s; both from nothing, the workloads against stand-ins of cluster and images; no cloud was asked", c.commit)
	notes := c.unknown
	if slices.ContainsFunc(slices.Concat(report.Cluster, report.Workloads), func(change verdict.Change) bool { return change.Verdict == verdict.Changed }) {
		notes = append(notes, fmt.Sprintf("changed: in place or by a replacement, which a plan against what is there tells: make plan env=%s", c.Environment))
	}
	report.Note = strings.Join(notes, "; ")
}

// planCluster plans a side's cluster root against an empty state.
func (d side) planCluster(ctx context.Context, c *comparison) (*tfjson.Plan, error) {
	dir, err := c.offlineCopy(d, clusterRoot)
	if err != nil {
		return nil, err
	}
	// What a machine has of its own is in one of the two only.
	for _, name := range []string{supplyFile, localVariables} {
		if err := removeFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	_, shown, err := c.planned(ctx, c.parts, clusterRoot, dir, silently{})
	return shown, err
}

// rehearseWorkloads plans a side's workloads root against stand-ins.
func (d side) rehearseWorkloads(ctx context.Context, c *comparison) (*tfjson.Plan, error) {
	services, err := catalog.Load(d.root)
	if err != nil {
		return nil, err
	}
	dir, err := c.offlineCopy(d, workloadsRoot)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{supplyFile, localVariables, clusterStateFile, filepath.Base(release.File("", ""))} {
		if err := removeFile(filepath.Join(dir, name)); err != nil {
			return nil, err
		}
	}
	if err := c.standIn().write(filepath.Join(dir, "tests"), services); err != nil {
		return nil, err
	}
	root, err := c.initialised(ctx, dir, c.parts)
	if err != nil {
		return nil, err
	}
	return root.Rehearse(ctx)
}

// localVariables is a file of a machine's own, which git ignores.
const localVariables = "local.auto.tfvars"

// silently is a step that shows nothing: of a plan that is one of several in a step.
type silently struct{ Step }

func (silently) Update(string) {}

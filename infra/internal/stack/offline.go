package stack

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"kindling.internal/infra/internal/ui"
)

// offlineVariable tells a cluster root that nobody is to be asked: its providers then check neither
// credentials nor accounts. A root that does not declare it is not told.
const offlineVariable = "TF_VAR_offline"

// PlanOffline plans the cluster root as if nothing were there yet: against an empty state, in a copy
// of the root that keeps its state nowhere. No cloud, no backend and no engine is asked.
func (s *Stack) PlanOffline(ctx context.Context) (PlanReport, error) {
	report := s.newReport()
	report.Offline = true
	root, err := readRoot(s.clusterDir())
	if err != nil {
		return report, err
	}
	parts, err := s.Supply.Planning(ctx, root.providers)
	if err != nil {
		return report, err
	}
	dir, err := s.offlineCopy(side{s.Root, s.offlineDir()}, clusterRoot)
	if err != nil {
		return report, &ui.Failure{Step: clusterRoot, Sentence: "the root cannot be copied for a plan: " + err.Error(), Next: []string{"look at " + s.offlineDir()}, Err: err}
	}
	if err := os.Setenv(offlineVariable, "true"); err != nil { // as terraform.Open hands settings on
		return report, err
	}
	plan, err := s.planRoot(ctx, parts, s.clusterSubject(), dir, &report)
	if err != nil {
		return report, err
	}
	report.tell(plan)
	report.Basis = "offline: planned against an empty state, so that everything is new; no cloud was asked"
	if root.local {
		report.Basis = "offline: planned against an empty state, so that everything is new; this environment runs on this machine, and there was nothing else to switch off"
	}
	report.Note = fmt.Sprintf("the workloads are planned against a real cluster only: make plan env=%s", s.Environment)
	return report, nil
}

// rootFacts are what the files of a cluster root say.
type rootFacts struct {
	local     bool     // it calls the module of no cloud's cluster
	providers []string // sources: hashicorp/aws
}

var (
	providerSource = regexp.MustCompile(`\bsource\s*=\s*"((?:[a-z0-9][a-z0-9.-]*/)?[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9-]*)"`)
	clusterModule  = regexp.MustCompile(`"[./]+/modules/cluster/([a-z0-9-]+)"`)
)

func readRoot(dir string) (rootFacts, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return rootFacts{}, err
	}
	facts := rootFacts{local: true}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return facts, err
		}
		for _, match := range providerSource.FindAllSubmatch(text, -1) {
			facts.providers = append(facts.providers, string(match[1]))
		}
		for _, match := range clusterModule.FindAllSubmatch(text, -1) {
			facts.local = facts.local && string(match[1]) == localFlavour
		}
	}
	slices.Sort(facts.providers)
	facts.providers = slices.Compact(facts.providers)
	return facts, nil
}

func (s *Stack) offlineDir() string { return filepath.Join(s.Work(), "offline") }

// offlineBackend takes the place of the root's backend. Its name comes before those of all others,
// so that whoever looks for the backend finds this one first.
const (
	offlineBackend     = "00_offline_override.tf"
	offlineBackendText = "terraform {\n  backend \"local\" {}\n}\n"
)

// offlineCopy copies a root to a folder from which it finds its modules and services where it looks
// for them. What an earlier plan initialised there is kept: that is what takes long.
func (s *Stack) offlineCopy(of side, root string) (dir string, err error) {
	dir = filepath.Join(of.plans, "environments", s.Environment, root)
	if err := empty(dir, ".terraform", ".terraform.lock.hcl"); err != nil {
		return "", err
	}
	for _, link := range []string{"modules", "services"} {
		if err := relink(filepath.Join(of.root, link), filepath.Join(of.plans, link)); err != nil {
			return "", err
		}
	}
	if err := copyRoot(filepath.Join(of.root, "environments", s.Environment, root), dir); err != nil {
		return "", err
	}
	return dir, os.WriteFile(filepath.Join(dir, offlineBackend), []byte(offlineBackendText), 0o644)
}

// empty makes a folder that has nothing but what is to be kept.
func empty(dir string, keep ...string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		if slices.Contains(keep, entry.Name()) {
			continue
		}
		if err := os.RemoveAll(filepath.Join(dir, entry.Name())); err != nil {
			return err
		}
	}
	return nil
}

func relink(target, path string) error {
	if now, err := os.Readlink(path); err == nil && now == target {
		return nil
	}
	if err := os.RemoveAll(path); err != nil {
		return err
	}
	return os.Symlink(target, path)
}

// copyRoot copies what describes a root, and nothing of what is recorded of it.
func copyRoot(from, to string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		name := entry.Name()
		if entry.Name() == "tests" || strings.HasPrefix(name, ".terraform") || strings.Contains(name, ".tfstate") {
			continue
		}
		if entry.IsDir() {
			err = os.CopyFS(filepath.Join(to, name), os.DirFS(filepath.Join(from, name)))
		} else {
			err = copyFile(filepath.Join(from, name), filepath.Join(to, name))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	text, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, text, 0o644)
}

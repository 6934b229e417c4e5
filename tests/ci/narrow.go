package main

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

// rule says which jobs a changed file calls for, beside those that kindling affected finds.
type rule struct {
	files *regexp.Regexp
	jobs  []job // an empty folder means every folder of the stage
}

func matching(pattern string, jobs ...job) rule { return rule{regexp.MustCompile(pattern), jobs} }

var (
	tool      = job{"unit", "infra"}
	ownTests  = job{"unit", "tests"}
	provider  = job{"provider", "."}
	endToEnd  = job{"e2e", "."}
	allUnits  = job{"unit", ""}
	allRoots  = job{"modules", ""}
	remote    = job{"state", "."}
	whole     = []job{allUnits, allRoots, provider, remote, endToEnd}
	kindFiles = `^infra/(go\.(mod|sum)|cmd/terraform-provider-kind/|internal/(kindcluster|provider)/|supply/)`
)

// rules are asked one after the other; all that match count.
var rules = []rule{
	matching(`^(Makefile|go\.work(\.sum)?|tests/(run|copy)\.sh)$`, whole...),
	matching(`^(\.golangci\.yml|tests/tools/lint/)`, allUnits),
	matching(`^infra/.*[^d]$`, tool, endToEnd), // not of .md
	matching(`^(docs/cli\.md|infra/.*\.md)$`, tool),
	matching(kindFiles, provider),
	matching(`^infra/supply/provider-`, allRoots),
	matching(`^infra/internal/policy/rules/`, job{"unit", "infra/supply/policy"}), // which evaluates them
	matching(`^modules/messaging/files/`, job{"unit", "infra/supply/nats"}),       // which runs servers with them
	matching(`^infra/(go\.(mod|sum)$|internal/(bucket|stack|cli|terraform)/)|^tests/state/|^environments/staging/`, remote),
	// The templates of new services are held to the three that came first.
	matching(`^services/(kit|catalog|inventory)/`, tool),
	matching(`^services/[^/]+/.*[^d]$`, endToEnd),
	matching(`^services/service\.schema\.json$`, tool),
	matching(`^tests/|^\.(github|githooks)/|^\.gitleaks\.toml$|^\.gitlab-ci\.yml$|^(environments|modules)/`, ownTests),
	matching(`^tests/e2e/`, endToEnd),
}

// narrow keeps those of all jobs that changed files or affected things call for.
func narrow(all []job, files []string, reached []affected) []job {
	var wanted []job
	for _, file := range files {
		for _, r := range rules {
			if r.files.MatchString(file) {
				wanted = append(wanted, r.jobs...)
			}
		}
		if folder := moduleOf(file, all); folder != "" {
			wanted = append(wanted, job{"unit", folder})
		}
	}
	for _, thing := range reached {
		wanted = append(wanted, jobsFor(thing, all)...)
	}
	return slices.DeleteFunc(slices.Clone(all), func(j job) bool {
		return !slices.Contains(wanted, j) && !slices.Contains(wanted, job{j.stage, ""})
	})
}

// moduleOf is the innermost Go module that a file lies in.
func moduleOf(file string, all []job) string {
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if slices.Contains(all, job{"unit", dir}) {
			return dir
		}
	}
	return ""
}

func jobsFor(thing affected, all []job) []job {
	switch thing.Kind {
	case "service":
		return []job{{"unit", "services/" + thing.Name}}
	case "module":
		return []job{{"modules", "modules/" + thing.Name}}
	}
	var jobs []job // of an environment: all of its roots
	for _, j := range all {
		if j.stage == "modules" && strings.HasPrefix(j.folder, "environments/"+thing.Name+"/") {
			jobs = append(jobs, j)
		}
	}
	if thing.Name == "dev" { // the end-to-end tests bring a copy of it up
		jobs = append(jobs, endToEnd)
	}
	return jobs
}

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const root = "../.."

// workflow is what the tests look at of a workflow of GitHub.
type workflow struct {
	On          yaml.Node         `yaml:"on"`
	Permissions map[string]string `yaml:"permissions"`
	Concurrency map[string]string `yaml:"concurrency"`
	Jobs        map[string]struct {
		Permissions map[string]string `yaml:"permissions"`
		Timeout     int               `yaml:"timeout-minutes"`
		RunsOn      string            `yaml:"runs-on"`
		Steps       []step            `yaml:"steps"`
		Strategy    struct {
			Matrix map[string]any `yaml:"matrix"`
		} `yaml:"strategy"`
	} `yaml:"jobs"`
}

type step struct {
	Uses string            `yaml:"uses"`
	Run  string            `yaml:"run"`
	With map[string]any    `yaml:"with"`
	Env  map[string]string `yaml:"env"`
}

// workflows reads all of them, by name of the file.
func workflows(t *testing.T) map[string]workflow {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(root, ".github", "workflows", "*.yml"))
	require.NoError(t, err)
	all := map[string]workflow{}
	for _, file := range files {
		var w workflow
		require.NoError(t, yaml.Unmarshal(read(t, file), &w), file)
		all[strings.TrimSuffix(filepath.Base(file), ".yml")] = w
	}
	for _, name := range []string{"ci", "plan", "nightly", "release"} {
		require.Contains(t, all, name)
	}
	return all
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	return text
}

// gitlab is what the tests look at of a job of GitLab; keys that are no jobs decode to little.
type gitlab struct {
	Script       []string `yaml:"script"`
	BeforeScript []string `yaml:"before_script"`
	AfterScript  []string `yaml:"after_script"`
	Extends      string   `yaml:"extends"`
	Stage        string   `yaml:"stage"`
	Parallel     struct {
		Matrix []map[string][]string `yaml:"matrix"`
	} `yaml:"parallel"`
}

// gitlabJobs are the jobs of .gitlab-ci.yml: what is at the top and has a script.
func gitlabJobs(t *testing.T) map[string]gitlab {
	t.Helper()
	var file map[string]yaml.Node
	require.NoError(t, yaml.Unmarshal(read(t, filepath.Join(root, ".gitlab-ci.yml")), &file))
	jobs := map[string]gitlab{}
	for name, node := range file {
		var job gitlab
		if node.Kind == yaml.MappingNode && node.Decode(&job) == nil && len(job.Script) > 0 {
			jobs[name] = job
		}
	}
	require.Subset(t, keys(jobs), []string{"test", "plan", "comment", "nightly-tests", "nightly-long", "nightly-bench", "release"})
	return jobs
}

func keys[V any](m map[string]V) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// commands are what all pipelines run, by where it stands.
func commands(t *testing.T) map[string][]string {
	t.Helper()
	all := map[string][]string{}
	for name, w := range workflows(t) {
		for job, j := range w.Jobs {
			for _, s := range j.Steps {
				if s.Run != "" {
					all[name+".yml "+job] = append(all[name+".yml "+job], s.Run)
				}
			}
		}
	}
	for name, job := range gitlabJobs(t) {
		all[".gitlab-ci.yml "+name] = slices.Concat(job.BeforeScript, job.Script, job.AfterScript)
	}
	return all
}

// makeCall is the only form of a command: a target, then variables, with values in quotes or
// without. Nothing in it is a shell's: no pipe, no second command, no expression of GitHub.
var makeCall = regexp.MustCompile(`^make ([a-z-]+)((?: [a-z]+=(?:"\$[A-Z_]+"|"[a-z -]*"|[a-z0-9-]+))*)$`)

func TestEveryJobCallsMakeAndNothingElse(t *testing.T) {
	all := commands(t)
	require.NotEmpty(t, all)
	for where, list := range all {
		for _, command := range list {
			assert.Regexp(t, makeCall, command, where)
		}
	}
}

var argumentName = regexp.MustCompile(` ([a-z]+)=`)

func TestEveryTargetAndArgumentThatPipelinesNameExists(t *testing.T) {
	makefile := string(read(t, filepath.Join(root, "Makefile")))
	for where, list := range commands(t) {
		for _, command := range list {
			call := makeCall.FindStringSubmatch(command)
			require.NotNil(t, call, command)
			assert.Regexp(t, `(?m)^`+call[1]+`:`, makefile, "%s: %s", where, command)
			for _, argument := range argumentName.FindAllStringSubmatch(call[2], -1) {
				assert.Regexp(t, `(?m)^`+argument[1]+` +\?=`, makefile, "%s: %s", where, command)
			}
		}
	}
}

func TestEveryStageRunsInAPipeline(t *testing.T) {
	script := string(read(t, filepath.Join(root, "tests", "run.sh")))
	byDefault, named := stageList.FindStringSubmatch(script), regexp.MustCompile(`(?m)^readonly named_stages="([a-z0-9 ]+)"`).FindStringSubmatch(script)
	require.NotNil(t, byDefault)
	require.NotNil(t, named)
	var onGitHub []string
	for _, stage := range workflows(t)["nightly"].Jobs["long"].Strategy.Matrix["stage"].([]any) {
		onGitHub = append(onGitHub, stage.(string))
	}
	// make test runs the stages of the first list by itself.
	assert.Contains(t, commands(t)["nightly.yml tests"], "make test")
	assert.Contains(t, commands(t)[".gitlab-ci.yml nightly-tests"], "make test")
	assert.Subset(t, onGitHub, strings.Fields(named[1]), "nightly.yml runs what make test leaves out")
	assert.Equal(t, onGitHub, gitlabJobs(t)["nightly-long"].Parallel.Matrix[0]["STAGE"])
}

var (
	benchmarkName = regexp.MustCompile(`(?m)^\t\{"([a-z-]+)", `)
	benchCall     = regexp.MustCompile(`^make ci-bench only="([a-z -]+)"$`)
)

func TestEveryBenchmarkIsMeasuredAtNightButTheOneThatTakesTooLong(t *testing.T) {
	var all []string
	for _, match := range benchmarkName.FindAllStringSubmatch(string(read(t, filepath.Join(root, "tests", "bench", "main.go"))), -1) {
		if match[1] != "supply-cold" {
			all = append(all, match[1])
		}
	}
	require.Contains(t, all, "up-cold")
	for _, where := range []string{"nightly.yml bench", ".gitlab-ci.yml nightly-bench"} {
		var measured []string
		for _, command := range commands(t)[where] {
			if match := benchCall.FindStringSubmatch(command); match != nil {
				measured = append(measured, strings.Fields(match[1])...)
			}
		}
		assert.ElementsMatch(t, all, measured, where)
	}
}

func TestEveryEnvironmentIsPlanned(t *testing.T) {
	a := &app{root: root}
	names, err := a.environments()
	require.NoError(t, err)
	require.Contains(t, names, "dev")

	// A job plans the environments that its matrix names, or those that it brings up itself.
	var onGitHub, onGitLab []string
	for job, j := range workflows(t)["nightly"].Jobs {
		if !strings.HasPrefix(job, "drift-") {
			continue
		}
		if matrix, ok := j.Strategy.Matrix["environment"].([]any); ok {
			for _, name := range matrix {
				onGitHub = append(onGitHub, name.(string))
			}
		}
		onGitHub = append(onGitHub, broughtUpAndPlanned(t, commands(t)["nightly.yml "+job])...)
	}
	for name, job := range gitlabJobs(t) {
		if !strings.HasPrefix(name, "nightly-drift-") {
			continue
		}
		if len(job.Parallel.Matrix) > 0 {
			onGitLab = append(onGitLab, job.Parallel.Matrix[0]["ENVIRONMENT"]...)
		}
		onGitLab = append(onGitLab, broughtUpAndPlanned(t, job.Script)...)
	}
	assert.Subset(t, onGitHub, names, "nightly.yml looks for drift in each")
	assert.ElementsMatch(t, onGitHub, onGitLab)

	for _, where := range []string{"plan.yml plan", ".gitlab-ci.yml plan"} {
		assert.Contains(t, commands(t)[where], `make ci-plan since="$SINCE"`, "which plans each folder of environments/")
	}
}

var plannedByName = regexp.MustCompile(`^make plan env=([a-z-]+)$`)

// broughtUpAndPlanned are the environments that commands plan by name. Each is brought up before: by a
// promotion where up refuses to do it without one.
func broughtUpAndPlanned(t *testing.T, all []string) []string {
	t.Helper()
	var names []string
	for i, command := range all {
		match := plannedByName.FindStringSubmatch(command)
		if match == nil {
			continue
		}
		name := match[1]
		names = append(names, name)
		before := strings.Join(all[:i], "\n")
		if _, err := os.Stat(filepath.Join(root, "environments", name, "promotion.yaml")); err == nil {
			assert.Regexp(t, `(?m)^make promote from=[a-z-]+ to=`+name+`$`, before)
		} else {
			assert.Contains(t, before, "make up env="+name)
		}
	}
	return names
}

// pinned is an action by commit, with the version for people.
var pinned = regexp.MustCompile(`uses: [a-z-]+/[a-z-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)

func TestActionsArePinnedByCommit(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, ".github", "*", "*.yml"))
	require.NoError(t, err)
	actions, err := filepath.Glob(filepath.Join(root, ".github", "actions", "*", "action.yml"))
	require.NoError(t, err)
	commits := map[string]string{}
	for _, file := range slices.Concat(files, actions) {
		for line := range strings.Lines(string(read(t, file))) {
			if !strings.Contains(line, "uses: ") || strings.Contains(line, "uses: ./.github/") {
				continue
			}
			line = strings.TrimSpace(line)
			assert.Regexp(t, pinned, line, file)
			action, commit, _ := strings.Cut(line[strings.Index(line, "uses: "):], "@")
			if known, ok := commits[action]; ok {
				assert.Equal(t, known, commit, "one version of %s", action)
			}
			commits[action] = commit
		}
	}
	assert.NotEmpty(t, commits)
}

func TestJobsMayDoLittleAndEndInTime(t *testing.T) {
	for name, w := range workflows(t) {
		assert.Equal(t, map[string]string{"contents": "read"}, w.Permissions, name)
		assert.NotEmpty(t, w.Concurrency["group"], name)
		for job, j := range w.Jobs {
			assert.Positive(t, j.Timeout, "%s %s", name, job)
			assert.Equal(t, "ubuntu-24.04", j.RunsOn, "%s %s: not what ubuntu-latest is that day", name, job)
			for _, s := range j.Steps {
				if strings.HasPrefix(s.Uses, "actions/checkout@") {
					assert.Equal(t, false, s.With["persist-credentials"], "%s %s leaves the token in the clone", name, job)
				}
			}
		}
	}
	for name, job := range gitlabJobs(t) {
		assert.True(t, job.Extends != "" || job.Stage != "", name)
	}
}

// The code of a pull request may be anybody's.
func TestPullRequestsSeeNoSecretAndMayWriteNothing(t *testing.T) {
	for name, w := range workflows(t) {
		text := string(read(t, filepath.Join(root, ".github", "workflows", name+".yml")))
		assert.NotContains(t, text, "pull_request_target", name)
		on, err := yaml.Marshal(&w.On)
		require.NoError(t, err)
		if !strings.Contains(string(on), "pull_request") {
			continue
		}
		assert.NotContains(t, text, "secrets.", name)
		for job, j := range w.Jobs {
			if len(j.Permissions) == 0 {
				continue
			}
			assert.Equal(t, map[string]string{"contents": "read", "pull-requests": "write"}, j.Permissions, job)
			assert.Equal(t, "${{ github.event.pull_request.base.sha }}", j.Steps[0].With["ref"], "%s runs the base branch's code", job)
		}
	}
}

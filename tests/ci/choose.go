package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// job is a folder that a stage of the tests works on: {unit services/catalog}. A stage that tests
// the whole has the folder ".".
type job struct{ stage, folder string }

// affected is a line of `kindling affected --output json`.
type affected struct {
	Name    string   `json:"name"`
	Kind    string   `json:"kind"`
	Reasons []string `json:"reasons"`
}

// choose prints what a change touches, a line for each: STAGE FOLDER.
func (a *app) choose(ctx context.Context, args []string) error {
	since, err := one(args, "the revision to compare with")
	if err != nil {
		return err
	}
	jobs, err := a.jobs(ctx, since)
	for _, j := range jobs {
		fmt.Fprintln(a.out, j.stage, j.folder)
	}
	return err
}

// stages tells the pipeline which stages a change touches, as a JSON list, in the order of cost.
func (a *app) stages(ctx context.Context, args []string) error {
	since, err := one(args, "the revision to compare with")
	if err != nil {
		return err
	}
	jobs, err := a.jobs(ctx, since)
	if err != nil {
		return err
	}
	touched := []string{}
	for _, j := range jobs {
		if !slices.Contains(touched, j.stage) {
			touched = append(touched, j.stage)
		}
	}
	list, err := json.Marshal(touched)
	if err != nil {
		return err
	}
	if file := a.env("GITHUB_OUTPUT"); file != "" {
		if err := appendTo(file, "stages="+string(list)+"\n"); err != nil {
			return err
		}
	}
	fmt.Fprintln(a.out, string(list))
	return nil
}

// jobs is what a change calls for. A revision of zeros is what pipelines call the time before the
// first commit: then everything is new.
func (a *app) jobs(ctx context.Context, since string) ([]job, error) {
	everything, err := a.everything(ctx)
	if err != nil || strings.Trim(since, "0") == "" {
		return everything, err
	}
	reached, err := a.reached(ctx, since)
	if err != nil {
		return nil, err
	}
	files, err := a.changed(ctx, since)
	return narrow(everything, files, reached), err
}

// reached asks the tool, and shows what it answers with the reasons.
func (a *app) reached(ctx context.Context, since string) ([]affected, error) {
	text, err := a.output(ctx, filepath.Join(a.root, ".kindling", "bin", "kindling"), "affected", "--since", since, "--output", "json")
	if err != nil {
		return nil, err
	}
	var things []affected
	if err := json.Unmarshal(text, &things); err != nil {
		return nil, fmt.Errorf("read what kindling affected printed: %w", err)
	}
	for _, thing := range things {
		fmt.Fprintf(a.errs, "ci: %s %s: %s\n", thing.Kind, thing.Name, strings.Join(thing.Reasons, "; "))
	}
	return things, nil
}

// changed lists the files that differ from a revision, those that git does not know included.
func (a *app) changed(ctx context.Context, since string) ([]string, error) {
	tracked, err := a.output(ctx, "git", "diff", "--name-only", "--no-renames", "--end-of-options", since, "--")
	if err != nil {
		return nil, err
	}
	others, err := a.output(ctx, "git", "ls-files", "--others", "--exclude-standard")
	return strings.Fields(string(tracked) + "\n" + string(others)), err
}

var stageList = regexp.MustCompile(`(?m)^readonly all_stages="([a-z0-9 ]+)"`)

// everything is what a run without a choice works on.
func (a *app) everything(ctx context.Context) ([]job, error) {
	script, err := os.ReadFile(filepath.Join(a.root, "tests", "run.sh"))
	if err != nil {
		return nil, err
	}
	match := stageList.FindSubmatch(script)
	if match == nil {
		return nil, fmt.Errorf("tests/run.sh has no line all_stages")
	}
	text, err := a.output(ctx, "git", "ls-files", "--cached", "--others", "--exclude-standard", "infra", "services", "tests", "modules", "environments")
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, stage := range strings.Fields(string(match[1])) {
		jobs = append(jobs, foldersOf(stage, strings.Fields(string(text)))...)
	}
	return jobs, nil
}

// foldersOf are the folders that a stage works on, one by one where it has several.
func foldersOf(stage string, files []string) []job {
	marker := map[string]string{"unit": "go.mod", "modules": "versions.tf"}[stage]
	if marker == "" {
		return []job{{stage, "."}}
	}
	var jobs []job
	for _, file := range files {
		top, _, _ := strings.Cut(file, "/")
		terraform := top == "modules" || top == "environments"
		if path.Base(file) != marker || terraform != (stage == "modules") || strings.Contains(file, "/examples/") || strings.HasPrefix(file, "tests/tools/") || strings.HasPrefix(file, "tests/state/") {
			continue
		}
		jobs = append(jobs, job{stage, path.Dir(file)})
	}
	return jobs
}

// output runs a program in the checkout and returns what it prints.
func (a *app) output(ctx context.Context, program string, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = a.root
	var errs bytes.Buffer
	cmd.Stderr = &errs
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w: %s", filepath.Base(program), strings.Join(args, " "), err, strings.TrimSpace(errs.String()))
	}
	return text, nil
}

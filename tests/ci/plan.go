package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// planFile is where plan leaves the comment that comment posts.
const planFile = "plan.md"

// marker begins the comment, so that the next run finds and replaces it.
const marker = "<!-- kindling: plan -->"

// commentLimit is how long a comment may be, in bytes. GitHub takes 65,536 characters, GitLab more.
const commentLimit = 60_000

// environments are the folders of environments/ that have both roots.
func (a *app) environments() ([]string, error) {
	found, err := filepath.Glob(filepath.Join(a.root, "environments", "*", "workloads"))
	if err != nil {
		return nil, err
	}
	var names []string
	for _, dir := range found {
		names = append(names, filepath.Base(filepath.Dir(dir)))
	}
	if len(names) == 0 {
		return nil, errors.New("environments/ has no environment")
	}
	return names, nil
}

// planned is what became of the plan of one environment.
type planned struct {
	environment string
	report      string // Markdown; empty when there is no plan
	failure     string // why there is no plan
	refused     bool   // it breaks a rule, which up would refuse
}

// verdict is the report's first line, without the signs of a heading and the environment's name.
func (p planned) verdict() string {
	first, _, _ := strings.Cut(strings.TrimSpace(p.report), "\n")
	first = strings.TrimPrefix(strings.Trim(first, "#*-> "), p.environment+": ")
	first = strings.ReplaceAll(first, "|", "/")
	switch {
	case p.report == "":
		return "✗ no plan"
	case p.refused:
		return "✗ breaks a rule: " + first
	}
	return first
}

// plan plans every environment offline and writes one comment about all of them: of what differs from
// where the change branched off from a revision, or, without one, of everything. It fails when one has no
// plan or breaks a rule; that there are changes is no failure of a pull request.
func (a *app) plan(ctx context.Context, args []string) error {
	if len(args) > 1 {
		return usageError{"plan takes a revision to compare with, or nothing: it plans every environment"}
	}
	since := strings.Join(args, "")
	names, err := a.environments()
	if err != nil {
		return err
	}
	var all []planned
	for _, name := range names {
		fmt.Fprintf(a.errs, "ci: planning %s\n", name)
		all = append(all, a.planOne(ctx, name, since))
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	comment := compose(all)
	file, err := a.work(planFile)
	if err != nil {
		return err
	}
	if err := errors.Join(os.WriteFile(file, []byte(comment), 0o644), a.summarize(comment)); err != nil {
		return err
	}
	fmt.Fprint(a.out, comment)
	return failed(all)
}

func failed(all []planned) error {
	var failures []error
	for _, p := range all {
		switch {
		case p.report == "":
			failures = append(failures, fmt.Errorf("%s has no plan", p.environment))
		case p.refused:
			failures = append(failures, fmt.Errorf("the plan of %s breaks a rule", p.environment))
		}
	}
	return errors.Join(failures...)
}

// planChanges is the tool's exit code for a plan that has changes.
const planChanges = 2

// planOne asks the tool, whose exit codes tell changes from failures; make's do not.
func (a *app) planOne(ctx context.Context, environment, since string) planned {
	var out, errs bytes.Buffer
	command := []string{"plan", "--env", environment, "--offline", "--output", "markdown"}
	if since != "" {
		command = append(command, "--since", since)
	}
	cmd := exec.CommandContext(ctx, filepath.Join(a.root, ".kindling", "bin", "kindling"), command...)
	cmd.Dir = a.root
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		return planned{environment: environment, failure: err.Error()}
	}
	report := strings.TrimSpace(out.String())
	if report == "" {
		return planned{environment: environment, failure: lastLines(errs.String(), 30)}
	}
	return planned{environment: environment, report: report, refused: err != nil && ended.ExitCode() != planChanges}
}

// lastLines are the end of what a command said.
func lastLines(text string, count int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-count):], "\n")
}

// compose writes the comment: the verdicts, then each plan behind a line that opens it.
func compose(all []planned) string {
	var text strings.Builder
	text.WriteString(marker + "\n## What this change plans\n\n| environment | verdict |\n|---|---|\n")
	for _, p := range all {
		fmt.Fprintf(&text, "| %s | %s |\n", p.environment, p.verdict())
	}
	for _, p := range all {
		section := p.report
		if section == "" {
			section = "```\n" + strings.ReplaceAll(p.failure, "```", "'''") + "\n```"
		}
		section = fmt.Sprintf("\n<details><summary>%s</summary>\n\n%s\n\n</details>\n", p.environment, section)
		if text.Len()+len(section) > commentLimit {
			section = fmt.Sprintf("\n%s: too long for a comment; make plan env=%s offline=yes\n", p.environment, p.environment)
		}
		text.WriteString(section)
	}
	return text.String()
}

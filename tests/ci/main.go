// Command ci does what the workflows of GitHub and GitLab need beside the targets that people
// use: which stages a change touches, a plan of every environment in one comment, the history of
// benchmarks, the login at a registry. The workflows call it through make.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// app is what the commands share. Everything from outside is a field, so that a test is a
// machine of its own.
type app struct {
	root string              // of the checkout
	out  io.Writer           // results
	errs io.Writer           // progress
	env  func(string) string // the variables of the pipeline
}

// usageError is a call that means nothing: exit code 2.
type usageError struct{ text string }

func (e usageError) Error() string { return e.text }

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	root, err := checkout()
	if err == nil {
		a := &app{root: root, out: out, errs: errs, env: os.Getenv}
		err = a.command(ctx, args)
	}
	var usage usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		fmt.Fprintln(errs, "ci:", err)
		return 2
	}
	fmt.Fprintln(errs, "ci:", err)
	return 1
}

func (a *app) command(ctx context.Context, args []string) error {
	commands := map[string]func(context.Context, []string) error{
		"choose": a.choose, "stages": a.stages, "plan": a.plan, "comment": a.comment, "bench": a.bench, "login": a.login,
	}
	if len(args) == 0 || commands[args[0]] == nil {
		return usageError{"say what to do: choose REV, stages REV, plan [REV], comment, bench [NAME…] or login REGISTRY"}
	}
	return commands[args[0]](ctx, args[1:])
}

// checkout is the folder above that has go.work.
func checkout() (string, error) {
	dir, err := os.Getwd()
	for err == nil {
		if _, missing := os.Stat(filepath.Join(dir, "go.work")); missing == nil {
			return dir, nil
		}
		if dir == filepath.Dir(dir) {
			return "", usageError{"this is no checkout: there is no go.work above"}
		}
		dir = filepath.Dir(dir)
	}
	return "", err
}

// one is the only argument of a command.
func one(args []string, what string) (string, error) {
	if len(args) != 1 || strings.TrimSpace(args[0]) == "" {
		return "", usageError{what + " is missing"}
	}
	return args[0], nil
}

// work is where the commands leave files for each other and for the pipeline's archive.
func (a *app) work(name string) (string, error) {
	dir := filepath.Join(a.root, ".kindling", "ci")
	return filepath.Join(dir, name), os.MkdirAll(dir, 0o755)
}

// appendTo adds text to a file, and makes it when there is none.
func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// summarize shows text on the page of the run, where the pipeline has one.
func (a *app) summarize(text string) error {
	if page := a.env("GITHUB_STEP_SUMMARY"); page != "" {
		return appendTo(page, text+"\n")
	}
	return nil
}

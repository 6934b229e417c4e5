package kindcluster

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"strings"
	"syscall"
)

// docker runs one docker command and returns its standard output. An error
// is a *Failure when the engine itself is the trouble, else a *commandError.
type docker interface {
	run(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error)
}

// dockerCommand is the docker command on PATH.
type dockerCommand struct{}

// commandError is a docker command that ended with an error.
type commandError struct {
	args   []string
	stderr string
	err    error
}

func (e *commandError) Error() string {
	words := strings.Join(e.args[:min(len(e.args), 3)], " ")
	if e.stderr == "" {
		return fmt.Sprintf("docker %s: %v", words, e.err)
	}
	return fmt.Sprintf("docker %s: %s", words, e.stderr)
}

func (e *commandError) Unwrap() error { return e.err }

func (dockerCommand) run(ctx context.Context, stdin io.Reader, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, "docker", args...)
	// A group of its own: ^C at the terminal reaches this program, which then
	// decides what is still to be run, and not the commands that clean up.
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var stdout, stderr bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = stdin, &stdout, &stderr
	err := cmd.Run()
	if err == nil {
		return stdout.Bytes(), nil
	}
	if ctx.Err() != nil {
		return nil, fmt.Errorf("docker %s: %w", args[0], context.Cause(ctx))
	}
	return nil, explainDocker(args, strings.TrimSpace(stderr.String()), err)
}

// explainDocker tells a missing command and a silent engine from a command
// that failed.
func explainDocker(args []string, stderr string, err error) error {
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return &Failure{Cause: "the docker command is not on PATH", Err: err, Next: "install docker, or add its folder to PATH"}
	case strings.Contains(stderr, "permission denied while trying to connect"):
		return &Failure{Cause: "this user may not use the docker engine", Seen: stderr, Err: err,
			Next: "run as root, or add the user to the group docker and log in again"}
	case strings.Contains(stderr, "Cannot connect to the Docker daemon"),
		strings.Contains(stderr, "error during connect"),
		strings.Contains(stderr, "failed to connect to the docker API"):
		return &Failure{Cause: "the docker engine does not answer", Seen: stderr, Err: err,
			Next: "start it (systemctl start docker), or set DOCKER_HOST to where it runs"}
	}
	return &commandError{args: args, stderr: lastLines(stderr, 6), err: err}
}

// lines runs a docker command and splits its output.
func lines(ctx context.Context, d docker, args ...string) ([]string, error) {
	out, err := d.run(ctx, nil, args...)
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(out)), nil
}

// isMissing tells whether a docker command failed because what it names does
// not exist.
func isMissing(err error) bool {
	var failed *commandError
	if !errors.As(err, &failed) {
		return false
	}
	text := strings.ToLower(failed.stderr)
	return strings.Contains(text, "no such") || strings.Contains(text, "not found") ||
		strings.Contains(text, "could not find the file")
}

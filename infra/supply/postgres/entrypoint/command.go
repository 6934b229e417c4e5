package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// stopTime is what a program gets to end by itself when the container is stopped; Kubernetes
// kills the container after 30 s.
const stopTime = 20 * time.Second

// command is a program of PostgreSQL that runs to its end before the server starts.
type command struct {
	name  string
	args  []string
	stdin string
}

// run returns an error with what the program said last when it fails. Its output is shown only
// then: initdb is wordy, and a server of a single session prints prompts.
func (c command) run(ctx context.Context) error {
	var said bytes.Buffer
	program := exec.CommandContext(ctx, c.name, c.args...)
	program.Stdin, program.Stdout, program.Stderr = strings.NewReader(c.stdin), &said, &said
	program.Cancel = func() error { return program.Process.Signal(syscall.SIGTERM) }
	program.WaitDelay = stopTime
	program.Env = append(os.Environ(), "LC_MESSAGES=C") // English, as everything else in the log
	err := program.Run()
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("%s was stopped", c.name)
	default:
		return fmt.Errorf("%s: %w\n%s", c.name, err, lastLines(said.String(), 15))
	}
}

func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

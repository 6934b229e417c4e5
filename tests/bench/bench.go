package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// bench is what benchmarks share: a copy of the checkout that they may edit.
type bench struct {
	root  string // the checkout
	copy  string
	temp  string
	pairs int
	log   io.Writer
}

// result is a row's figures, as text.
type result struct{ median, worst, raw string }

func newBench(ctx context.Context, pairs int, log io.Writer) (*bench, error) {
	text, err := exec.CommandContext(ctx, "git", "rev-parse", "--show-toplevel").Output()
	if err != nil {
		return nil, fmt.Errorf("bench runs in a checkout: %w", err)
	}
	temp, err := os.MkdirTemp("", "kindling-bench-")
	if err != nil {
		return nil, err
	}
	b := &bench{root: strings.TrimSpace(string(text)), temp: temp, pairs: pairs, log: log}
	b.copy, err = b.copyCheckout(ctx, "checkout")
	return b, err
}

func (b *bench) close() {
	if err := os.RemoveAll(b.temp); err != nil {
		fmt.Fprintln(b.log, "bench:", err)
	}
}

// copyCheckout copies what git knows of the checkout, with uncommitted changes.
func (b *bench) copyCheckout(ctx context.Context, name string) (string, error) {
	dir := filepath.Join(b.temp, name)
	script := `mkdir -p "$1" && git ls-files -co --exclude-standard -z | while IFS= read -r -d '' f; do [ -e "$f" ] && printf '%s\0' "$f"; done | xargs -0 cp --parents -t "$1"`
	if _, err := b.command(ctx, b.root, nil, "bash", "-c", script, "copy", dir); err != nil {
		return "", err
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=bench", "-c", "user.email=bench@localhost", "commit", "-qm", "copy"}} {
		if _, err := b.command(ctx, dir, nil, "git", args...); err != nil {
			return "", err
		}
	}
	_, err := b.command(ctx, dir, nil, "make", "tool")
	return dir, err
}

// command runs a program and returns what it printed; a failure carries the end of that.
func (b *bench) command(ctx context.Context, dir string, env []string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	return output(cmd)
}

// output runs a prepared command and returns what it printed; a failure carries the end of that.
func output(cmd *exec.Cmd) (string, error) {
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		text := strings.TrimSpace(errs.String())
		return "", fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, text[max(0, len(text)-4000):])
	}
	return out.String(), nil
}

// timed runs a function and returns the seconds it took.
func timed(f func() error) (float64, error) {
	start := time.Now()
	err := f()
	return time.Since(start).Seconds(), err
}

// machine describes this machine in words.
func machine() string {
	memory := "?"
	if text, err := os.ReadFile("/proc/meminfo"); err == nil {
		var kib int64
		if _, err := fmt.Sscanf(string(text), "MemTotal: %d kB", &kib); err == nil {
			memory = fmt.Sprintf("%d GiB", kib>>20)
		}
	}
	return fmt.Sprintf("%d processors, %s, %s/%s, %s", runtime.NumCPU(), memory, runtime.GOOS, runtime.GOARCH, runtime.Version())
}

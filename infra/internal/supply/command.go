package supply

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// command is a program of a recipe. It runs in a process group of its own, which ends with it
// when the build is cancelled, and dies with the tool.
func command(ctx context.Context, log io.Writer, dir string, env []string, argv ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGTERM}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM) }
	cmd.WaitDelay = 10 * time.Second // for mmdebstrap to take its mounts down
	fmt.Fprintf(log, "$ %s\n", strings.Join(argv, " "))
	return cmd
}

// run runs a program of a recipe and waits for it.
func run(ctx context.Context, log io.Writer, dir string, env []string, argv ...string) error {
	if err := command(ctx, log, dir, env, argv...).Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("%s: %w", argv[0], err)
	}
	return nil
}

// output runs a program of a recipe and returns what it wrote to standard output.
func output(ctx context.Context, log io.Writer, dir string, env []string, argv ...string) ([]byte, error) {
	cmd := command(ctx, log, dir, env, argv...)
	cmd.Stdout = nil
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", argv[0], err)
	}
	return text, nil
}

// Command wait-shutdown is the controller pod's preStop hook: it asks the controller to stop and
// returns when nginx has served its last request. Upstream's program of this name calls bash and
// pkill, which this image does not have.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

const (
	controller = "nginx-ingress-controller"
	server     = "nginx"
	// lookAgain is the time between two looks at the processes. There is nothing to wait on:
	// they are not this program's children.
	lookAgain = 100 * time.Millisecond
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer stop()
	if err := run(ctx, "/proc"); err != nil {
		fmt.Fprintln(os.Stderr, "wait-shutdown:", err)
		os.Exit(1)
	}
}

// run stops the controller listed in proc and waits until no nginx is left there.
func run(ctx context.Context, proc string) error {
	pids, err := named(proc, controller)
	if err != nil {
		return err
	}
	if len(pids) == 0 {
		return fmt.Errorf("no process is named %s; is this its container?", controller)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("ask process %d (%s) to stop: %w", pid, controller, err)
		}
	}
	return gone(ctx, proc)
}

func gone(ctx context.Context, proc string) error {
	ticker := time.NewTicker(lookAgain)
	defer ticker.Stop()
	for {
		pids, err := named(proc, server)
		if err != nil || len(pids) == 0 {
			return err
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return fmt.Errorf("gave up while %d nginx processes were running", len(pids))
		}
	}
}

// named lists the processes whose program has the given name. The kernel keeps no more than 15
// characters of a name in /proc/PID/comm, so the program's own first argument is read as well.
func named(proc, name string) ([]int, error) {
	entries, err := os.ReadDir(proc)
	if err != nil {
		return nil, fmt.Errorf("list the processes: %w", err)
	}
	var pids []int
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		if programName(filepath.Join(proc, entry.Name()), name) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// programName tells whether the process has this name. A process that ends meanwhile has none.
func programName(dir, name string) bool {
	if comm, err := os.ReadFile(filepath.Join(dir, "comm")); err == nil && strings.TrimSpace(string(comm)) == name {
		return true
	}
	cmdline, err := os.ReadFile(filepath.Join(dir, "cmdline"))
	if err != nil {
		return false
	}
	program, _, _ := strings.Cut(string(cmdline), "\x00")
	return filepath.Base(program) == name
}

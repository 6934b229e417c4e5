package main

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// start runs a long sleep under another name and lists it in proc, as the kernel would.
func start(t *testing.T, proc, name string) *exec.Cmd {
	t.Helper()
	command := exec.Command("sleep", "60")
	command.Args[0] = "/" + name
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	list(t, proc, command.Process.Pid, name[:min(len(name), 15)], "/"+name+"\x00--flag\x00")
	return command
}

func list(t *testing.T, proc string, pid int, comm, cmdline string) {
	t.Helper()
	dir := filepath.Join(proc, strconv.Itoa(pid))
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"comm": comm + "\n", "cmdline": cmdline} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func TestItStopsTheControllerAndReturnsWhenNginxIsGone(t *testing.T) {
	proc := t.TempDir()
	command := start(t, proc, controller)
	const nginx = 4194303 // never a process of this machine: it is only listed
	list(t, proc, nginx, "nginx", "nginx: worker process")
	done := make(chan error, 1)
	go func() { done <- run(t.Context(), proc) }()

	err := command.Wait()
	if status, ok := command.ProcessState.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGTERM {
		t.Fatalf("the controller ended with %v, want SIGTERM", err)
	}
	select {
	case err := <-done:
		t.Fatalf("it returned while nginx was listed: %v", err)
	case <-time.After(3 * lookAgain):
	}
	if err := os.RemoveAll(filepath.Join(proc, strconv.Itoa(nginx))); err != nil {
		t.Fatal(err)
	}
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}

func TestItFailsWhereThereIsNoController(t *testing.T) {
	proc := t.TempDir()
	list(t, proc, 4194303, "nginx", "nginx: master process /usr/sbin/nginx")
	err := run(t.Context(), proc)
	if err == nil || !strings.Contains(err.Error(), "no process is named nginx-ingress-controller") {
		t.Fatalf("got %v", err)
	}
}

func TestItGivesUpWhenItIsStopped(t *testing.T) {
	proc := t.TempDir()
	start(t, proc, controller)
	list(t, proc, 4194303, "nginx", "nginx: worker process is shutting down")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := run(ctx, proc)
	if err == nil || !strings.Contains(err.Error(), "1 nginx processes were running") {
		t.Fatalf("got %v", err)
	}
}

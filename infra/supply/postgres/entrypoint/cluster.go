package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// majorVersion is that of the image's server; data of another one cannot be opened by it.
const majorVersion = "17"

// cluster is a PostgreSQL database cluster: everything that one server serves.
type cluster struct {
	data         string // its folder
	sockets      string // the folder of the server's local sockets
	passwordFile string
	log          io.Writer
}

// lock waits until no other container uses the data, and keeps it locked until this process, the
// server that it becomes and all the server's children have ended. PostgreSQL's own guard,
// postmaster.pid, means nothing in another container: process numbers start from 1 in each.
func (c cluster) lock(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(c.data), 0o755); err != nil {
		return fmt.Errorf("make the folder around PGDATA: %w", err)
	}
	name := c.data + ".lock"
	// Without O_CLOEXEC, which os.OpenFile sets: the server must inherit the lock.
	fd, err := syscall.Open(name, syscall.O_CREAT|syscall.O_RDWR, 0o600)
	if err != nil {
		return fmt.Errorf("open %s: %w; is the volume writable for user %d (fsGroup)?", name, err, os.Getuid())
	}
	if err := syscall.Flock(fd, syscall.LOCK_EX|syscall.LOCK_NB); err == nil {
		return nil
	}
	fmt.Fprintf(c.log, "postgres-entrypoint: another container uses %s; waiting for its end\n", c.data)
	locked := make(chan error, 1)
	go func() { locked <- syscall.Flock(fd, syscall.LOCK_EX) }()
	select {
	case err := <-locked:
		return err
	case <-ctx.Done():
		return fmt.Errorf("stopped while another container used %s", c.data)
	}
}

// initialise makes the cluster unless it is there. It is made under another name and renamed when
// it is complete and on disk, so that a half-made one is never taken for data.
func (c cluster) initialise(ctx context.Context) error {
	found, err := c.exists()
	if err != nil {
		return err
	}
	if found {
		// Kubernetes opens a volume to its fsGroup, and the server refuses data that others can read.
		return os.Chmod(c.data, 0o700)
	}
	unfinished := c.data + ".new"
	if err := os.RemoveAll(unfinished); err != nil {
		return fmt.Errorf("remove what an earlier start left: %w", err)
	}
	fmt.Fprintf(c.log, "postgres-entrypoint: %s is empty; making a database cluster\n", c.data)
	if err := c.initdb(ctx, unfinished); err != nil {
		return err
	}
	if err := os.Rename(unfinished, c.data); err != nil {
		return fmt.Errorf("put the new cluster in place: %w; PGDATA must be a folder inside the volume, not the volume itself", err)
	}
	return syncFolder(filepath.Dir(c.data))
}

// exists tells whether there is a cluster that this server can open. Anything else in its place
// is an error: nothing of it is touched.
func (c cluster) exists() (bool, error) {
	version, err := os.ReadFile(filepath.Join(c.data, "PG_VERSION"))
	if err == nil {
		if v := strings.TrimSpace(string(version)); v != majorVersion {
			return false, fmt.Errorf("%s holds data of PostgreSQL %s, this is PostgreSQL %s; dump it with the old version and restore it here", c.data, v, majorVersion)
		}
		return true, nil
	}
	entries, listErr := os.ReadDir(c.data)
	switch {
	case errors.Is(listErr, fs.ErrNotExist):
		return false, nil
	case listErr != nil:
		return false, fmt.Errorf("look into PGDATA: %w", listErr)
	case len(entries) > 0:
		return false, fmt.Errorf("%s is not empty and holds no database cluster (%s); empty it or choose another PGDATA", c.data, entries[0].Name())
	}
	return false, nil
}

// initdb leaves files on disk, not only written. Text is sorted by code point: the built-in
// collation is the same on every system, so an index never has to be rebuilt after an upgrade.
func (c cluster) initdb(ctx context.Context, dir string) error {
	return command{
		name: "initdb",
		args: []string{
			"--pgdata=" + dir, "--username=postgres", "--pwfile=" + c.passwordFile,
			"--encoding=UTF8", "--locale=C.UTF-8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8",
			"--auth-local=peer", "--auth-host=scram-sha-256", "--data-checksums", "--no-instructions",
		},
	}.run(ctx)
}

// removeStale removes what a killed server left: the guard of its data and of its sockets. With
// the data locked there is no server; left in place, a guard would refuse the next one when its
// number is taken by another process, or when it was not written yet.
func (c cluster) removeStale() error {
	stale, err := filepath.Glob(filepath.Join(c.sockets, ".s.PGSQL.*"))
	if err != nil {
		return err
	}
	for _, name := range append(stale, filepath.Join(c.data, "postmaster.pid")) {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what a killed server left: %w", err)
		}
	}
	return nil
}

func syncFolder(dir string) error {
	folder, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer folder.Close()
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("write %s to disk: %w", dir, err)
	}
	return nil
}

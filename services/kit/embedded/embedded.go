// Package embedded opens the file that a service keeps its data in when it
// runs alone, without a database server.
package embedded

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
)

// Config says where the file is.
type Config struct {
	// Path of the file. Empty means kindling/SERVICE.db in the user's cache
	// folder, or in memory where there is no folder that can be written.
	Path string `mapstructure:"path"`
}

// sharedMemory can be written even where the root file system cannot: every
// container has it.
const sharedMemory = "/dev/shm"

// lockTimeout bounds the wait for another process to close the file.
const lockTimeout = time.Second

// Database is an open file.
type Database struct{ Bolt *bbolt.DB }

// Open opens or makes the file of the named service. Only one process at a
// time can have it open.
func Open(service string, config Config, logger *slog.Logger) (*Database, error) {
	var failures []error
	for _, path := range candidates(service, config) {
		bolt, err := open(path)
		if err == nil {
			logger.Info("embedded store open", "path", path)
			return &Database{Bolt: bolt}, nil
		}
		failures = append(failures, err)
		if !errors.Is(err, fs.ErrPermission) && !isReadOnly(err) {
			break
		}
	}
	return nil, fmt.Errorf("open the embedded store (STORE_PATH chooses another file): %w", errors.Join(failures...))
}

func candidates(service string, config Config) []string {
	if config.Path != "" {
		return []string{config.Path}
	}
	name := filepath.Join("kindling", service+".db")
	var paths []string
	for _, folder := range []func() (string, error){os.UserCacheDir, func() (string, error) { return os.TempDir(), nil }} {
		if path, err := folder(); err == nil {
			paths = append(paths, filepath.Join(path, name))
		}
	}
	return append(paths, filepath.Join(sharedMemory, name))
}

func open(path string) (*bbolt.DB, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, err
	}
	bolt, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: lockTimeout})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return bolt, nil
}

// Check is always passed: an open file stays usable.
func (d *Database) Check(context.Context) error { return nil }

// Close closes the file.
func (d *Database) Close(context.Context) error { return d.Bolt.Close() }

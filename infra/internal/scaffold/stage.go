package scaffold

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// workFolder holds what is being written or removed. It is no place that git,
// Go or Terraform look into, and lies in the same file system as services/.
func workFolder(root string) string { return filepath.Join(root, ".kindling", "scaffold") }

// lock keeps two processes from changing services/ and go.work at once; the
// second waits. The lock ends with its process.
func lock(root string) (unlock func(), err error) {
	if err := os.MkdirAll(workFolder(root), 0o755); err != nil {
		return nil, err
	}
	held, err := os.OpenFile(filepath.Join(workFolder(root), "lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(held.Fd()), syscall.LOCK_EX)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		held.Close()
		return nil, fmt.Errorf("lock %s: %w", held.Name(), err)
	}
	return func() { held.Close() }, nil
}

// newStage makes an empty folder, in place of what a killed process left.
func newStage(root string) (string, error) {
	stage := filepath.Join(workFolder(root), "stage")
	if err := os.RemoveAll(stage); err != nil {
		return "", err
	}
	return stage, os.Mkdir(stage, 0o755)
}

// replaceFile replaces a file in one step: a kill leaves the old or the new.
func replaceFile(root, path string, content []byte) error {
	next := filepath.Join(workFolder(root), "next-"+filepath.Base(path))
	if err := os.WriteFile(next, content, 0o644); err != nil {
		return err
	}
	return os.Rename(next, path)
}

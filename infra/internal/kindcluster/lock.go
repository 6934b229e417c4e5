package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// lock keeps other processes from creating, starting or deleting the same
// cluster; the kernel drops it with the process, however that ends. It waits
// for its turn and says for whom.
func (e *Engine) lock(ctx context.Context, cluster string, progress Progress) (unlock func(), err error) {
	if err := os.MkdirAll(e.locks, 0o755); err != nil {
		return nil, fmt.Errorf("lock cluster %s: %w", cluster, err)
	}
	file, err := os.OpenFile(filepath.Join(e.locks, cluster+".lock"), os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock cluster %s: %w", cluster, err)
	}
	announced := false
	for {
		err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.Join(fmt.Errorf("lock cluster %s: %w", cluster, err), file.Close())
		}
		if !announced {
			progress(fmt.Sprintf("waiting for process %s, which works on cluster %s", ownerOf(file), cluster))
			announced = true
		}
		if !e.pause(ctx) {
			return nil, errors.Join(fmt.Errorf("wait for process %s, which works on cluster %s: %w", ownerOf(file), cluster, context.Cause(ctx)), file.Close())
		}
	}
	// Only for the message above; the lock itself is the kernel's.
	_ = file.Truncate(0)
	_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())), 0)
	return func() { _ = file.Close() }, nil
}

func ownerOf(file *os.File) string {
	buffer := make([]byte, 16)
	n, _ := file.ReadAt(buffer, 0)
	return strings.TrimSpace(string(buffer[:n]))
}

package stack

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"kindling.internal/infra/internal/ui"
)

// exclusive keeps two commands from changing the same environment at once. The second is told the
// first's process. The lock ends with its process, however that ends.
func (s *Stack) exclusive() (release func(), err error) {
	path := filepath.Join(s.Work(), "lock")
	if err := os.MkdirAll(s.Work(), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		defer file.Close()
		return nil, s.busy(path)
	}
	if err != nil {
		file.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	if err := errors.Join(writeHolder(file), s.removePlans()); err != nil {
		file.Close()
		return nil, err
	}
	return func() { file.Close() }, nil
}

// removePlans removes the plans of a command that was killed: they hold credentials of the cluster.
func (s *Stack) removePlans() error {
	plans, err := filepath.Glob(filepath.Join(s.Work(), "*.tfplan*"))
	for _, plan := range plans {
		err = errors.Join(err, removeFile(plan))
	}
	return err
}

// lockFile takes the lock on a file that Terraform takes on a local state.
func lockFile(file *os.File) error {
	return syscall.FcntlFlock(file.Fd(), syscall.F_SETLK, &syscall.Flock_t{Type: syscall.F_WRLCK, Whence: io.SeekStart})
}

func writeHolder(file *os.File) error {
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err := file.WriteAt([]byte(fmt.Sprintf("%d %s\n", os.Getpid(), strings.Join(os.Args[1:], " "))), 0)
	return err
}

func (s *Stack) busy(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	pid, command, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	return &ui.Failure{Step: s.Environment, Sentence: fmt.Sprintf("environment %s is being changed by process %s", s.Environment, pid),
		Seen: []string{"kindling " + command}, Next: []string{"wait until it is done, or end it with kill " + pid}}
}

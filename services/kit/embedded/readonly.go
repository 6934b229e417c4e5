package embedded

import (
	"errors"
	"syscall"
)

// isReadOnly tells whether the file system takes no writes, or the folder
// cannot exist there, as in a container whose home is "/nonexistent".
func isReadOnly(err error) bool {
	return errors.Is(err, syscall.EROFS) || errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR)
}

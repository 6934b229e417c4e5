//go:build unix && !linux

package postgrestest

import "syscall"

// diesWithTest can tie the server to the test on Linux only.
func diesWithTest() *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

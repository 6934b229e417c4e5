package postgrestest

import "syscall"

// diesWithTest ends the server even when the test is killed.
func diesWithTest() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Pdeathsig: syscall.SIGINT}
}

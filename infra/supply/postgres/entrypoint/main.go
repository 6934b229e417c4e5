// Command entrypoint is the first process of the postgres image. It makes the database cluster
// when the volume is empty, makes the superuser's password equal the mounted one, and then
// becomes the server. Killed at any point, it finishes the work when it is started again.
//
// Settings come from the environment: PGDATA (folder of the data, inside the volume) and
// POSTGRES_PASSWORD_FILE. Arguments go to the server; arguments that begin with another program's
// name are run in its place.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"syscall"
)

const (
	hbaFile      = "/etc/postgresql/pg_hba.conf"
	socketFolder = "/var/run/postgresql"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	argv, err := prepare(ctx, os.Args[1:], os.Getenv, os.Stderr)
	stop()
	if err == nil {
		err = become(argv)
	}
	fmt.Fprintln(os.Stderr, "postgres-entrypoint:", err)
	os.Exit(1)
}

// prepare makes the data ready for the server and returns what to run. It keeps the lock on the
// data open for the program that this process becomes.
func prepare(ctx context.Context, args []string, getenv func(string) string, log io.Writer) ([]string, error) {
	if len(args) > 0 && args[0] != "postgres" && !strings.HasPrefix(args[0], "-") {
		return args, nil
	}
	c, password, err := settings(getenv, log)
	if err != nil {
		return nil, err
	}
	if err := c.lock(ctx); err != nil {
		return nil, err
	}
	if err := c.removeStale(); err != nil {
		return nil, err
	}
	if err := c.initialise(ctx); err != nil {
		return nil, err
	}
	if err := c.setPassword(ctx, password); err != nil {
		return nil, err
	}
	return serverCommand(c.data, args), nil
}

func settings(getenv func(string) string, log io.Writer) (cluster, string, error) {
	c := cluster{data: getenv("PGDATA"), sockets: socketFolder, passwordFile: getenv("POSTGRES_PASSWORD_FILE"), log: log}
	if c.data == "" {
		return c, "", errors.New("PGDATA is not set; name a folder inside the volume")
	}
	if c.passwordFile == "" {
		return c, "", errors.New("POSTGRES_PASSWORD_FILE is not set; name the file that holds the superuser's password")
	}
	password, err := readPassword(c.passwordFile)
	return c, password, err
}

// serverCommand is the server's command line. The image's settings win over those in the data,
// the container's arguments over both.
func serverCommand(data string, args []string) []string {
	if len(args) > 0 && args[0] == "postgres" {
		args = args[1:]
	}
	command := []string{
		"postgres", "-D", data,
		"-c", "listen_addresses=*", "-c", "unix_socket_directories=" + socketFolder, "-c", "hba_file=" + hbaFile,
	}
	return append(command, args...)
}

// become replaces this process; it returns only when that is not possible.
func become(argv []string) error {
	program, err := exec.LookPath(argv[0])
	if err != nil {
		return err
	}
	return fmt.Errorf("run %s: %w", program, syscall.Exec(program, argv, os.Environ()))
}

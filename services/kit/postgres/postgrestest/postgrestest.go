// Package postgrestest starts a real PostgreSQL server for a test.
package postgrestest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/postgres"
)

// account is the user that a server started by root runs as: PostgreSQL
// refuses to run as root. Debian's package makes it.
const account = "postgres"

// startLimit bounds the wait for a server that was started.
const startLimit = 30 * time.Second

// Server is a PostgreSQL server with an empty database.
type Server struct {
	config  postgres.Config
	folder  string
	bin     string
	tls     []string // the server's settings
	process *exec.Cmd
	output  bytes.Buffer
}

// New prepares a server on a free port without starting it. The test is
// skipped where PostgreSQL is not installed.
func New(t testing.TB) *Server {
	t.Helper()
	bin, err := binaries()
	if err != nil {
		t.Skip("needs PostgreSQL's server programs (Debian: apt-get install postgresql): ", err)
	}
	folder, err := os.MkdirTemp("", "postgrestest")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	server := &Server{bin: bin, folder: folder, config: postgres.Config{
		Host: "127.0.0.1", Port: freePort(t), Name: "postgres", User: "postgres",
		Password: "unused", SSLMode: "disable", MaxConns: 4,
	}}
	credential, err := credential()
	require.NoError(t, err)
	if credential != nil {
		require.NoError(t, os.Chown(folder, int(credential.Uid), int(credential.Gid)))
	}
	require.NoError(t, server.command("initdb", "--no-sync", "--no-instructions", "--auth=trust", "--username=postgres",
		"--locale=C.UTF-8", "--pgdata="+server.data()).Run(), "initdb")
	return server
}

// Start returns the settings of the database of a server that runs until the
// test ends.
func Start(t testing.TB) postgres.Config {
	t.Helper()
	server := New(t)
	server.Start(t)
	return server.config
}

// Config returns the settings of the server's database.
func (s *Server) Config() postgres.Config { return s.config }

// UseTLS gives the server, before it starts, a certificate and its key, both in PEM form. It goes on
// answering without TLS.
func (s *Server) UseTLS(t testing.TB, certificate, key []byte) {
	t.Helper()
	credential, err := credential()
	require.NoError(t, err)
	for name, text := range map[string][]byte{"server.crt": certificate, "server.key": key} {
		path := filepath.Join(s.data(), name)
		require.NoError(t, os.WriteFile(path, text, 0o600))
		if credential != nil {
			require.NoError(t, os.Chown(path, int(credential.Uid), int(credential.Gid)))
		}
	}
	s.tls = []string{"-c", "ssl=on", "-c", "ssl_cert_file=server.crt", "-c", "ssl_key_file=server.key"}
}

// Start starts the server and waits until it answers.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.process = s.command("postgres", append([]string{"-D", s.data(), "-k", s.folder, "-p", strconv.Itoa(s.config.Port),
		"-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"}, s.tls...)...)
	s.process.Stdout, s.process.Stderr = &s.output, &s.output
	require.NoError(t, s.process.Start())
	t.Cleanup(func() { s.Stop(t) })
	_, err := backoff.Retry(t.Context(), func() (struct{}, error) {
		return struct{}{}, s.ping(t.Context())
	}, backoff.WithBackOff(backoff.NewConstantBackOff(20*time.Millisecond)), backoff.WithMaxElapsedTime(startLimit))
	require.NoError(t, err, "PostgreSQL did not answer")
}

// Stop ends the server and its connections at once. Stopping one that does
// not run does nothing.
func (s *Server) Stop(t testing.TB) {
	t.Helper()
	if s.process == nil {
		return
	}
	require.NoError(t, s.process.Process.Signal(syscall.SIGINT))
	require.NoError(t, s.process.Wait(), s.output.String())
	s.process = nil
}

func (s *Server) ping(ctx context.Context) error {
	connection, err := pgx.Connect(ctx, fmt.Sprintf("postgres://%s@%s:%d/%s?sslmode=disable",
		s.config.User, s.config.Host, s.config.Port, s.config.Name))
	if err != nil {
		return err
	}
	return connection.Close(ctx)
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

func (s *Server) command(name string, args ...string) *exec.Cmd {
	command := exec.Command(filepath.Join(s.bin, name), args...)
	command.Dir = s.folder
	command.SysProcAttr = diesWithTest()
	command.SysProcAttr.Credential, _ = credential()
	return command
}

// credential returns whom the server must run as, nil for the caller itself.
func credential() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	found, err := user.Lookup(account)
	if err != nil {
		return nil, err
	}
	uid, uidErr := strconv.ParseUint(found.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(found.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, errors.Join(uidErr, gidErr)
}

// binaries returns the folder of the newest server: Debian keeps the versions
// apart and none on PATH.
func binaries() (string, error) {
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin/postgres")
	if err != nil {
		return "", err
	}
	if len(found) > 0 {
		return filepath.Dir(slices.MaxFunc(found, func(a, b string) int { return version(a) - version(b) })), nil
	}
	path, err := exec.LookPath("postgres")
	return filepath.Dir(path), err
}

func version(path string) int {
	number, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(path))))
	return number
}

func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}

// Package database tries the scripts that set a service's database up and drop it,
// modules/database/files, on a real PostgreSQL server: as its superuser, as in a cluster of ours, and as a role that may only
// create roles and databases, as managed servers have.
package database

import (
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const scripts = "../../modules/database/files/"

// server is a PostgreSQL server that listens on a socket in its folder.
type server struct{ bin, folder string }

// start runs a server, with further options, until the test ends. The test is skipped where none is
// installed.
func start(t *testing.T, options ...string) server {
	t.Helper()
	found, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	require.NoError(t, err)
	if len(found) == 0 {
		t.Skip("needs PostgreSQL's server programs (Debian: apt-get install postgresql)")
	}
	folder, err := os.MkdirTemp("", "setup") // short: a socket's path has 107 bytes at most
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	s := server{bin: found[len(found)-1], folder: folder}
	account := s.account(t)
	data := filepath.Join(folder, "data")
	s.run(t, account, "initdb", "--pgdata="+data, "--username=postgres", "--auth=trust", "--no-sync")
	// The least that a server logs: it must find no password even so.
	s.run(t, account, "pg_ctl", "--pgdata="+data, "--log="+s.log(), "--wait", "start",
		"--options=-c listen_addresses= -c fsync=off -c log_statement=all -k "+folder+" "+strings.Join(options, " "))
	t.Cleanup(func() { s.run(t, account, "pg_ctl", "--pgdata="+data, "--mode=immediate", "--wait", "stop") })
	return s
}

func (s server) log() string { return filepath.Join(s.folder, "log") }

// account is whom the server runs as: PostgreSQL refuses to run as root.
func (s server) account(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Getuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres") // Debian's package makes it
	require.NoError(t, err)
	uid, err := strconv.Atoi(account.Uid)
	require.NoError(t, err)
	gid, err := strconv.Atoi(account.Gid)
	require.NoError(t, err)
	require.NoError(t, os.Chown(s.folder, uid, gid))
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

func (s server) run(t *testing.T, account *syscall.Credential, name string, args ...string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: account}
	// pg_ctl's server would hold a pipe open for as long as it lives.
	output, err := os.Create(filepath.Join(s.folder, "output"))
	require.NoError(t, err)
	defer output.Close()
	cmd.Stdout, cmd.Stderr = output, output
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(output.Name())
		require.NoError(t, err, "%s: %s", name, said)
	}
}

func (s server) environment(user string, more ...string) []string {
	return append([]string{"PATH=" + s.bin + ":/usr/bin:/bin", "PGHOST=" + s.folder, "PGUSER=" + user, "PGPASSWORD=unused", "WAIT_SECONDS=10"}, more...)
}

// psql asks the server, and returns the answer or what is wrong.
func (s server) psql(user, database, statement string) (string, error) {
	cmd := exec.Command(filepath.Join(s.bin, "psql"), "--no-psqlrc", "--tuples-only", "--no-align", "--dbname="+database, "--command="+statement)
	cmd.Env = s.environment(user)
	text, err := cmd.CombinedOutput()
	return strings.TrimSpace(string(text)), err
}

// setUp creates a service's database.
func (s server) setUp(admin, role, password string, more ...string) (string, error) {
	return s.job("create", admin, append(more, "ROLE="+role, "ROLE_PASSWORD="+password)...)
}

// job runs a script as a Job does: after the one that waits, and without a terminal.
func (s server) job(script, admin string, more ...string) (string, error) {
	var text []byte
	for _, name := range []string{"await-server.sh", script + "-database.sh"} {
		part, err := os.ReadFile(scripts + name)
		if err != nil {
			return "", err
		}
		text = append(append(text, part...), '\n')
	}
	cmd := exec.Command("sh", "-c", string(text))
	cmd.Env = s.environment(admin, more...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	said, err := cmd.CombinedOutput()
	return string(said), err
}

func TestAServicesDatabaseIsSetUp(t *testing.T) {
	s := start(t)
	_, err := s.psql("postgres", "postgres", "CREATE ROLE boss LOGIN CREATEROLE CREATEDB")
	require.NoError(t, err)
	for _, admin := range []string{"postgres", "boss"} {
		t.Run("by "+admin, func(t *testing.T) {
			role := "shop_by_" + admin
			for _, password := range []string{"first-one", `it's "another" $one \`} { // a second run corrects the first
				said, err := s.setUp(admin, role, password)
				require.NoError(t, err, said)
			}
			owner, err := s.psql(role, role, "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = current_database()")
			require.NoError(t, err, owner)
			assert.Equal(t, role, owner)
			may, err := s.psql("postgres", "postgres", "SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication FROM pg_roles WHERE rolname = '"+role+"'")
			require.NoError(t, err, may)
			assert.Equal(t, "f", may, "a service may do nothing beside using its database")
			hash, err := s.psql("postgres", "postgres", "SELECT rolpassword FROM pg_authid WHERE rolname = '"+role+"'")
			require.NoError(t, err, hash)
			assert.Contains(t, hash, "SCRAM-SHA-256$")
		})
	}
	said, err := s.psql("shop_by_boss", "shop_by_postgres", "SELECT 1")
	assert.Error(t, err, "services must not reach each other's databases")
	assert.Contains(t, said, "permission denied for database")
	s.keepsSilentAbout(t, "first-one", "another")
}

func TestAWrongRoleIsCorrected(t *testing.T) {
	s := start(t)
	_, err := s.psql("postgres", "postgres", "CREATE ROLE shop SUPERUSER CREATEROLE NOLOGIN")
	require.NoError(t, err)
	said, err := s.setUp("postgres", "shop", "first-one")
	require.NoError(t, err, said)
	is, err := s.psql("postgres", "postgres", "SELECT rolcanlogin, rolsuper, rolcreaterole FROM pg_roles WHERE rolname = 'shop'")
	require.NoError(t, err, is)
	assert.Equal(t, "t|f|f", is)
}

func TestWhoMayNotSetUpFailsAndLeaksNothing(t *testing.T) {
	s := start(t)
	_, err := s.psql("postgres", "postgres", "CREATE ROLE nobody_special LOGIN")
	require.NoError(t, err)
	said, err := s.setUp("nobody_special", "shop", "first-one")
	assert.Error(t, err)
	assert.Contains(t, said, "permission denied to create role")
	assert.NotContains(t, said, "first-one")
	s.keepsSilentAbout(t, "first-one")
}

// keepsSilentAbout looks for passwords in what the server logged, which is every statement.
func (s server) keepsSilentAbout(t *testing.T, passwords ...string) {
	t.Helper()
	text, err := os.ReadFile(s.log())
	require.NoError(t, err)
	require.Contains(t, string(text), "CREATE ROLE", "statements must be logged, or nothing is proved")
	for _, password := range passwords {
		assert.NotContains(t, string(text), password)
	}
}

func TestADatabaseIsDroppedWithItsRoleWhoeverIsConnected(t *testing.T) {
	s := start(t)
	_, err := s.psql("postgres", "postgres", "CREATE ROLE boss LOGIN CREATEROLE CREATEDB")
	require.NoError(t, err)
	for _, admin := range []string{"postgres", "boss"} {
		t.Run("by "+admin, func(t *testing.T) {
			gone, stays := "gone_by_"+admin, "stays_by_"+admin
			for _, role := range []string{gone, stays} {
				said, err := s.setUp(admin, role, "first-one")
				require.NoError(t, err, said)
			}
			_, err := s.psql(gone, gone, "CREATE TABLE orders (id int)")
			require.NoError(t, err)
			_, err = s.psql(gone, "postgres", "SELECT lo_create(0)") // beside its own database
			require.NoError(t, err)
			sleeping := s.sleep(t, gone)

			for range 2 { // it may run again
				said, err := s.job("drop", admin, "ROLE="+gone)
				require.NoError(t, err, said)
			}
			assert.Error(t, sleeping.Wait(), "its session is ended")
			left, err := s.psql("postgres", "postgres", "SELECT rolname FROM pg_roles WHERE rolname LIKE '%by_"+admin+"' UNION ALL SELECT datname FROM pg_database WHERE datname LIKE '%by_"+admin+"'")
			require.NoError(t, err)
			assert.Equal(t, stays+"\n"+stays, left, "nothing is left of the one, and everything of the other")
			said, err := s.setUp(admin, gone, "first-one")
			require.NoError(t, err, said)
			_, err = s.psql(gone, gone, "SELECT * FROM orders")
			assert.Error(t, err, "a service of that name begins anew")
		})
	}
}

// sleep begins a session in a role's own database and leaves it there.
func (s server) sleep(t *testing.T, role string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(filepath.Join(s.bin, "psql"), "--no-psqlrc", "--dbname="+role, "--command=SELECT pg_sleep(300)")
	cmd.Env = s.environment(role)
	require.NoError(t, cmd.Start())
	require.Eventually(t, func() bool {
		there, err := s.psql("postgres", "postgres", "SELECT count(*) FROM pg_stat_activity WHERE datname = '"+role+"' AND query LIKE '%pg_sleep(300)%'")
		return err == nil && there == "1"
	}, 10*time.Second, 50*time.Millisecond)
	return cmd
}

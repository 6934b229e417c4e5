package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The stand-ins below do what the entrypoint relies on: initdb makes a cluster in --pgdata, the
// server of a single session keeps the statement that it was given.
const (
	initdbScript = `#!/bin/sh
for a in "$@"; do case $a in --pgdata=*) dir=${a#--pgdata=};; esac; done
mkdir "$dir" || exit 1
echo 17 > "$dir/PG_VERSION"
`
	postgresScript = `#!/bin/sh
cat > "$3/statement"
echo "$@" > "$3/arguments"
`
)

// volume is an empty volume with a password, and a PATH with the given programs.
func volume(t *testing.T, initdb, postgres string) (c cluster, env func(string) string) {
	t.Helper()
	programs, dir := t.TempDir(), t.TempDir()
	for name, script := range map[string]string{"initdb": initdb, "postgres": postgres} {
		if err := os.WriteFile(filepath.Join(programs, name), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", programs+":"+os.Getenv("PATH"))
	c = cluster{data: filepath.Join(dir, "pgdata"), sockets: dir, passwordFile: filepath.Join(dir, "password"), log: &bytes.Buffer{}}
	write(t, c.passwordFile, "it's a \\secret\n")
	settings := map[string]string{"PGDATA": c.data, "POSTGRES_PASSWORD_FILE": c.passwordFile}
	return c, func(name string) string { return settings[name] }
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func wantError(t *testing.T, err error, text string) {
	t.Helper()
	if err == nil || !strings.Contains(err.Error(), text) {
		t.Errorf("got %v, want an error with %q", err, text)
	}
}

func TestAnEmptyVolumeGetsAClusterAndItsPasswordAndTheServerIsNamed(t *testing.T) {
	c, env := volume(t, initdbScript, postgresScript)
	got, err := prepare(t.Context(), []string{"postgres", "-c", "port=5433"}, env, c.log)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"postgres", "-D", c.data, "-c", "listen_addresses=*",
		"-c", "unix_socket_directories=/var/run/postgresql", "-c", "hba_file=/etc/postgresql/pg_hba.conf", "-c", "port=5433",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got, want := read(t, filepath.Join(c.data, "statement")), `ALTER ROLE postgres WITH PASSWORD E'it''s a \\secret'`+"\n"; got != want {
		t.Errorf("statement %q, want %q", got, want)
	}
	for _, option := range []string{"exit_on_error=on", "log_min_error_statement=panic"} {
		if arguments := read(t, filepath.Join(c.data, "arguments")); !strings.Contains(arguments, option) {
			t.Errorf("the password is set without %s: %s", option, arguments)
		}
	}
}

func TestDataThatIsThereIsKeptAndGetsTheNewPassword(t *testing.T) {
	c, env := volume(t, "#!/bin/sh\nexit 1\n", postgresScript)
	write(t, filepath.Join(c.data, "PG_VERSION"), "17\n")
	write(t, filepath.Join(c.data, "base"), "precious")
	write(t, c.passwordFile, "next")
	if _, err := prepare(t.Context(), []string{"-c", "port=5433"}, env, c.log); err != nil {
		t.Fatal(err)
	}
	if got := read(t, filepath.Join(c.data, "base")); got != "precious" {
		t.Errorf("the data is now %q", got)
	}
	if info, err := os.Stat(c.data); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data's mode is %v, %v: the server would refuse it", info.Mode(), err)
	}
	if got := read(t, filepath.Join(c.data, "statement")); !strings.Contains(got, "E'next'") {
		t.Errorf("statement %q", got)
	}
}

func TestWhatAKilledStartLeftIsReplaced(t *testing.T) {
	c, env := volume(t, initdbScript, postgresScript)
	write(t, filepath.Join(c.data+".new", "PG_VERSION"), "17\n")
	write(t, filepath.Join(c.data+".new", "half"), "made")
	if _, err := prepare(t.Context(), nil, env, c.log); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{c.data + ".new", filepath.Join(c.data, "half")} {
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", name)
		}
	}
}

func TestWhatAKilledServerLeftIsRemoved(t *testing.T) {
	c, _ := volume(t, initdbScript, postgresScript)
	left := []string{filepath.Join(c.data, "postmaster.pid"), filepath.Join(c.sockets, ".s.PGSQL.5432"), filepath.Join(c.sockets, ".s.PGSQL.5432.lock")}
	for _, name := range left {
		write(t, name, "")
	}
	for range 2 { // nothing left is no error
		if err := c.removeStale(); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range left {
		if _, err := os.Stat(name); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("%s is still there", name)
		}
	}
	read(t, c.passwordFile) // and nothing else
}

func TestAFailedInitdbLeavesNoDataAndSaysWhy(t *testing.T) {
	c, env := volume(t, "#!/bin/sh\nmkdir ${1#--pgdata=}\necho 'no space left'\nexit 3\n", postgresScript)
	_, err := prepare(t.Context(), nil, env, c.log)
	wantError(t, err, "initdb: exit status 3\nno space left")
	if _, err := os.Stat(c.data); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("there is a %s", c.data)
	}
}

func TestAFailedPasswordStopsTheStart(t *testing.T) {
	c, env := volume(t, initdbScript, "#!/bin/sh\necho 'FATAL: role does not exist' >&2\nexit 1\n")
	_, err := prepare(t.Context(), nil, env, c.log)
	wantError(t, err, "set the superuser's password: postgres: exit status 1\nFATAL: role does not exist")
}

func TestForeignFilesAreRefusedAndNotTouched(t *testing.T) {
	cases := map[string]struct{ file, text, want string }{
		"another version": {"PG_VERSION", "16\n", "holds data of PostgreSQL 16, this is PostgreSQL 17"},
		"other files":     {"notes", "", "is not empty and holds no database cluster (notes)"},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			c, env := volume(t, initdbScript, postgresScript)
			write(t, filepath.Join(c.data, test.file), test.text)
			_, err := prepare(t.Context(), nil, env, c.log)
			wantError(t, err, test.want)
			if got := read(t, filepath.Join(c.data, test.file)); got != test.text {
				t.Errorf("%s is now %q", test.file, got)
			}
		})
	}
}

func TestBadSettingsAreNamed(t *testing.T) {
	c, env := volume(t, initdbScript, postgresScript)
	without := func(missing string) func(string) string {
		return func(name string) string {
			if name == missing {
				return ""
			}
			return env(name)
		}
	}
	for _, name := range []string{"PGDATA", "POSTGRES_PASSWORD_FILE"} {
		_, err := prepare(t.Context(), nil, without(name), c.log)
		wantError(t, err, name+" is not set")
	}
	for text, want := range map[string]string{"\n": "is empty", "two\nlines": "more than one line", "a\x00b": "more than one line"} {
		write(t, c.passwordFile, text)
		_, err := prepare(t.Context(), nil, env, c.log)
		wantError(t, err, want)
	}
}

func TestAnotherProgramIsRunAsItIs(t *testing.T) {
	got, err := prepare(t.Context(), []string{"psql", "-l"}, func(string) string { return "" }, &bytes.Buffer{})
	if err != nil || !slices.Equal(got, []string{"psql", "-l"}) {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestAStopReachesTheProgramThatRuns(t *testing.T) {
	c, env := volume(t, "#!/bin/sh\nmkdir ${1#--pgdata=}\nexec sleep 60\n", postgresScript)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		for { // until initdb has begun
			if _, err := os.Stat(c.data + ".new"); err == nil {
				cancel()
				return
			}
			time.Sleep(time.Millisecond)
		}
	}()
	begin := time.Now()
	_, err := prepare(ctx, nil, env, c.log)
	wantError(t, err, "initdb was stopped")
	if took := time.Since(begin); took > stopTime/2 {
		t.Errorf("it took %s: initdb was not told", took)
	}
}

func TestTheDataIsLockedForOneContainerAndForTheProgramThatFollows(t *testing.T) {
	c, _ := volume(t, initdbScript, postgresScript)
	if err := c.lock(t.Context()); err != nil {
		t.Fatal(err)
	}
	// A program that is started now has the lock as well, as the server has after exec.
	child := exec.Command("sleep", "60")
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = child.Process.Kill() }()
	if !inherits(t, child.Process.Pid, c.data+".lock") {
		t.Error("a program that follows does not hold the lock")
	}

	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	log := &bytes.Buffer{}
	wantError(t, cluster{data: c.data, log: log}.lock(ctx), "stopped while another container used")
	if !strings.Contains(log.String(), "waiting for its end") {
		t.Errorf("log: %q", log)
	}
}

func inherits(t *testing.T, pid int, name string) bool {
	t.Helper()
	folder := fmt.Sprintf("/proc/%d/fd", pid)
	entries, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	return slices.ContainsFunc(entries, func(e os.DirEntry) bool {
		target, err := os.Readlink(filepath.Join(folder, e.Name()))
		return err == nil && target == name
	})
}

func TestAFolderThatCannotBeWrittenIsExplained(t *testing.T) {
	if syscall.Getuid() == 0 {
		t.Skip("root may write everywhere")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	wantError(t, cluster{data: filepath.Join(dir, "pgdata"), log: &bytes.Buffer{}}.lock(t.Context()), "fsGroup")
}

package supply

import (
	"archive/tar"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// fakeMmdebstrap puts a program of that name first in PATH. It knows by what it is asked to upload
// which attempt it is, and gives a root with the packages of answers, or fails without any.
// What it returns lists the attempts so far.
func fakeMmdebstrap(t *testing.T, answers map[string]string) (attempts func() []string) {
	t.Helper()
	bin, state := t.TempDir(), t.TempDir()
	write(t, filepath.Join(bin, "mmdebstrap"), `#!/bin/sh
for target; do :; done
case "$*" in
*sources.list.d*) attempt=snapshot ;;
*preferences.d*) attempt=mirror ;;
*) attempt=newest ;;
esac
echo $attempt >>`+state+`/attempts
[ -e `+state+`/$attempt ] || { echo "E: no $attempt"; exit 100; }
mkdir -p root/var/lib/dpkg root/etc/apt/preferences.d root/usr/bin
cp `+state+`/$attempt root/var/lib/dpkg/kindling
touch root/usr/bin/dash root/etc/apt/preferences.d/kindling
tar -C root -cf "$target" .
`)
	require.NoError(t, os.Chmod(filepath.Join(bin, "mmdebstrap"), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	for name, packages := range answers {
		write(t, filepath.Join(state, name), packages)
	}
	return func() []string {
		text, err := os.ReadFile(filepath.Join(state, "attempts"))
		require.NoError(t, err)
		return strings.Fields(string(text))
	}
}

// snapshotServer answers as an archive of the past does, or with a failure.
func snapshotServer(t *testing.T, status int) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/debian/20261126T120000Z/dists/trixie/InRelease", r.URL.Path)
		w.WriteHeader(status)
	}))
	t.Cleanup(server.Close)
	t.Setenv(DebianSnapshot, server.URL)
}

// lockedRoot is a root that is locked to dash 1 and libc6 2.
func lockedRoot() Part {
	lock := lockOf(map[string]string{"dash": "1", "libc6": "2"})
	return Part{Name: "root", recipe: debianRoot{Suite: "trixie", Variant: "extract", Packages: []string{"dash"}}.pinned(lock)}
}

// buildRoot builds it.
func buildRoot(t *testing.T) (dir string, built Event, err error) {
	t.Helper()
	b, told := newBuilder(t)
	dirs, err := b.Ensure(t.Context(), []Part{lockedRoot()}, "root")
	return dirs["root"], told.all[len(told.all)-1], err
}

func packagesOf(t *testing.T, dir string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "packages.json"))
	require.NoError(t, err)
	var packages map[string]string
	require.NoError(t, json.Unmarshal(text, &packages))
	return packages
}

func TestLockedPackagesComeFromTheMirrorWhenItHasThem(t *testing.T) {
	attempts := fakeMmdebstrap(t, map[string]string{"mirror": "dash 1\nlibc6 2\n"})
	dir, built, err := buildRoot(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"mirror"}, attempts())
	assert.Equal(t, map[string]string{"dash": "1", "libc6": "2"}, packagesOf(t, dir))
	assert.Empty(t, built.Notes)
}

func TestWhatABuildPutsIntoARootDoesNotStayThere(t *testing.T) {
	fakeMmdebstrap(t, map[string]string{"mirror": "dash 1\n"})
	dir, _, err := buildRoot(t)
	require.NoError(t, err)
	file, err := os.Open(filepath.Join(dir, "root.tar"))
	require.NoError(t, err)
	defer file.Close()
	var names []string
	for reader := tar.NewReader(file); ; {
		header, err := reader.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		if header.Typeflag == tar.TypeReg {
			names = append(names, absolute(header.Name))
		}
	}
	assert.Equal(t, []string{"/usr/bin/dash"}, names)
}

func TestWhatTheMirrorHasNoMoreComesFromTheSnapshot(t *testing.T) {
	snapshotServer(t, http.StatusOK)
	attempts := fakeMmdebstrap(t, map[string]string{"mirror": "dash 1.1\nlibc6 2\n", "snapshot": "dash 1\nlibc6 2\n"})
	dir, built, err := buildRoot(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"mirror", "snapshot"}, attempts())
	assert.Equal(t, "1", packagesOf(t, dir)["dash"])
	assert.Empty(t, built.Notes)
}

func TestPinsThatContradictEachOtherOnTheMirrorHoldWithTheSnapshot(t *testing.T) {
	snapshotServer(t, http.StatusOK)
	attempts := fakeMmdebstrap(t, map[string]string{"snapshot": "dash 1\nlibc6 2\n"})
	_, built, err := buildRoot(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"mirror", "snapshot"}, attempts())
	assert.Empty(t, built.Notes)
}

func TestWithoutTheSnapshotNewerPackagesAreTakenAndTold(t *testing.T) {
	snapshotServer(t, http.StatusBadGateway)
	attempts := fakeMmdebstrap(t, map[string]string{"mirror": "dash 1.1\nlibc6 2\nlibnew 1\n"})
	dir, built, err := buildRoot(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"mirror"}, attempts(), "apt would wait for a snapshot that does not answer")
	assert.Equal(t, "1.1", packagesOf(t, dir)["dash"])
	assert.Equal(t, []string{"1 package is not in the locked version, 1 package is not locked; kindling supply lock renews the lock"}, built.Notes)
}

func TestASnapshotThatFailsHalfwayIsDoneWithout(t *testing.T) {
	snapshotServer(t, http.StatusOK)
	attempts := fakeMmdebstrap(t, map[string]string{"mirror": "dash 1.1\nlibc6 2\n"})
	_, built, err := buildRoot(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"mirror", "snapshot"}, attempts())
	assert.Len(t, built.Notes, 1)
}

func TestWhenNoPinsHoldTheNewestAreTakenAndTold(t *testing.T) {
	snapshotServer(t, http.StatusNotFound)
	attempts := fakeMmdebstrap(t, map[string]string{"newest": "dash 1.1\nlibc6 2.1\n"})
	_, built, err := buildRoot(t)
	require.NoError(t, err)
	assert.Equal(t, []string{"mirror", "newest"}, attempts())
	assert.Contains(t, built.Notes[0], "2 packages are not in the locked version")
}

func TestABuildThatIsInterruptedAtTheSnapshotLeavesNoPart(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { interrupt() }))
	defer server.Close()
	t.Setenv(DebianSnapshot, server.URL)
	fakeMmdebstrap(t, map[string]string{"mirror": "dash 1.1\nlibc6 2\n"})
	b, _ := newBuilder(t)
	_, err := b.Ensure(ctx, []Part{lockedRoot()}, "root")
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, files(t, b.Cache, "parts"))
}

func TestAStrictLockRefusesOtherVersions(t *testing.T) {
	snapshotServer(t, http.StatusBadGateway)
	t.Setenv(DebianLock, "strict")
	fakeMmdebstrap(t, map[string]string{"mirror": "dash 1.1\nlibc6 2\n", "newest": "dash 1.1\nlibc6 2\n"})
	_, _, err := buildRoot(t)
	var strict *LockError
	require.ErrorAs(t, err, &strict)
	assert.EqualError(t, strict, "1 package is not in the locked version, and KINDLING_DEBIAN_LOCK is strict")
	var failed *BuildError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "dash 1 is locked, taken was 1.1", failed.Last[len(failed.Last)-1])
}

func TestAStrictLockDoesNotTryWithoutPins(t *testing.T) {
	snapshotServer(t, http.StatusBadGateway)
	t.Setenv(DebianLock, "strict")
	attempts := fakeMmdebstrap(t, map[string]string{"newest": "dash 1.1\n"})
	_, _, err := buildRoot(t)
	require.ErrorContains(t, err, "Debian's packages could not be fetched or unpacked")
	var strict *LockError
	require.ErrorAs(t, err, &strict, "so that the lock is named as a way out")
	assert.Equal(t, []string{"mirror"}, attempts())
}

func TestNotesStayWithThePart(t *testing.T) {
	b, _ := newBuilder(t)
	parts := []Part{fakePart("root", func(_ context.Context, job *job) error {
		job.note("it is not quite as described")
		return nil
	})}
	_, err := b.Ensure(t.Context(), parts, "root")
	require.NoError(t, err)
	list, err := b.List(parts)
	require.NoError(t, err)
	assert.Equal(t, []string{"it is not quite as described"}, list[0].Record.Notes)
}

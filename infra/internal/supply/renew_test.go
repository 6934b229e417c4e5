package supply

import (
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func ignorePart(string) {}

func TestALockIsRenewedFromWhatTheMirrorHas(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Dir(lockPath(root)), 0o755))
	before := lockOf(map[string]string{"dash": "1", "gone": "3", "libc6": "2"})
	before.Architectures["s390x"] = lockedPackages{Snapshot: "20260101T000000Z", Packages: map[string]string{"dash": "1"}}
	require.NoError(t, before.write(root))
	attempts := fakeMmdebstrap(t, map[string]string{"newest": "dash 1.1\nlibc6 2\nlibnew 1\n"})
	b, _ := newBuilder(t)
	parts := []Part{
		{Name: "one-root", recipe: debianRoot{Suite: "trixie"}.pinned(before)}, fakePart("tool", nil),
		{Name: "other-root", recipe: debianRoot{Suite: "trixie"}.pinned(before)},
	}

	var seen []string
	renewed, err := b.RenewLock(t.Context(), root, parts, func(part string) { seen = append(seen, part) })
	require.NoError(t, err)
	assert.Equal(t, []string{"one-root", "other-root"}, seen)
	assert.Equal(t, []string{"newest", "newest"}, attempts())
	assert.Equal(t, Renewed{Packages: 3, Changes: []Change{{"dash", "1", "1.1"}, {"gone", "3", ""}, {"libnew", "", "1"}}}, renewed)
	after, err := readLockFile(root)
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"dash": "1.1", "libc6": "2", "libnew": "1"}, after.Architectures[runtime.GOARCH].Packages)
	assert.Equal(t, before.Architectures["s390x"], after.Architectures["s390x"], "another machine's is its own")
	assert.Empty(t, files(t, b.Cache, "scratch"))
}

func TestALockThatHoldsStaysAsItIs(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Dir(lockPath(root)), 0o755))
	lock := lockOf(map[string]string{"dash": "1"})
	require.NoError(t, lock.write(root))
	fakeMmdebstrap(t, map[string]string{"newest": "dash 1\n"})
	b, _ := newBuilder(t)

	renewed, err := b.RenewLock(t.Context(), root, []Part{{Name: "root", recipe: debianRoot{Suite: "trixie"}.pinned(lock)}}, ignorePart)
	require.NoError(t, err)
	assert.Equal(t, Renewed{Packages: 1}, renewed)
	after, err := readLockFile(root)
	require.NoError(t, err)
	assert.Equal(t, lock, after, "its snapshot too")
}

func TestOneLockHasOneSuite(t *testing.T) {
	fakeMmdebstrap(t, map[string]string{"newest": "dash 1\n"})
	b, _ := newBuilder(t)
	parts := []Part{{Name: "one", recipe: debianRoot{Suite: "trixie"}}, {Name: "two", recipe: debianRoot{Suite: "forky"}}}
	_, err := b.RenewLock(t.Context(), t.TempDir(), parts, ignorePart)
	require.ErrorContains(t, err, "two is made of forky, others of trixie; a lock has one suite")
}

func TestALockIsNotRenewedWhenTheMirrorFails(t *testing.T) {
	root := t.TempDir()
	fakeMmdebstrap(t, nil)
	b, _ := newBuilder(t)
	_, err := b.RenewLock(t.Context(), root, []Part{{Name: "root", recipe: debianRoot{Suite: "trixie"}}}, ignorePart)
	require.ErrorContains(t, err, "Debian's packages could not be fetched or unpacked")
	assert.NoFileExists(t, lockPath(root))
}

func TestASnapshotIsTakenLaterThanTheMirrorIsRead(t *testing.T) {
	assert.Equal(t, "20261126T160000Z", snapshotTime(time.Date(2026, 11, 26, 10, 46, 52, 0, time.UTC)))
}

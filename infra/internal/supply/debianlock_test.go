package supply

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// lockOf locks packages of trixie for this machine's architecture.
func lockOf(packages map[string]string) lockFile {
	return lockFile{Suite: "trixie", Architectures: map[string]lockedPackages{
		runtime.GOARCH: {Snapshot: "20261126T120000Z", Packages: packages},
	}}
}

func TestALockIsWrittenOnePackageALine(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Dir(lockPath(root)), 0o755))
	file := lockFile{Suite: "trixie", Architectures: map[string]lockedPackages{
		"amd64": {Snapshot: "20261126T120000Z", Packages: map[string]string{"libc6": "2.41-12", "dash": "0.5.12-12"}},
	}}
	require.NoError(t, file.write(root))
	text, err := os.ReadFile(lockPath(root))
	require.NoError(t, err)
	assert.Equal(t, `{
  "suite": "trixie",
  "architectures": {
    "amd64": {
      "snapshot": "20261126T120000Z",
      "packages": {
        "dash": "0.5.12-12",
        "libc6": "2.41-12"
      }
    }
  }
}
`, string(text))
	read, err := readLockFile(root)
	require.NoError(t, err)
	assert.Equal(t, file, read)
}

func TestWithoutALockNothingIsLocked(t *testing.T) {
	file, err := readLockFile(t.TempDir())
	require.NoError(t, err)
	assert.Empty(t, file.pins("trixie").Packages)
}

func TestALockOfAnotherSuiteOrArchitectureSaysNothing(t *testing.T) {
	file := lockOf(map[string]string{"dash": "1"})
	assert.Equal(t, map[string]string{"dash": "1"}, file.pins("trixie").Packages)
	assert.Empty(t, file.pins("forky").Packages)

	file.Architectures = map[string]lockedPackages{"s390x": file.Architectures[runtime.GOARCH]}
	assert.Empty(t, file.pins("trixie").Packages)
}

func TestEveryPackageOfTheRepositorysRootsIsLocked(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	file, err := readLockFile(root)
	require.NoError(t, err)
	parts, err := Parts(root)
	require.NoError(t, err)
	locked := file.Architectures["amd64"]
	_, err = time.Parse("20060102T150405Z", locked.Snapshot)
	require.NoError(t, err)
	roots := 0
	for _, part := range parts {
		debian, ok := part.recipe.(debianRoot)
		if !ok {
			continue
		}
		roots++
		assert.Equal(t, file.Suite, debian.Suite, part.Name)
		for _, name := range debian.Packages {
			assert.Contains(t, locked.Packages, name, "%s has a new package: kindling supply lock", part.Name)
		}
	}
	assert.Equal(t, 4, roots)
}

func TestAptIsToldTheLockedVersions(t *testing.T) {
	p := lockOf(map[string]string{"libc6": "2.41-12", "bsdutils": "1:2.41.5-0+deb13u1"}).pins("trixie")
	assert.Equal(t, `Package: bsdutils
Pin: version 1:2.41.5-0+deb13u1
Pin-Priority: 1001

Package: libc6
Pin: version 2.41-12
Pin-Priority: 1001

`, string(p.preferences()))
}

func TestTheSnapshotIsThatOfTheLocksTime(t *testing.T) {
	t.Setenv(DebianSnapshot, "http://mirror.example.com/past/")
	lines := strings.Split(strings.TrimSpace(string(lockOf(nil).pins("trixie").sources("trixie"))), "\n")
	require.Len(t, lines, 3)
	assert.Regexp(t, `^deb \[check-valid-until=no.*\] http://mirror\.example\.com/past/debian/20261126T120000Z trixie main$`, lines[0])
	assert.Regexp(t, `^deb \[check-valid-until=no.*\] http://mirror\.example\.com/past/debian/20261126T120000Z trixie-updates main$`, lines[1])
	assert.Regexp(t, `^deb \[check-valid-until=no.*\] http://mirror\.example\.com/past/debian-security/20261126T120000Z trixie-security main$`, lines[2])

	t.Setenv(DebianSnapshot, "")
	assert.EqualError(t, lockOf(nil).pins("trixie").askSnapshot(t.Context(), "trixie"), "KINDLING_DEBIAN_SNAPSHOT names none")
}

func TestDriftTellsOtherVersionsFromPackagesThatAreNotLocked(t *testing.T) {
	p := lockOf(map[string]string{"dash": "1", "libc6": "2", "unused": "3"}).pins("trixie")
	assert.True(t, p.drift(map[string]string{"dash": "1", "libc6": "2"}).none())

	d := p.drift(map[string]string{"dash": "1.1", "libc6": "2.1", "libnew": "1"})
	assert.Equal(t, []Change{{"dash", "1", "1.1"}, {"libc6", "2", "2.1"}}, d.changed)
	assert.Equal(t, []string{"libnew"}, d.unlocked)
	assert.Equal(t, "2 packages are not in the locked version, 1 package is not locked", d.String())
	var log strings.Builder
	d.log(&log)
	assert.Equal(t, "dash 1 is locked, taken was 1.1\nlibc6 2 is locked, taken was 2.1\nlibnew is not locked\n", log.String())
}

func TestARootsHashChangesWithTheLockedVersionsAndNotWithTheSnapshot(t *testing.T) {
	hash := func(lock lockFile) string {
		return hashOf(t, Part{Name: "root", recipe: debianRoot{Suite: "trixie"}.pinned(lock)})
	}
	lock := lockOf(map[string]string{"dash": "1"})
	assert.NotEqual(t, hash(lockFile{}), hash(lock))
	assert.NotEqual(t, hash(lock), hash(lockOf(map[string]string{"dash": "2"})))
	later := lockOf(map[string]string{"dash": "1"})
	later.Architectures[runtime.GOARCH] = lockedPackages{Snapshot: "20270101T000000Z", Packages: map[string]string{"dash": "1"}}
	assert.Equal(t, hash(lock), hash(later))

	loose := hash(lock)
	t.Setenv(DebianLock, "strict")
	assert.NotEqual(t, loose, hash(lock), "what was built loosely may have other versions")
}

func TestDebianSettingsThatMeanNothingAreRefused(t *testing.T) {
	for _, good := range [][2]string{{"", ""}, {"strict", "https://mirror.example.com/snapshot"}, {"", "http://127.0.0.1:8080/"}} {
		require.NoError(t, CheckDebianSettings(good[0], good[1]))
	}
	require.ErrorContains(t, CheckDebianSettings("yes", ""), `KINDLING_DEBIAN_LOCK is "yes", it can be strict`)
	for _, bad := range []string{"mirror.example.com", "file:///srv/snapshot", "http://"} {
		require.ErrorContains(t, CheckDebianSettings("", bad), "it can be an http or https URL")
	}
}

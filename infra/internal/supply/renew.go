package supply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// Change is a package whose version is another one. Old is empty for a new package, New for one
// that is gone.
type Change struct {
	Package, Old, New string
}

// Renewed is what RenewLock did.
type Renewed struct {
	Packages int
	Changes  []Change
}

// RenewLock writes the lock of the repository anew, for this machine's architecture: from what the
// mirror has for the Debian roots among the parts. A lock that holds already is left as it is.
// progress is called with each root's name before it is unpacked, and while another process is waited for.
func (b *Builder) RenewLock(ctx context.Context, root string, parts []Part, progress func(now string)) (Renewed, error) {
	unlock, err := b.Cache.lock(ctx, lockLog, func() { progress("waiting for another process that does it") })
	if err != nil {
		return Renewed{}, err
	}
	defer unlock()
	file, err := readLockFile(root)
	if err != nil {
		return Renewed{}, err
	}
	suite, found, err := b.newest(ctx, parts, progress)
	if err != nil {
		return Renewed{}, err
	}
	if suite != file.Suite {
		file = lockFile{Suite: suite}
	}
	changes := compareVersions(file.Architectures[runtime.GOARCH].Packages, found)
	if len(changes) == 0 {
		return Renewed{Packages: len(found)}, nil
	}
	if file.Architectures == nil {
		file.Architectures = map[string]lockedPackages{}
	}
	file.Architectures[runtime.GOARCH] = lockedPackages{Snapshot: snapshotTime(time.Now()), Packages: found}
	return Renewed{Packages: len(found), Changes: changes}, file.write(root)
}

// lockLog is the name of RenewLock's log and scratch folder.
const lockLog = "debian-lock"

// LockLog is where the last RenewLock wrote what its programs said.
func (c Cache) LockLog() string { return c.Log(lockLog) }

// snapshotTime is when Debian's archive of its past has what the mirror has now: it records the archive about
// every six hours, and under any time is the last record before it.
func snapshotTime(now time.Time) string {
	return now.UTC().Add(6 * time.Hour).Truncate(time.Hour).Format("20060102T150405Z")
}

// newest unpacks all roots without pins, and returns their suite and the versions they took.
func (b *Builder) newest(ctx context.Context, parts []Part, progress func(part string)) (suite string, found map[string]string, err error) {
	log, err := b.Cache.createLog(lockLog)
	if err != nil {
		return "", nil, err
	}
	defer log.Close()
	found = map[string]string{}
	for _, part := range parts {
		root, ok := part.recipe.(debianRoot)
		if !ok {
			continue
		}
		if suite != "" && root.Suite != suite {
			return "", nil, fmt.Errorf("%s is made of %s, others of %s; a lock has one suite", part.Name, root.Suite, suite)
		}
		suite = root.Suite
		progress(part.Name)
		taken, err := b.newestOf(ctx, root, &job{work: filepath.Join(b.Cache.Dir, "scratch", lockLog), log: log})
		if err != nil {
			return "", nil, err
		}
		for name, version := range taken {
			if other, ok := found[name]; ok && other != version {
				return "", nil, fmt.Errorf("the mirror changed meanwhile: it had %s %s, then %s", name, other, version)
			}
		}
		maps.Copy(found, taken)
	}
	return suite, found, nil
}

func (b *Builder) newestOf(ctx context.Context, root debianRoot, job *job) (taken map[string]string, err error) {
	if err := os.RemoveAll(job.work); err != nil { // what a killed one left
		return nil, err
	}
	if err := os.MkdirAll(job.work, 0o755); err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(job.work)) }()
	_, _, newest := root.attempts()
	full, err := root.bootstrap(ctx, job, newest)
	return full.packages, err
}

// compareVersions lists what differs, by name.
func compareVersions(old, fresh map[string]string) []Change {
	var changes []Change
	for name, version := range fresh {
		if old[name] != version {
			changes = append(changes, Change{name, old[name], version})
		}
	}
	for name, version := range old {
		if _, ok := fresh[name]; !ok {
			changes = append(changes, Change{Package: name, Old: version})
		}
	}
	slices.SortFunc(changes, func(a, b Change) int { return strings.Compare(a.Package, b.Package) })
	return changes
}

package supply

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// DebianLock is the environment variable that can be strict: a Debian root whose packages are not
// all as locked is then a failure, and not a note.
const DebianLock = "KINDLING_DEBIAN_LOCK"

// DebianSnapshot is the environment variable that names an archive of Debian's past: an URL below
// which are debian/TIME/ and debian-security/TIME/. Without it none is asked.
const DebianSnapshot = "KINDLING_DEBIAN_SNAPSHOT"

const strictLock = "strict"

// CheckDebianSettings refuses values of KINDLING_DEBIAN_LOCK and KINDLING_DEBIAN_SNAPSHOT that mean
// nothing.
func CheckDebianSettings(lock, snapshot string) error {
	if lock != "" && lock != strictLock {
		return fmt.Errorf("%s is %q, it can be strict", DebianLock, lock)
	}
	parsed, err := url.Parse(snapshot)
	if snapshot != "" && (err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https") {
		return fmt.Errorf("%s is %q, it can be an http or https URL", DebianSnapshot, snapshot)
	}
	return nil
}

// lockFile is debian.lock.json: the versions of all packages that Debian roots are made of.
type lockFile struct {
	Suite         string                    `json:"suite"`
	Architectures map[string]lockedPackages `json:"architectures"` // by Go's name, which is Debian's
}

type lockedPackages struct {
	Snapshot string            `json:"snapshot"` // the time at which Debian's archive had them, as its archive of the past writes it
	Packages map[string]string `json:"packages"` // version by name
}

func lockPath(root string) string { return filepath.Join(root, "infra", "supply", "debian.lock.json") }

// readLockFile reads the repository's lock. Without a file nothing is locked.
func readLockFile(root string) (lockFile, error) {
	text, err := os.ReadFile(lockPath(root))
	if errors.Is(err, os.ErrNotExist) {
		return lockFile{}, nil
	}
	if err != nil {
		return lockFile{}, err
	}
	var file lockFile
	if err := json.Unmarshal(text, &file); err != nil {
		return lockFile{}, fmt.Errorf("%s cannot be read (git checkout brings it back, kindling supply lock makes another): %w", lockPath(root), err)
	}
	return file, nil
}

func (f lockFile) write(root string) error {
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return err
	}
	fresh := lockPath(root) + ".new"
	if err := os.WriteFile(fresh, append(text, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(fresh, lockPath(root))
}

// pins are what the lock says of one root, on this machine's architecture.
type pins struct {
	lockedPackages
	strict  bool
	archive string // URL of an archive of Debian's past, empty without one
}

// pins reads what the lock has for a suite. Another suite's versions say nothing about it.
func (f lockFile) pins(suite string) pins {
	p := pins{strict: os.Getenv(DebianLock) == strictLock, archive: strings.TrimSuffix(os.Getenv(DebianSnapshot), "/")}
	if suite == f.Suite {
		p.lockedPackages = f.Architectures[runtime.GOARCH]
	}
	return p
}

// fingerprint leaves the snapshot out: the same versions come from wherever they are. Strict roots
// are parts of their own, so that none is taken that was built with other versions.
func (p pins) fingerprint(w io.Writer) error {
	fmt.Fprintf(w, "strict=%t\n", p.strict)
	return json.NewEncoder(w).Encode(p.Packages)
}

// preferences makes apt take the locked versions, where a source has them; see apt_preferences(5).
func (p pins) preferences() []byte {
	var text bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(p.Packages)) {
		fmt.Fprintf(&text, "Package: %s\nPin: version %s\nPin-Priority: 1001\n\n", name, p.Packages[name])
	}
	return text.Bytes()
}

// sources are apt's lines for the snapshot. Its signatures have expired and still hold.
func (p pins) sources(suite string) []byte {
	options := "check-valid-until=no"
	if _, err := os.Stat(debianKeyring); err == nil {
		options += " signed-by=" + debianKeyring
	}
	var text bytes.Buffer
	for _, from := range []struct{ archive, suite string }{
		{"debian", suite}, {"debian", suite + "-updates"}, {"debian-security", suite + "-security"},
	} {
		fmt.Fprintf(&text, "deb [%s] %s/%s/%s %s main\n", options, p.archive, from.archive, p.Snapshot, from.suite)
	}
	return text.Bytes()
}

// askSnapshot returns nil when the archive of the past has the suite at the locked time.
func (p pins) askSnapshot(ctx context.Context, suite string) error {
	if p.archive == "" {
		return errors.New(DebianSnapshot + " names none")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	release := p.archive + "/debian/" + p.Snapshot + "/dists/" + suite + "/InRelease"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, release, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", release, response.Status)
	}
	return nil
}

// debianKeyring is of the package debian-archive-keyring.
const debianKeyring = "/usr/share/keyrings/debian-archive-keyring.gpg"

// drift is what differs between the packages of a root and the lock.
type drift struct {
	changed  []Change // in another version than the locked one
	unlocked []string // of which the lock has no version
}

func (p pins) drift(taken map[string]string) drift {
	var d drift
	for _, name := range slices.Sorted(maps.Keys(taken)) {
		locked, ok := p.Packages[name]
		switch {
		case !ok:
			d.unlocked = append(d.unlocked, name)
		case locked != taken[name]:
			d.changed = append(d.changed, Change{Package: name, Old: locked, New: taken[name]})
		}
	}
	return d
}

func (d drift) none() bool { return len(d.changed) == 0 && len(d.unlocked) == 0 }

// String is empty without drift.
func (d drift) String() string {
	var parts []string
	if n := len(d.changed); n > 0 {
		parts = append(parts, fmt.Sprintf("%s not in the locked version", packages(n)))
	}
	if n := len(d.unlocked); n > 0 {
		parts = append(parts, fmt.Sprintf("%s not locked", packages(n)))
	}
	return strings.Join(parts, ", ")
}

// log names every package.
func (d drift) log(w io.Writer) {
	for _, c := range d.changed {
		fmt.Fprintf(w, "%s %s is locked, taken was %s\n", c.Package, c.Old, c.New)
	}
	for _, name := range d.unlocked {
		fmt.Fprintf(w, "%s is not locked\n", name)
	}
}

// packages counts them, with the verb.
func packages(n int) string {
	if n == 1 {
		return "1 package is"
	}
	return fmt.Sprintf("%d packages are", n)
}

// LockError is a root that would not be as locked, where KINDLING_DEBIAN_LOCK is strict.
type LockError struct {
	drift drift
	err   error // why there is no root at all
}

func (e *LockError) Error() string {
	said := e.drift.String()
	if e.err != nil {
		said = "the locked versions cannot be had: " + e.err.Error()
	}
	return said + ", and " + DebianLock + " is " + strictLock
}

func (e *LockError) Unwrap() error { return e.err }

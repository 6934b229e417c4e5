package supply

import (
	"archive/tar"
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Files that a build puts into the root. They are not part of it.
const (
	preferencesFile = "/etc/apt/preferences.d/kindling"
	sourcesFile     = "/etc/apt/sources.list.d/kindling.list"
	settingsFile    = "/etc/apt/apt.conf.d/90kindling"
	packagesFile    = "/var/lib/dpkg/kindling"
)

var scaffolding = []string{preferencesFile, sourcesFile, settingsFile, packagesFile}

// Hooks that list the packages with their versions. With the variant extract only the first is
// run, and dpkg's own list is empty; with the others the second has them all.
const (
	listArchives  = `for deb in "$1"/var/cache/apt/archives/*.deb; do dpkg-deb --show --showformat='${Package} ${Version}\n' "$deb"; done >"$1"` + packagesFile
	listInstalled = `dpkg-query --admindir="$1"/var/lib/dpkg --show --showformat='${Package} ${Version}\n' >"$1"` + packagesFile
)

// aptSettings end an attempt with a snapshot that falls silent, after so many seconds.
const aptSettings = `Acquire::Retries "0";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
`

// attempt is one way to get the packages of a root: what apt is told, by the file it reads.
type attempt struct {
	name  string
	files map[string][]byte
}

// fullRoot is a root with all its files.
type fullRoot struct {
	tar      string
	packages map[string]string // version by name
}

// attempts are with the mirror alone, with the snapshot besides, and without pins.
func (d debianRoot) attempts() (mirror, snapshot, newest attempt) {
	pinned := map[string][]byte{preferencesFile: d.pins.preferences()}
	past := map[string][]byte{preferencesFile: d.pins.preferences(), sourcesFile: d.pins.sources(d.Suite), settingsFile: []byte(aptSettings)}
	return attempt{"mirror", pinned}, attempt{"snapshot", past}, attempt{"newest", nil}
}

// bootstrap fetches and unpacks the packages.
func (d debianRoot) bootstrap(ctx context.Context, job *job, a attempt) (fullRoot, error) {
	dir := filepath.Join(job.work, a.name)
	if err := os.Mkdir(dir, 0o755); err != nil {
		return fullRoot{}, err
	}
	argv := []string{"mmdebstrap", "--variant=" + d.Variant, "--include=" + strings.Join(d.Packages, ",")}
	for _, glob := range []string{"/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"} {
		argv = append(argv, "--dpkgopt=path-exclude="+glob)
	}
	for _, name := range scaffolding {
		content, ok := a.files[name]
		if !ok {
			continue
		}
		if err := os.WriteFile(filepath.Join(dir, filepath.Base(name)), content, 0o644); err != nil {
			return fullRoot{}, err
		}
		argv = append(argv, "--setup-hook=upload "+filepath.Base(name)+" "+name)
	}
	argv = append(argv, "--extract-hook="+listArchives, "--customize-hook="+listInstalled, d.Suite, "full.tar")
	// One date for all files, so that the same packages give the same bytes.
	env := []string{"SOURCE_DATE_EPOCH=1767225600", "TMPDIR=" + job.work}
	if err := run(ctx, job.log, dir, env, argv...); err != nil {
		return fullRoot{}, fmt.Errorf("%w; Debian's packages could not be fetched or unpacked", err)
	}
	full := filepath.Join(dir, "full.tar")
	taken, err := readPackages(full)
	return fullRoot{full, taken}, err
}

// readPackages reads the list that the hooks wrote into a root.
func readPackages(full string) (map[string]string, error) {
	file, err := os.Open(full)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader := tar.NewReader(file)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil, fmt.Errorf("%s has no list of packages", full)
		}
		if err != nil {
			return nil, err
		}
		if absolute(header.Name) == packagesFile {
			return parsePackages(reader)
		}
	}
}

// parsePackages reads lines of a name and a version.
func parsePackages(r io.Reader) (map[string]string, error) {
	taken := map[string]string{}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		name, version, ok := strings.Cut(lines.Text(), " ")
		if !ok || name == "" || version == "" {
			return nil, fmt.Errorf("no package and version: %q", lines.Text())
		}
		taken[name] = version
	}
	return taken, lines.Err()
}

package supply

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"slices"
)

// debianRoot is a root file system of Debian packages, as root.tar.
type debianRoot struct {
	Suite    string   `json:"suite"`
	Variant  string   `json:"variant"` // mmdebstrap's: extract unpacks only, minbase configures
	Packages []string `json:"packages"`
	Keep     []string `json:"keep"`   // globs of absolute paths, a folder with all below it; empty keeps everything
	Remove   []string `json:"remove"` // likewise, of what goes; it wins over Keep
	pins     pins
}

// unwanted is left out of every root: nobody reads manuals in a container.
var unwanted = []string{"/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*", "/usr/share/bug/*", "/var/cache/*/*", "/var/lib/apt/lists/*", "/var/log/*.log", "/var/log/apt/*"}

// pinned is the root with the versions of a lock.
func (d debianRoot) pinned(lock lockFile) debianRoot {
	d.pins = lock.pins(d.Suite)
	return d
}

func (d debianRoot) fingerprint(w io.Writer) error {
	fmt.Fprintf(w, "debian %s %v\n", runtime.GOARCH, unwanted)
	if err := json.NewEncoder(w).Encode(d); err != nil {
		return err
	}
	return d.pins.fingerprint(w)
}

// build leaves the versions of the packages beside root.tar.
func (d debianRoot) build(ctx context.Context, job *job) error {
	root, err := d.unpack(ctx, job)
	if err != nil {
		return err
	}
	differs := d.pins.drift(root.packages)
	differs.log(job.log)
	switch {
	case differs.none():
	case d.pins.strict:
		return &LockError{drift: differs}
	default:
		job.note(differs.String() + "; kindling supply lock renews the lock")
	}
	text, err := json.MarshalIndent(root.packages, "", "  ")
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(job.out, "packages.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return filterTar(root.tar, filepath.Join(job.out, "root.tar"), d.wanted)
}

// unpack takes the locked versions from the mirror. Those that it has no more come from the
// snapshot, or else the mirror's newer ones stand in for them.
func (d debianRoot) unpack(ctx context.Context, job *job) (fullRoot, error) {
	mirror, snapshot, newest := d.attempts()
	if len(d.pins.Packages) == 0 {
		return d.bootstrap(ctx, job, newest)
	}
	now, err := d.bootstrap(ctx, job, mirror)
	if err == nil && len(d.pins.drift(now.packages).changed) == 0 {
		return now, nil
	}
	past, pastErr := d.bootstrapPast(ctx, job, snapshot)
	switch {
	case ctx.Err() != nil:
		return fullRoot{}, context.Cause(ctx)
	case pastErr == nil:
		return past, nil
	case err == nil:
		return now, nil
	case d.pins.strict:
		return fullRoot{}, &LockError{err: err}
	}
	// Where the mirror has only some locked versions, these can contradict the others' newer ones.
	return d.bootstrap(ctx, job, newest)
}

// bootstrapPast asks for the snapshot first: apt would wait for each of its files.
func (d debianRoot) bootstrapPast(ctx context.Context, job *job, snapshot attempt) (fullRoot, error) {
	if err := d.pins.askSnapshot(ctx, d.Suite); err != nil {
		fmt.Fprintf(job.log, "the snapshot cannot be had: %v\n", err)
		return fullRoot{}, err
	}
	return d.bootstrap(ctx, job, snapshot)
}

// wanted tells whether a path of the full root stays.
func (d debianRoot) wanted(name string) bool {
	if slices.Contains(scaffolding, name) || under(name, unwanted) || under(name, d.Remove) {
		return false
	}
	return len(d.Keep) == 0 || under(name, d.Keep)
}

// filterTar copies the entries of an archive whose absolute path is wanted. It refuses hard links
// to what is not: they could not be unpacked.
func filterTar(from, to string, wanted func(name string) bool) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.Create(to)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	reader, writer := tar.NewReader(in), tar.NewWriter(out)
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return writer.Close()
		}
		if err != nil {
			return err
		}
		if !wanted(absolute(header.Name)) {
			continue
		}
		if header.Typeflag == tar.TypeLink && !wanted(absolute(header.Linkname)) {
			return fmt.Errorf("%s is kept and is a hard link to %s, which is not", absolute(header.Name), absolute(header.Linkname))
		}
		if err := writer.WriteHeader(header); err != nil {
			return err
		}
		if _, err := io.Copy(writer, reader); err != nil {
			return err
		}
	}
}

// absolute is the path of a tar entry: ./usr/bin/ is /usr/bin.
func absolute(name string) string { return path.Clean("/" + name) }

// under tells whether a path matches one of the globs, or lies below one that does.
func under(name string, globs []string) bool {
	for p := name; p != "/" && p != "."; p = path.Dir(p) {
		for _, glob := range globs {
			if ok, _ := path.Match(glob, p); ok {
				return true
			}
		}
	}
	return false
}

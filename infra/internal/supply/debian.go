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
	"strings"
)

// debianRoot is a root file system of Debian packages, as root.tar.
type debianRoot struct {
	Suite    string   `json:"suite"`
	Variant  string   `json:"variant"` // mmdebstrap's: extract unpacks only, minbase configures
	Packages []string `json:"packages"`
	Keep     []string `json:"keep"`   // globs of absolute paths, a folder with all below it; empty keeps everything
	Remove   []string `json:"remove"` // likewise, of what goes; it wins over Keep
}

// unwanted is left out of every root: nobody reads manuals in a container.
var unwanted = []string{"/usr/share/doc/*", "/usr/share/man/*", "/usr/share/info/*", "/usr/share/locale/*", "/usr/share/lintian/*", "/usr/share/bug/*", "/var/cache/*/*", "/var/lib/apt/lists/*", "/var/log/*.log", "/var/log/apt/*"}

func (d debianRoot) fingerprint(w io.Writer) error {
	fmt.Fprintf(w, "debian %s %v\n", runtime.GOARCH, unwanted)
	return json.NewEncoder(w).Encode(d)
}

func (d debianRoot) build(ctx context.Context, job *job) error {
	full := filepath.Join(job.work, "full.tar")
	argv := []string{"mmdebstrap", "--variant=" + d.Variant, "--include=" + strings.Join(d.Packages, ",")}
	for _, glob := range []string{"/usr/share/doc/*", "/usr/share/man/*", "/usr/share/locale/*"} {
		argv = append(argv, "--dpkgopt=path-exclude="+glob)
	}
	// One date for all files, so that the same packages give the same bytes.
	env := []string{"SOURCE_DATE_EPOCH=1767225600", "TMPDIR=" + job.work}
	if err := run(ctx, job.log, job.work, env, append(argv, d.Suite, full)...); err != nil {
		return fmt.Errorf("%w; Debian's packages could not be fetched or unpacked", err)
	}
	return filterTar(full, filepath.Join(job.out, "root.tar"), d.wanted)
}

// wanted tells whether a path of the full root stays.
func (d debianRoot) wanted(name string) bool {
	if under(name, unwanted) || under(name, d.Remove) {
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

package supply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
)

// An archive carries finished parts to machines without a network: a tar archive, compressed
// with Zstandard, of an Index and the parts' files.
const (
	archiveFormat = 1
	indexFile     = "kindling-supply.json" // the archive's first entry
	archivedParts = "parts/"               // before every other entry: parts/NAME-HASH/FILE
	maxIndexSize  = 16 << 20               // bytes; a real one has some ten thousand
)

// Index is what an archive holds, and what it was made for.
type Index struct {
	Format     int      `json:"format"`
	OS         string   `json:"os"`
	Arch       string   `json:"arch"`
	Kubernetes string   `json:"kubernetes"`
	Go         string   `json:"go"` // the compiler's version, which is part of every hash
	Parts      []Record `json:"parts"`
}

// ArchiveError is an archive that cannot be imported.
type ArchiveError struct {
	File string
	Err  error
}

func (e *ArchiveError) Error() string { return fmt.Sprintf("%s: %v", e.File, e.Err) }
func (e *ArchiveError) Unwrap() error { return e.Err }

func newIndex(parts []Record) Index {
	return Index{Format: archiveFormat, OS: runtime.GOOS, Arch: runtime.GOARCH, Kubernetes: KubernetesVersion, Go: runtime.Version(), Parts: parts}
}

// check refuses an index that is not for this machine, or whose names would lead out of the cache.
func (i Index) check() error {
	if i.Format != archiveFormat {
		return fmt.Errorf("its format is %d and this tool reads %d; export it again with this checkout's tool", i.Format, archiveFormat)
	}
	if i.OS != runtime.GOOS || i.Arch != runtime.GOARCH {
		return fmt.Errorf("it is for %s/%s and this machine is %s/%s", i.OS, i.Arch, runtime.GOOS, runtime.GOARCH)
	}
	if len(i.Parts) == 0 {
		return errors.New("it holds no parts")
	}
	seen := map[string]bool{}
	for _, r := range i.Parts {
		if err := r.check(); err != nil {
			return err
		}
		if seen[r.Name] {
			return fmt.Errorf("it names part %s twice", r.Name)
		}
		seen[r.Name] = true
	}
	return nil
}

var (
	partName = regexp.MustCompile(`^[a-z][-a-z0-9]{0,62}$`)
	partHash = regexp.MustCompile(`^[0-9a-f]{16}$`)
)

// check refuses a record from elsewhere whose names are not ones that this tool writes.
func (r Record) check() error {
	if !partName.MatchString(r.Name) || !partHash.MatchString(r.Hash) {
		return fmt.Errorf("it names a part %q with hash %q", r.Name, r.Hash)
	}
	if len(r.Files) == 0 {
		return fmt.Errorf("part %s has no files", r.Name)
	}
	for name := range r.Files {
		if !filepath.IsLocal(filepath.FromSlash(name)) || name != path.Clean(name) || name == recordFile {
			return fmt.Errorf("part %s has a file %q, which would not lie in its folder", r.Name, name)
		}
	}
	return nil
}

// key is the name of the part's folder in the cache, and in an archive.
func (r Record) key() string { return r.Name + "-" + r.Hash }

// part finds the part whose folder has that name.
func (i Index) part(key string) (Record, bool) {
	at := slices.IndexFunc(i.Parts, func(r Record) bool { return r.key() == key })
	if at < 0 {
		return Record{}, false
	}
	return i.Parts[at], true
}

// cancellable fails to read once ctx has ended.
type cancellable struct {
	ctx context.Context
	r   io.Reader
}

func (c cancellable) Read(p []byte) (int, error) {
	if err := context.Cause(c.ctx); err != nil {
		return 0, err
	}
	return c.r.Read(p)
}

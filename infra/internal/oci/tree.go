// Package oci writes file trees as image layers and puts layers together as images. The same
// input always gives the same bytes: entries are sorted, times are zero, owners are numbers.
package oci

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Tree is the content of one layer, by absolute path.
type Tree struct {
	entries map[string]entry
}

type entry struct {
	header tar.Header
	open   func() (io.ReadCloser, error)
}

// NewTree returns an empty tree.
func NewTree() *Tree {
	return &Tree{entries: map[string]entry{}}
}

// Dir adds a folder. Missing parents are left to whoever unpacks the layer, so that a parent
// that is a link in a lower layer (/bin in a merged /usr) stays one.
func (t *Tree) Dir(name string, mode fs.FileMode, uid, gid int) {
	t.put(name, entry{header: tar.Header{Typeflag: tar.TypeDir, Mode: tarMode(mode), Uid: uid, Gid: gid}})
}

// Link adds a symbolic link.
func (t *Tree) Link(name, target string) {
	t.put(name, entry{header: tar.Header{Typeflag: tar.TypeSymlink, Linkname: target, Mode: 0o777}})
}

// Bytes adds a regular file of root's with the given content.
func (t *Tree) Bytes(name string, mode fs.FileMode, content []byte) {
	t.put(name, entry{
		header: tar.Header{Typeflag: tar.TypeReg, Mode: tarMode(mode), Size: int64(len(content))},
		open:   func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	})
}

// File adds a regular file of root's, read from source when the tree is written.
func (t *Tree) File(name string, mode fs.FileMode, source string) error {
	info, err := os.Stat(source)
	if err != nil {
		return err
	}
	t.put(name, entry{
		header: tar.Header{Typeflag: tar.TypeReg, Mode: tarMode(mode), Size: info.Size()},
		open:   func() (io.ReadCloser, error) { return os.Open(source) },
	})
	return nil
}

// Copy adds everything below the folder source at the folder name, with the modes on disk
// and root as owner.
func (t *Tree) Copy(name, source string) error {
	return filepath.WalkDir(source, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(source, p)
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		return t.copyOne(path.Join(name, filepath.ToSlash(rel)), p, info)
	})
}

func (t *Tree) copyOne(name, source string, info fs.FileInfo) error {
	switch {
	case info.IsDir():
		t.Dir(name, info.Mode().Perm(), 0, 0)
		return nil
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(source)
		if err != nil {
			return err
		}
		t.Link(name, target)
		return nil
	case info.Mode().IsRegular():
		return t.File(name, info.Mode().Perm(), source)
	default:
		return fmt.Errorf("%s is neither file, folder nor link", source)
	}
}

// Has tells whether the tree has an entry of that name.
func (t *Tree) Has(name string) bool {
	_, ok := t.entries[clean(name)]
	return ok
}

// Own gives an entry, and everything below it, an owner. It reports whether there is such an
// entry.
func (t *Tree) Own(name string, uid, gid int) bool {
	prefix, found := clean(name), false
	for path, e := range t.entries {
		if path == prefix || strings.HasPrefix(path, prefix+"/") {
			e.header.Uid, e.header.Gid = uid, gid
			t.entries[path] = e
			found = true
		}
	}
	return found
}

// Size is how many bytes of contents the tree has. Its archive is larger by the headers.
func (t *Tree) Size() int64 {
	var size int64
	for _, e := range t.entries {
		size += e.header.Size
	}
	return size
}

func (t *Tree) put(name string, e entry) {
	name = clean(name)
	if name == "" {
		return // the root itself
	}
	e.header.Name = name
	if e.header.Typeflag == tar.TypeDir {
		e.header.Name += "/"
	}
	e.header.Format = tar.FormatPAX
	t.entries[name] = e
}

// WriteTo writes the tree as a tar archive, in the order of names.
func (t *Tree) WriteTo(w io.Writer) (int64, error) {
	counter := &countingWriter{w: w}
	tw := tar.NewWriter(counter)
	for _, name := range slices.Sorted(maps.Keys(t.entries)) {
		if err := writeEntry(tw, t.entries[name]); err != nil {
			return counter.n, fmt.Errorf("write %s: %w", name, err)
		}
	}
	return counter.n, tw.Close()
}

func writeEntry(tw *tar.Writer, e entry) error {
	if err := tw.WriteHeader(&e.header); err != nil {
		return err
	}
	if e.open == nil {
		return nil
	}
	content, err := e.open()
	if err != nil {
		return err
	}
	defer content.Close()
	_, err = io.Copy(tw, content)
	return err
}

func clean(name string) string {
	return strings.TrimPrefix(path.Clean("/"+name), "/")
}

// tarMode is a file mode as tar writes it: the permission bits and the three special ones.
func tarMode(mode fs.FileMode) int64 {
	bits := int64(mode.Perm())
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}

type countingWriter struct {
	w io.Writer
	n int64
}

func (c *countingWriter) Write(p []byte) (int, error) {
	n, err := c.w.Write(p)
	c.n += int64(n)
	return n, err
}

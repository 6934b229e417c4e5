package supply

import (
	"archive/tar"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"
)

// Imported is what Import did.
type Imported struct {
	Index   Index
	New     []string // parts that the cache did not have
	Present []string // parts that it had
}

// Import puts the parts of an archive into the cache. None appears there before the whole archive
// has been read and every checksum in it holds; parts that are there already stay as they are. An
// archive that is damaged, or not for this machine, is an ArchiveError. progress is called with
// the name of each part as its first file is read.
func (c Cache) Import(ctx context.Context, file string, progress func(part string)) (Imported, error) {
	in, err := os.Open(file)
	if err != nil {
		return Imported{}, err
	}
	defer in.Close()
	unlock, err := c.lock(ctx, "import", func() {}) // the scratch folder is one import's
	if err != nil {
		return Imported{}, err
	}
	defer unlock()
	scratch := filepath.Join(c.Dir, "scratch", "import")
	if err := os.RemoveAll(scratch); err != nil { // what a killed import left
		return Imported{}, err
	}
	defer os.RemoveAll(scratch)
	result, err := c.unpack(cancellable{ctx, in}, scratch, progress)
	if ctx.Err() != nil {
		return Imported{}, context.Cause(ctx)
	}
	if err != nil {
		return Imported{}, &ArchiveError{File: file, Err: err}
	}
	return result, c.publish(ctx, scratch, result)
}

// unpack reads an archive to its end, and leaves the parts that the cache does not have in scratch.
func (c Cache) unpack(r io.Reader, scratch string, progress func(part string)) (Imported, error) {
	stream, err := zstd.NewReader(r, zstd.WithDecoderMaxWindow(64<<20))
	if err != nil {
		return Imported{}, err
	}
	defer stream.Close()
	reader := tar.NewReader(stream)
	index, err := readIndex(reader)
	if err != nil {
		return Imported{}, err
	}
	result := Imported{Index: index}
	pending := map[string]*unpacked{}
	for _, r := range index.Parts {
		if c.has(r) {
			result.Present = append(result.Present, r.Name)
			continue
		}
		result.New = append(result.New, r.Name)
		pending[r.key()] = &unpacked{record: r, dir: filepath.Join(scratch, r.key()), read: map[string]bool{}, progress: progress}
	}
	if len(pending) == 0 {
		return result, nil
	}
	if err := readMembers(reader, index, pending); err != nil {
		return Imported{}, err
	}
	// Zstandard's own checksum stands at the very end.
	if _, err := io.Copy(io.Discard, stream); err != nil {
		return Imported{}, fmt.Errorf("it is damaged: %w", err)
	}
	for _, part := range pending {
		if err := part.finish(); err != nil {
			return Imported{}, err
		}
	}
	return result, nil
}

func (c Cache) has(r Record) bool {
	_, ok := c.find(hashed{Part: Part{Name: r.Name}, hash: r.Hash})
	return ok
}

func readIndex(reader *tar.Reader) (Index, error) {
	header, err := reader.Next()
	if err != nil {
		return Index{}, fmt.Errorf("it is not an archive of kindling supply export, or it is damaged: %w", err)
	}
	if header.Name != indexFile {
		return Index{}, fmt.Errorf("it is not an archive of kindling supply export: it starts with %s", header.Name)
	}
	var index Index
	if err := json.NewDecoder(io.LimitReader(reader, maxIndexSize)).Decode(&index); err != nil {
		return Index{}, fmt.Errorf("its index cannot be read: %w", err)
	}
	return index, index.check()
}

func readMembers(reader *tar.Reader, index Index, pending map[string]*unpacked) error {
	for {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("it is damaged: %w", err)
		}
		rest, inside := strings.CutPrefix(header.Name, archivedParts)
		key, name, _ := strings.Cut(rest, "/")
		record, known := index.part(key)
		if _, named := record.Files[name]; !inside || !known || !named || header.Typeflag != tar.TypeReg {
			return fmt.Errorf("it holds %q, which its index does not name", header.Name)
		}
		if part := pending[key]; part != nil {
			if err := part.write(name, header, reader); err != nil {
				return err
			}
		}
	}
}

// unpacked is a part on its way into the cache.
type unpacked struct {
	record   Record
	dir      string
	read     map[string]bool // files that are there, with the right content
	bytes    int64
	progress func(part string)
}

func (u *unpacked) write(name string, header *tar.Header, content io.Reader) error {
	if u.read[name] {
		return fmt.Errorf("it holds %s of part %s twice", name, u.record.Name)
	}
	if u.bytes += header.Size; u.bytes > u.record.Bytes {
		return fmt.Errorf("part %s is larger than its index says", u.record.Name)
	}
	if len(u.read) == 0 {
		u.progress(u.record.Name)
	}
	path := filepath.Join(u.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	sum, err := writeSummed(path, 0o644|os.FileMode(header.Mode&0o111), content)
	if err != nil {
		return fmt.Errorf("unpack %s of part %s: %w", name, u.record.Name, err)
	}
	if sum != u.record.Files[name] {
		return fmt.Errorf("it is damaged: %s of part %s has not the checksum it was exported with", name, u.record.Name)
	}
	u.read[name] = true
	return nil
}

// writeSummed writes a new file and returns the SHA-256 of its content.
func writeSummed(path string, mode os.FileMode, content io.Reader) (string, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(file, sum), content)
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(err, file.Close())
}

// finish checks that nothing is missing, and writes the part's record.
func (u *unpacked) finish() error {
	if missing := len(u.record.Files) - len(u.read); missing > 0 || u.bytes != u.record.Bytes {
		return fmt.Errorf("it is cut short: %d files of part %s are missing", missing, u.record.Name)
	}
	text, err := json.MarshalIndent(u.record, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(u.dir, recordFile), append(text, '\n'), 0o644)
}

// publish moves unpacked parts into the cache, each at once.
func (c Cache) publish(ctx context.Context, scratch string, result Imported) error {
	for _, r := range result.Index.Parts {
		if err := c.publishOne(ctx, filepath.Join(scratch, r.key()), r); err != nil {
			return err
		}
	}
	return nil
}

func (c Cache) publishOne(ctx context.Context, from string, r Record) error {
	unlock, err := c.lock(ctx, r.Name, func() {})
	if err != nil {
		return err
	}
	defer unlock()
	if c.has(r) { // before, or built meanwhile
		return nil
	}
	to := filepath.Join(c.Dir, "parts", r.key())
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.RemoveAll(to); err != nil { // one whose record cannot be read
		return err
	}
	return os.Rename(from, to)
}

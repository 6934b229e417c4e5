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
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/klauspost/compress/zstd"
)

// Export writes the named parts, which are in the cache, to an archive that Import reads. The file
// appears whole or not at all. progress is called with each part's name before it is written.
func (b *Builder) Export(ctx context.Context, parts []Part, names []string, file string, progress func(part string)) (Index, error) {
	index, err := b.index(parts, names)
	if err != nil {
		return Index{}, err
	}
	unlock, err := b.Cache.lock(ctx, "export", func() {}) // of two exports to one file the second would write into the first's
	if err != nil {
		return Index{}, err
	}
	defer unlock()
	fresh := file + ".partial"
	if err := b.writeArchive(ctx, index, fresh, progress); err != nil {
		return Index{}, errors.Join(err, removeIfThere(fresh))
	}
	return index, os.Rename(fresh, file)
}

// index describes the named parts as the cache has them.
func (b *Builder) index(parts []Part, names []string) (Index, error) {
	known, err := hashParts(parts)
	if err != nil {
		return Index{}, err
	}
	records := make([]Record, 0, len(names))
	for _, name := range names {
		h, ok := known[name]
		if !ok {
			return Index{}, fmt.Errorf("there is no part %q", name)
		}
		record, ok := b.Cache.find(h)
		if !ok {
			return Index{}, fmt.Errorf("part %s is not in the cache; kindling supply build %s", name, name)
		}
		records = append(records, record)
	}
	return newIndex(records), nil
}

func (b *Builder) writeArchive(ctx context.Context, index Index, file string, progress func(part string)) (err error) {
	out, err := os.Create(file)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	compressor, err := zstd.NewWriter(out)
	if err != nil {
		return err
	}
	writer := tar.NewWriter(compressor)
	if err := writeIndex(writer, index); err != nil {
		return err
	}
	for _, record := range index.Parts {
		progress(record.Name)
		if err := b.writePart(ctx, writer, record); err != nil {
			return fmt.Errorf("export part %s: %w", record.Name, err)
		}
	}
	return errors.Join(writer.Close(), compressor.Close(), out.Sync())
}

func writeIndex(writer *tar.Writer, index Index) error {
	text, err := json.MarshalIndent(index, "", "  ")
	if err != nil {
		return err
	}
	if err := writer.WriteHeader(&tar.Header{Name: indexFile, Mode: 0o644, Size: int64(len(text))}); err != nil {
		return err
	}
	_, err = writer.Write(text)
	return err
}

// writePart writes a part's files. What is not as it was built is not exported.
func (b *Builder) writePart(ctx context.Context, writer *tar.Writer, record Record) error {
	for _, name := range slices.Sorted(maps.Keys(record.Files)) {
		file, err := os.Open(filepath.Join(b.Cache.Dir, "parts", record.key(), filepath.FromSlash(name)))
		if err != nil {
			return err
		}
		err = writeMember(ctx, writer, file, archivedParts+record.key()+"/"+name, record.Files[name])
		if err := errors.Join(err, file.Close()); err != nil {
			return err
		}
	}
	return nil
}

// writeMember writes one file under a name, and checks its checksum on the way.
func writeMember(ctx context.Context, writer *tar.Writer, file *os.File, name, want string) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	header := &tar.Header{Name: name, Mode: 0o644 | int64(info.Mode().Perm()&0o111), Size: info.Size(), Format: tar.FormatPAX}
	if err := writer.WriteHeader(header); err != nil {
		return err
	}
	sum := sha256.New()
	if _, err := io.Copy(io.MultiWriter(writer, sum), cancellable{ctx, file}); err != nil {
		return err
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want {
		return fmt.Errorf("%s was changed after it was built; remove the part's folder and build it again", file.Name())
	}
	return nil
}

func removeIfThere(path string) error {
	if err := os.Remove(path); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

package supply

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// Cache holds built parts, shared by all checkouts of a user. A part is a folder that appears
// whole, by rename, or not at all.
type Cache struct {
	Dir string
}

// DefaultCache is $KINDLING_CACHE, or kindling in the user's cache folder.
func DefaultCache() (Cache, error) {
	if dir := os.Getenv("KINDLING_CACHE"); dir != "" {
		abs, err := filepath.Abs(dir)
		return Cache{Dir: abs}, err
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return Cache{}, fmt.Errorf("no cache folder: %w; set KINDLING_CACHE", err)
	}
	return Cache{Dir: filepath.Join(dir, "kindling")}, nil
}

// Record describes a built part; it lies in the part's folder.
type Record struct {
	Name    string            `json:"name"`
	Hash    string            `json:"hash"`
	Built   time.Time         `json:"built"`
	Seconds float64           `json:"seconds"` // what the build took
	Bytes   int64             `json:"bytes"`
	Notes   []string          `json:"notes,omitempty"` // what people should know of the build
	Files   map[string]string `json:"files"`           // SHA-256 by path relative to the folder
}

const recordFile = ".part.json"

func (c Cache) partDir(h hashed) string { return filepath.Join(c.Dir, "parts", h.key()) }

// Log is where the last build of a part wrote what its programs said.
func (c Cache) Log(name string) string { return filepath.Join(c.Dir, "logs", name+".log") }

func (c Cache) createLog(name string) (*os.File, error) {
	if err := os.MkdirAll(filepath.Dir(c.Log(name)), 0o755); err != nil {
		return nil, err
	}
	return os.Create(c.Log(name))
}

// find returns the record of a part that is in the cache.
func (c Cache) find(h hashed) (Record, bool) {
	var record Record
	text, err := os.ReadFile(filepath.Join(c.partDir(h), recordFile))
	if err != nil || json.Unmarshal(text, &record) != nil {
		return Record{}, false
	}
	return record, true
}

// lock keeps others from building the same part. When another has it, it calls waiting once, waits
// for them, and gives up when ctx ends.
func (c Cache) lock(ctx context.Context, name string, waiting func()) (unlock func(), err error) {
	path := filepath.Join(c.Dir, "locks", name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, err
	}
	for first := true; ; first = false {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return func() { file.Close() }, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			file.Close()
			return nil, err
		}
		if first {
			waiting()
		}
		select {
		case <-ctx.Done():
			file.Close()
			return nil, ctx.Err()
		case <-time.After(200 * time.Millisecond): // flock has no wait that can be cancelled
		}
	}
}

// store builds into a scratch folder and renames it into place. The part's lock is held.
func (c Cache) store(h hashed, build func(out, work string) (notes []string, err error)) (Record, error) {
	scratch := filepath.Join(c.Dir, "scratch", h.Name)
	if err := os.RemoveAll(scratch); err != nil { // what a killed build left
		return Record{}, err
	}
	defer os.RemoveAll(scratch)
	out, work := filepath.Join(scratch, "out"), filepath.Join(scratch, "work")
	for _, dir := range []string{out, work, filepath.Join(c.Dir, "parts")} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return Record{}, err
		}
	}
	start := time.Now()
	notes, err := build(out, work)
	if err != nil {
		return Record{}, err
	}
	record := Record{Name: h.Name, Hash: h.hash, Built: start.UTC(), Seconds: time.Since(start).Seconds(), Notes: notes}
	if err := record.seal(out); err != nil {
		return Record{}, err
	}
	if err := os.RemoveAll(c.partDir(h)); err != nil { // one whose record cannot be read
		return Record{}, err
	}
	return record, os.Rename(out, c.partDir(h))
}

// seal writes the record with every file's checksum into the folder.
func (r *Record) seal(dir string) error {
	sums, size, err := checksums(dir)
	if err != nil {
		return err
	}
	r.Files, r.Bytes = sums, size
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, recordFile), append(text, '\n'), 0o644)
}

// checksums reads every regular file below dir, the record apart.
func checksums(dir string) (map[string]string, int64, error) {
	sums, size := map[string]string{}, int64(0)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == recordFile {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		sum, n, err := fileSum(path)
		sums[filepath.ToSlash(rel)], size = sum, size+n
		return err
	})
	return sums, size, err
}

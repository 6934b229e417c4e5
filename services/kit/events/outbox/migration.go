package outbox

import (
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

//go:embed outbox.sql
var migration embed.FS

const migrationFile = "outbox.sql"

// Include returns a service's migrations with the outbox's among them. The
// version is a number that none of the service's has: the next one when the
// outbox is added.
func Include(migrations fs.FS, version int) fs.FS {
	return included{migrations, fmt.Sprintf("%05d_%s", version, migrationFile)}
}

// included is a folder with one more file.
type included struct {
	fs.FS
	name string
}

// Open opens the added file or one of the folder.
func (f included) Open(name string) (fs.File, error) {
	if name == f.name {
		return migration.Open(migrationFile)
	}
	return f.FS.Open(name)
}

// ReadDir lists the folder, sorted by name.
func (f included) ReadDir(name string) ([]fs.DirEntry, error) {
	entries, err := fs.ReadDir(f.FS, name)
	if err != nil || name != "." {
		return entries, err
	}
	info, err := fs.Stat(migration, migrationFile)
	if err != nil {
		return nil, err
	}
	entries = append(slices.Clone(entries), fs.FileInfoToDirEntry(renamed{info, f.name}))
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

type renamed struct {
	fs.FileInfo
	name string
}

func (r renamed) Name() string { return r.name }

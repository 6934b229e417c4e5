package oci

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// folder makes files with the given modification time, in the given order.
func folder(t *testing.T, changed time.Time, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte("content of "+name), 0o640))
		require.NoError(t, os.Chtimes(path, changed, changed))
	}
	require.NoError(t, os.Symlink("../etc/conf", filepath.Join(dir, "link")))
	return dir
}

func archive(t *testing.T, tree *Tree) []byte {
	t.Helper()
	var buffer bytes.Buffer
	n, err := tree.WriteTo(&buffer)
	require.NoError(t, err)
	assert.EqualValues(t, buffer.Len(), n)
	return buffer.Bytes()
}

func entries(t *testing.T, archive []byte) (names []string, headers map[string]*tar.Header) {
	t.Helper()
	headers = map[string]*tar.Header{}
	for reader := tar.NewReader(bytes.NewReader(archive)); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return names, headers
		}
		require.NoError(t, err)
		names, headers[header.Name] = append(names, header.Name), header
	}
}

func TestATreeIsTheSameBytesWhateverItsFilesAreOldAndWhereverTheyLie(t *testing.T) {
	one, two := NewTree(), NewTree()
	require.NoError(t, one.Copy("/", folder(t, time.Now(), "etc/conf", "bin/tool")))
	require.NoError(t, two.Copy("/", folder(t, time.Unix(1, 0), "bin/tool", "etc/conf")))
	assert.Equal(t, archive(t, one), archive(t, two))
	assert.Equal(t, archive(t, one), archive(t, one), "a tree can be written twice")
}

func TestEntriesAreSortedTimelessAndRoots(t *testing.T) {
	tree := NewTree()
	require.NoError(t, tree.Copy("/opt", folder(t, time.Now(), "etc/conf", "bin/tool")))
	tree.Dir("/tmp", 0o777|os.ModeSticky, 0, 0)
	names, headers := entries(t, archive(t, tree))
	assert.Equal(t, []string{"opt/", "opt/bin/", "opt/bin/tool", "opt/etc/", "opt/etc/conf", "opt/link", "tmp/"}, names)
	for name, h := range headers {
		assert.Equal(t, [2]int{0, 0}, [2]int{h.Uid, h.Gid}, name)
		assert.Empty(t, h.Uname+h.Gname, name)
		assert.LessOrEqual(t, h.ModTime.Unix(), int64(0), name)
	}
	assert.EqualValues(t, 0o640, headers["opt/etc/conf"].Mode)
	assert.EqualValues(t, 0o1777, headers["tmp/"].Mode)
	assert.Equal(t, "../etc/conf", headers["opt/link"].Linkname)
}

func TestOwnGivesAFolderAndAllBelowItAnOwner(t *testing.T) {
	tree := NewTree()
	tree.Dir("/var/lib/app", 0o700, 0, 0)
	tree.Bytes("/var/lib/app/file", 0o600, nil)
	tree.Bytes("/var/lib/application", 0o600, nil)
	assert.True(t, tree.Own("/var/lib/app/", 999, 998))
	assert.False(t, tree.Own("/var/lib/none", 1, 1))

	_, headers := entries(t, archive(t, tree))
	assert.Equal(t, [2]int{999, 998}, [2]int{headers["var/lib/app/"].Uid, headers["var/lib/app/"].Gid})
	assert.Equal(t, [2]int{999, 998}, [2]int{headers["var/lib/app/file"].Uid, headers["var/lib/app/file"].Gid})
	assert.Zero(t, headers["var/lib/application"].Uid, "a longer name is another file")
}

func TestALaterEntryReplacesAnEarlierOne(t *testing.T) {
	tree := NewTree()
	tree.Bytes("/etc/conf", 0o644, []byte("first"))
	tree.Link("etc/conf", "/dev/null")
	assert.True(t, tree.Has("/etc/conf"))
	assert.False(t, tree.Has("/etc"), "parents are not made up")
	names, headers := entries(t, archive(t, tree))
	assert.Equal(t, []string{"etc/conf"}, names)
	assert.EqualValues(t, tar.TypeSymlink, headers["etc/conf"].Typeflag)
}

func TestAFileThatVanishedIsNamed(t *testing.T) {
	source := filepath.Join(t.TempDir(), "tool")
	require.NoError(t, os.WriteFile(source, nil, 0o755))
	tree := NewTree()
	require.NoError(t, tree.File("/bin/tool", 0o755, source))
	require.NoError(t, os.Remove(source))
	_, err := tree.WriteTo(io.Discard)
	require.ErrorIs(t, err, os.ErrNotExist)
	require.ErrorContains(t, err, "write bin/tool")
	require.ErrorIs(t, tree.File("/bin/other", 0o755, source), os.ErrNotExist)
}

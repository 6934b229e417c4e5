package supply

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// member is an entry of an archive that a test makes up.
type member struct {
	name, content string
	kind          byte
}

// craft writes an archive with any index and any entries.
func craft(t *testing.T, index Index, members ...member) []byte {
	t.Helper()
	var buffer bytes.Buffer
	compressor, err := zstd.NewWriter(&buffer)
	require.NoError(t, err)
	text, err := json.Marshal(index)
	require.NoError(t, err)
	writer := tar.NewWriter(compressor)
	for _, m := range append([]member{{name: indexFile, content: string(text)}}, members...) {
		kind := m.kind
		if kind == 0 {
			kind = tar.TypeReg
		}
		header := &tar.Header{Name: m.name, Typeflag: kind, Mode: 0o644, Size: int64(len(m.content))}
		if kind == tar.TypeSymlink {
			header.Linkname = "/etc"
		}
		require.NoError(t, writer.WriteHeader(header))
		_, err := io.WriteString(writer, m.content)
		require.NoError(t, err)
	}
	require.NoError(t, writer.Close())
	require.NoError(t, compressor.Close())
	return buffer.Bytes()
}

const (
	helloSum = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824" // of "hello"
	toolKey  = "tool-0123456789abcdef"
)

func helloIndex() Index {
	return newIndex([]Record{{Name: "tool", Hash: "0123456789abcdef", Bytes: 5, Files: map[string]string{"file": helloSum}}})
}

func TestACraftedArchiveIsTheRealFormat(t *testing.T) {
	file := filepath.Join(t.TempDir(), "archive.tar.zst")
	require.NoError(t, os.WriteFile(file, craft(t, helloIndex(), member{name: archivedParts + toolKey + "/file", content: "hello"}), 0o644))
	cache := Cache{Dir: t.TempDir()}
	_, err := cache.Import(t.Context(), file, ignore)
	require.NoError(t, err)
	assert.Equal(t, []string{toolKey}, files(t, cache, "parts"))
}

func TestAnArchiveForAnotherMachineIsRefused(t *testing.T) {
	for why, change := range map[string]func(*Index){
		"its format is 2 and this tool reads 1":                                            func(i *Index) { i.Format = 2 },
		"it is for linux/s390x and this machine is " + runtime.GOOS + "/" + runtime.GOARCH: func(i *Index) { i.OS, i.Arch = "linux", "s390x" },
		"it is for plan9/":  func(i *Index) { i.OS = "plan9" },
		"it holds no parts": func(i *Index) { i.Parts = nil },
	} {
		t.Run(why, func(t *testing.T) {
			index := helloIndex()
			change(&index)
			assertRefused(t, craft(t, index, member{name: archivedParts + toolKey + "/file", content: "hello"}), why)
		})
	}
}

func TestAnIndexThatLeadsOutOfTheCacheIsRefused(t *testing.T) {
	for name, change := range map[string]func(*Record){
		"a part's name":         func(r *Record) { r.Name = "../tool" },
		"a part's hash":         func(r *Record) { r.Hash = "../../0123456789" },
		"a file above":          func(r *Record) { r.Files = map[string]string{"../../escaped": helloSum} },
		"a file inside and out": func(r *Record) { r.Files = map[string]string{"a/../../../escaped": helloSum} },
		"an absolute file":      func(r *Record) { r.Files = map[string]string{"/etc/escaped": helloSum} },
		"the record itself":     func(r *Record) { r.Files = map[string]string{recordFile: helloSum} },
		"no files":              func(r *Record) { r.Files = nil },
	} {
		t.Run(name, func(t *testing.T) {
			index := helloIndex()
			change(&index.Parts[0])
			var members []member
			for file := range index.Parts[0].Files {
				members = append(members, member{name: archivedParts + index.Parts[0].key() + "/" + file, content: "hello"})
			}
			assertRefused(t, craft(t, index, members...), "part")
		})
	}
	index := helloIndex()
	index.Parts = append(index.Parts, index.Parts[0])
	assertRefused(t, craft(t, index), "it names part tool twice")
}

func TestEntriesThatTheIndexDoesNotNameAreRefused(t *testing.T) {
	good := member{name: archivedParts + toolKey + "/file", content: "hello"}
	for name, c := range map[string]struct {
		members []member
		why     string
	}{
		"a path that leads out": {[]member{good, {name: archivedParts + toolKey + "/../../../escaped", content: "x"}}, "which its index does not name"},
		"an absolute path":      {[]member{good, {name: "/tmp/escaped", content: "x"}}, "which its index does not name"},
		"a part of no index":    {[]member{good, {name: archivedParts + "other-0123456789abcdef/file", content: "x"}}, "which its index does not name"},
		"a file of no index":    {[]member{good, {name: archivedParts + toolKey + "/more", content: "x"}}, "which its index does not name"},
		"a link under a name":   {[]member{{name: good.name, kind: tar.TypeSymlink}}, "which its index does not name"},
		"a file twice":          {[]member{good, good}, "it holds file of part tool twice"},
		"another content":       {[]member{{name: good.name, content: "hullo"}}, "has not the checksum"},
		"more content":          {[]member{{name: good.name, content: "hello, and more"}}, "larger than its index says"},
		"less content":          {[]member{{name: good.name, content: "hell"}}, "has not the checksum"},
		"nothing":               {nil, "1 files of part tool are missing"},
	} {
		t.Run(name, func(t *testing.T) { assertRefused(t, craft(t, helloIndex(), c.members...), c.why) })
	}
}

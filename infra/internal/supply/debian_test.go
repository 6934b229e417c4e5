package supply

import (
	"archive/tar"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func writeTar(t *testing.T, headers ...tar.Header) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "full.tar")
	file, err := os.Create(path)
	require.NoError(t, err)
	writer := tar.NewWriter(file)
	for _, h := range headers {
		content := ""
		if h.Typeflag == tar.TypeReg {
			content = "content of " + h.Name
		}
		h.Size = int64(len(content))
		require.NoError(t, writer.WriteHeader(&h))
		_, err := writer.Write([]byte(content))
		require.NoError(t, err)
	}
	require.NoError(t, writer.Close())
	require.NoError(t, file.Close())
	return path
}

func filtered(t *testing.T, d debianRoot, headers ...tar.Header) (map[string]tarEntry, error) {
	t.Helper()
	to := filepath.Join(t.TempDir(), "root.tar")
	if err := filterTar(writeTar(t, headers...), to, d.wanted); err != nil {
		return nil, err
	}
	file, err := os.Open(to)
	require.NoError(t, err)
	defer file.Close()
	return readTar(t, file), nil
}

func TestARootKeepsWhatItIsToldToKeep(t *testing.T) {
	d := debianRoot{Keep: []string{"/usr/bin/nginx", "/usr/lib/*/lua", "/etc"}, Remove: []string{"/etc/init.d"}}
	entries, err := filtered(t, d,
		tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "./etc/", Typeflag: tar.TypeDir, Mode: 0o755},
		tar.Header{Name: "./etc/passwd", Typeflag: tar.TypeReg, Mode: 0o640, Uid: 1, Gid: 42},
		tar.Header{Name: "./etc/init.d/nginx", Typeflag: tar.TypeReg},
		tar.Header{Name: "./usr/bin/nginx", Typeflag: tar.TypeReg},
		tar.Header{Name: "./usr/bin/nginx-debug", Typeflag: tar.TypeReg},
		tar.Header{Name: "./usr/lib/x86_64-linux-gnu/lua/5.1/cjson.so", Typeflag: tar.TypeReg},
	)
	require.NoError(t, err)
	assert.Len(t, entries, 4)
	assert.Equal(t, "content of ./usr/bin/nginx", entries["./usr/bin/nginx"].content)
	assert.Contains(t, entries, "./usr/lib/x86_64-linux-gnu/lua/5.1/cjson.so")
	passwd := entries["./etc/passwd"]
	assert.Equal(t, [3]int64{0o640, 1, 42}, [3]int64{passwd.Mode, int64(passwd.Uid), int64(passwd.Gid)})
}

func TestARootWithoutAListKeepsAllButManuals(t *testing.T) {
	entries, err := filtered(t, debianRoot{Remove: []string{"/usr/lib/udev"}},
		tar.Header{Name: "./bin", Typeflag: tar.TypeSymlink, Linkname: "usr/bin"},
		tar.Header{Name: "./usr/share/doc/bash/README", Typeflag: tar.TypeReg},
		tar.Header{Name: "./var/lib/apt/lists/lock", Typeflag: tar.TypeReg},
		tar.Header{Name: "./usr/lib/udev/rules.d/x", Typeflag: tar.TypeReg},
		tar.Header{Name: "./.hidden", Typeflag: tar.TypeReg},
	)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
	assert.Equal(t, "usr/bin", entries["./bin"].Linkname)
	assert.Contains(t, entries, "./.hidden")
}

func TestAHardLinkToWhatIsLeftOutIsRefused(t *testing.T) {
	perl := tar.Header{Name: "./usr/bin/perl", Typeflag: tar.TypeReg}
	link := tar.Header{Name: "./usr/bin/perl5.40", Typeflag: tar.TypeLink, Linkname: "./usr/bin/perl"}
	_, err := filtered(t, debianRoot{Keep: []string{"/usr/bin/perl5.40"}}, perl, link)
	require.ErrorContains(t, err, "/usr/bin/perl5.40 is kept and is a hard link to /usr/bin/perl, which is not")

	entries, err := filtered(t, debianRoot{Keep: []string{"/usr/bin/perl*"}}, perl, link)
	require.NoError(t, err)
	assert.Len(t, entries, 2)
}

func TestADebianRootsHashChangesWithItsPackages(t *testing.T) {
	one := debianRoot{Suite: "trixie", Packages: []string{"nginx"}}
	two := debianRoot{Suite: "trixie", Packages: []string{"nginx", "jq"}}
	assert.NotEqual(t, hashOf(t, Part{Name: "root", recipe: one}), hashOf(t, Part{Name: "root", recipe: two}))
}

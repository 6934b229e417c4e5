package supply

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/oci"
)

// specFolder writes an image.json and an overlay, without programs to compile.
func specFolder(t *testing.T, spec string) string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "image.json"), spec)
	write(t, filepath.Join(dir, "rootfs", "etc", "app.conf"), "port = 1\n")
	return dir
}

// buildImage builds the image part of a folder; its root and programs are files of the test.
func buildImage(t *testing.T, dir string) (v1.Image, error) {
	t.Helper()
	parts, err := imageParts("app", dir, lockFile{})
	require.NoError(t, err)
	for i := range parts[:len(parts)-1] {
		parts[i].recipe = fakeRecipe{input: parts[i].Name, run: func(_ context.Context, job *job) error {
			root, err := os.Create(filepath.Join(job.out, "root.tar"))
			if err != nil {
				return err
			}
			tree := oci.NewTree()
			tree.Bytes("/usr/lib/libc.so", 0o644, []byte("c"))
			if _, err := tree.WriteTo(root); err != nil {
				return err
			}
			if err := os.Mkdir(filepath.Join(job.out, "bin"), 0o755); err != nil {
				return err
			}
			return errors.Join(root.Close(), os.WriteFile(filepath.Join(job.out, "bin", "app"), []byte("program"), 0o755))
		}}
	}
	b, _ := newBuilder(t)
	dirs, err := b.Ensure(t.Context(), parts, "app")
	if err != nil {
		return nil, err
	}
	return oci.ReadLayout(filepath.Join(dirs["app"], "image"))
}

const appSpec = `{
	"name": "example.org/app:1",
	"debian": {"suite": "trixie"},
	"binaries": {"/usr/bin/app": "."},
	"links": {"/bin/app": "/usr/bin/app"},
	"dirs": [{"path": "/data", "mode": "1770", "uid": 7, "gid": 8}],
	"owned": [{"path": "/etc/app.conf", "uid": 7, "gid": 8}],
	"users": [{"name": "app", "uid": 7, "gid": 8, "home": "/data"}],
	"patches": [{"path": "/etc/app.conf", "old": "port = 1", "new": "port = 2"}],
	"config": {"entrypoint": ["/usr/bin/app"], "user": "7:8"}
}`

func TestAnImageIsPutTogetherFromItsDescription(t *testing.T) {
	image, err := buildImage(t, specFolder(t, appSpec))
	require.NoError(t, err)
	layers, err := image.Layers()
	require.NoError(t, err)
	require.Len(t, layers, 2)
	assert.Equal(t, "c", untar(t, layers[0])["usr/lib/libc.so"].content)

	top := untar(t, layers[1])
	assert.Equal(t, "program", top["usr/bin/app"].content)
	assert.EqualValues(t, 0o755, top["usr/bin/app"].Mode)
	assert.Equal(t, "/usr/bin/app", top["bin/app"].Linkname)
	assert.Equal(t, "port = 2\n", top["etc/app.conf"].content)
	assert.Equal(t, [2]int{7, 8}, [2]int{top["etc/app.conf"].Uid, top["etc/app.conf"].Gid})
	assert.Equal(t, [2]int{7, 8}, [2]int{top["data/"].Uid, top["data/"].Gid})
	assert.EqualValues(t, 0o1770, top["data/"].Mode)
	assert.Contains(t, top["etc/passwd"].content, "app:x:7:8:app:/data:/usr/sbin/nologin\n")
	assert.Contains(t, top["etc/group"].content, "app:x:8:\n")
}

func TestAnImageHasTheSameDigestWhereverItIsBuilt(t *testing.T) {
	digests := map[v1.Hash]bool{}
	for range 2 {
		image, err := buildImage(t, specFolder(t, appSpec))
		require.NoError(t, err)
		digest, err := image.Digest()
		require.NoError(t, err)
		digests[digest] = true
	}
	assert.Len(t, digests, 1)
}

func TestAnImageWhoseOwnedFileIsMissingIsNotBuilt(t *testing.T) {
	_, err := buildImage(t, specFolder(t, `{"name": "x", "owned": [{"path": "/nowhere", "uid": 1}]}`))
	require.ErrorContains(t, err, "owned names /nowhere, which is not in the top layer")
}

func TestAModeMustBeOctal(t *testing.T) {
	_, err := buildImage(t, specFolder(t, `{"name": "x", "dirs": [{"path": "/data", "mode": "rwx"}]}`))
	require.ErrorContains(t, err, `mode "rwx" of /data is not octal`)
}

type tarEntry struct {
	tar.Header
	content string
}

func untar(t *testing.T, layer v1.Layer) map[string]tarEntry {
	t.Helper()
	stream, err := layer.Uncompressed()
	require.NoError(t, err)
	defer stream.Close()
	return readTar(t, stream)
}

func readTar(t *testing.T, r io.Reader) map[string]tarEntry {
	t.Helper()
	entries := map[string]tarEntry{}
	for reader := tar.NewReader(r); ; {
		header, err := reader.Next()
		if errors.Is(err, io.EOF) {
			return entries
		}
		require.NoError(t, err)
		content, err := io.ReadAll(reader)
		require.NoError(t, err)
		entries[header.Name] = tarEntry{*header, string(content)}
	}
}

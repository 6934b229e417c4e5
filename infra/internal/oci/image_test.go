package oci

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sample is an image of two layers that is made in a folder of its own.
func sample(t *testing.T, zstd bool) v1.Image {
	t.Helper()
	dir := t.TempDir()
	layers := make([]v1.Layer, 0, 2)
	for _, file := range []string{"one", "two"} {
		tree := NewTree()
		tree.Bytes("/"+file, 0o644, bytes.Repeat([]byte(file), 1000))
		layer, err := WriteLayer(filepath.Join(dir, file+".tar"), tree, zstd)
		require.NoError(t, err)
		layers = append(layers, layer)
	}
	image, err := Image(v1.Config{Entrypoint: []string{"/one"}, User: "7"}, layers...)
	require.NoError(t, err)
	return image
}

func digestOf(t *testing.T, image v1.Image) v1.Hash {
	t.Helper()
	digest, err := image.Digest()
	require.NoError(t, err)
	return digest
}

func TestAnImagesDigestIsStable(t *testing.T) {
	for _, zstd := range []bool{true, false} {
		assert.Equal(t, digestOf(t, sample(t, zstd)), digestOf(t, sample(t, zstd)))
	}
	assert.NotEqual(t, digestOf(t, sample(t, true)), digestOf(t, sample(t, false)))
}

func TestAnImageSaysWhatItIs(t *testing.T) {
	image := sample(t, false)
	config, err := image.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, "linux", config.OS)
	assert.Equal(t, runtime.GOARCH, config.Architecture)
	assert.Equal(t, []string{"/one"}, config.Config.Entrypoint)
	assert.Equal(t, "7", config.Config.User)
	assert.Zero(t, config.Created.Unix())
	mediaType, err := image.MediaType()
	require.NoError(t, err)
	assert.Equal(t, types.OCIManifestSchema1, mediaType)
}

func TestALayersBytesUnpackToItsArchive(t *testing.T) {
	path := filepath.Join(t.TempDir(), "layer.tar")
	tree := NewTree()
	tree.Bytes("/file", 0o644, []byte("content"))
	want := archive(t, tree)

	old, err := WriteLayer(path, tree, false)
	require.NoError(t, err)
	gunzip, err := gzip.NewReader(bytes.NewReader(compressed(t, old)))
	require.NoError(t, err, "what an engine before Docker 23 reads")
	assertContent(t, want, gunzip)

	packed, err := Layer(path, true)
	require.NoError(t, err)
	mediaType, err := packed.MediaType()
	require.NoError(t, err)
	assert.Equal(t, types.OCILayerZStd, mediaType)
	unpack, err := zstd.NewReader(bytes.NewReader(compressed(t, packed)))
	require.NoError(t, err)
	defer unpack.Close()
	assertContent(t, want, unpack)
}

func assertContent(t *testing.T, want []byte, r io.Reader) {
	t.Helper()
	got, err := io.ReadAll(r)
	require.NoError(t, err)
	assert.Equal(t, want, got)
}

func compressed(t *testing.T, layer v1.Layer) []byte {
	t.Helper()
	stream, err := layer.Compressed()
	require.NoError(t, err)
	defer stream.Close()
	content, err := io.ReadAll(stream)
	require.NoError(t, err)
	return content
}

func TestALayoutHoldsOneImage(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "image")
	image := sample(t, false)
	require.NoError(t, WriteLayout(dir, image))
	read, err := ReadLayout(dir)
	require.NoError(t, err)
	assert.Equal(t, digestOf(t, image), digestOf(t, read))
	require.NoError(t, validate.Image(read))

	path, err := layout.FromPath(dir)
	require.NoError(t, err)
	require.NoError(t, path.AppendImage(empty.Image))
	_, err = ReadLayout(dir)
	require.ErrorContains(t, err, "holds 2 images, want one")
}

func TestAnArchiveHoldsEveryImageUnderItsName(t *testing.T) {
	path := filepath.Join(t.TempDir(), "images.tar")
	one, two := sample(t, false), sample(t, true)
	require.NoError(t, WriteArchive(path, map[string]v1.Image{"kindling.internal/one:1": one, "registry.k8s.io/two:2": two}))

	manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(path) })
	require.NoError(t, err)
	var tags []string
	for _, m := range manifest {
		tags = append(tags, m.RepoTags...)
	}
	assert.ElementsMatch(t, []string{"kindling.internal/one:1", "registry.k8s.io/two:2"}, tags)

	tag, err := name.NewTag("kindling.internal/one:1")
	require.NoError(t, err)
	read, err := tarball.ImageFromPath(path, &tag)
	require.NoError(t, err)
	want, err := one.ConfigName()
	require.NoError(t, err)
	got, err := read.ConfigName()
	require.NoError(t, err)
	assert.Equal(t, want, got, "what `docker images` shows is the digest of the configuration")
	layers, err := read.Layers()
	require.NoError(t, err)
	assert.Len(t, layers, 2)
}

func TestAnArchiveRefusesANameThatIsNone(t *testing.T) {
	err := WriteArchive(filepath.Join(t.TempDir(), "x.tar"), map[string]v1.Image{"Not A Name": empty.Image})
	require.ErrorContains(t, err, "Not A Name")
}

package oci

import (
	"compress/gzip"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/google/go-containerregistry/pkg/compression"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Layer returns the tar archive at path as a layer. Zstandard unpacks several times faster
// than gzip and is read by containerd; an engine older than Docker 23 reads gzip only, which is
// then compressed quickly rather than well, since the image stays on this machine.
func Layer(path string, zstd bool) (v1.Layer, error) {
	if zstd {
		return tarball.LayerFromFile(path,
			tarball.WithCompression(compression.ZStd), tarball.WithCompressionLevel(1), tarball.WithMediaType(types.OCILayerZStd))
	}
	return tarball.LayerFromFile(path, tarball.WithCompressionLevel(gzip.BestSpeed), tarball.WithMediaType(types.OCILayer))
}

// WriteLayer writes the tree to path, as a tar archive, and returns it as a layer.
func WriteLayer(path string, tree *Tree, zstd bool) (v1.Layer, error) {
	file, err := os.Create(path)
	if err != nil {
		return nil, err
	}
	if _, err := tree.WriteTo(file); err != nil {
		file.Close()
		return nil, err
	}
	if err := file.Close(); err != nil {
		return nil, err
	}
	return Layer(path, zstd)
}

// Image puts layers, the lowest first, and a configuration together.
func Image(config v1.Config, layers ...v1.Layer) (v1.Image, error) {
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	image, err := mutate.AppendLayers(base, layers...)
	if err != nil {
		return nil, fmt.Errorf("append layers: %w", err)
	}
	file, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture = "linux", runtime.GOARCH
	file.Config, file.Created = config, v1.Time{Time: time.Unix(0, 0).UTC()}
	for i := range file.History {
		file.History[i].Created = file.Created
	}
	return mutate.ConfigFile(image, file)
}

// WriteLayout stores the image as the only one of an OCI layout in a new folder.
func WriteLayout(dir string, image v1.Image) error {
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return fmt.Errorf("start an OCI layout in %s: %w", dir, err)
	}
	return path.AppendImage(image)
}

// ReadLayout returns the only image of an OCI layout.
func ReadLayout(dir string) (v1.Image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	if len(manifest.Manifests) != 1 {
		return nil, fmt.Errorf("%s holds %d images, want one", dir, len(manifest.Manifests))
	}
	return index.Image(manifest.Manifests[0].Digest)
}

// WriteArchive writes images, by reference, as one archive that `docker load` and containerd
// read.
func WriteArchive(path string, images map[string]v1.Image) error {
	named := make(map[name.Reference]v1.Image, len(images))
	for text, image := range images {
		ref, err := name.NewTag(text)
		if err != nil {
			return err
		}
		named[ref] = image
	}
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	if err := tarball.MultiRefWrite(named, file); err != nil {
		file.Close()
		return fmt.Errorf("write %s: %w", path, err)
	}
	return file.Close()
}

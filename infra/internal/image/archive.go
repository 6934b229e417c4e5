package image

import (
	"archive/tar"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// WriteDockerArchive writes an image to a file that `docker load` reads, under
// the reference ref ("name:tag"). Layers are written uncompressed: engines
// before 23.0 know no zstd. The file appears whole or not at all.
func WriteDockerArchive(file, ref string, img v1.Image) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	err = errors.Join(writeArchive(temporary, ref, img), temporary.Close())
	if err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write archive of %s: %w", ref, err), os.Remove(temporary.Name()))
	}
	return nil
}

// archiveManifest is the entry of manifest.json that names the other files.
type archiveManifest struct {
	Config   string
	RepoTags []string
	Layers   []string
}

func writeArchive(to io.Writer, ref string, img v1.Image) error {
	writer := tar.NewWriter(to)
	config, err := img.RawConfigFile()
	if err != nil {
		return err
	}
	manifest := archiveManifest{Config: hashOf(config).Hex + ".json", RepoTags: []string{ref}}
	if err := writeFile(writer, manifest.Config, config); err != nil {
		return err
	}
	layers, err := img.Layers()
	if err != nil {
		return err
	}
	for _, l := range layers {
		diffID, err := l.DiffID()
		if err != nil {
			return err
		}
		entry := diffID.Hex + "/layer.tar"
		if err := writeLayer(writer, entry, l); err != nil {
			return fmt.Errorf("layer %s: %w", diffID, err)
		}
		manifest.Layers = append(manifest.Layers, entry)
	}
	index, err := json.Marshal([]archiveManifest{manifest})
	if err != nil {
		return err
	}
	return errors.Join(writeFile(writer, "manifest.json", index), writer.Close())
}

func writeFile(writer *tar.Writer, name string, content []byte) error {
	if err := writer.WriteHeader(archiveHeader(name, int64(len(content)))); err != nil {
		return err
	}
	_, err := writer.Write(content)
	return err
}

// writeLayer reads a layer twice, since a tar entry begins with its size.
func writeLayer(writer *tar.Writer, name string, l v1.Layer) error {
	size, err := copyLayer(io.Discard, l)
	if err != nil {
		return err
	}
	if err := writer.WriteHeader(archiveHeader(name, size)); err != nil {
		return err
	}
	_, err = copyLayer(writer, l)
	return err
}

func copyLayer(to io.Writer, l v1.Layer) (int64, error) {
	content, err := l.Uncompressed()
	if err != nil {
		return 0, err
	}
	size, err := io.Copy(to, content)
	return size, errors.Join(err, content.Close())
}

func archiveHeader(name string, size int64) *tar.Header {
	return &tar.Header{Name: name, Mode: 0o644, Size: size, Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0)}
}

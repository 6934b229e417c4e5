package image

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/klauspost/compress/zstd"
)

// Entry is a file or folder in a layer. A Name that ends in "/" is a folder.
type Entry struct {
	Name     string
	Mode     int64
	UID, GID int
	Content  []byte
}

// Tar writes entries in the given order with times of zero, so that the same
// entries always give the same bytes.
func Tar(entries ...Entry) ([]byte, error) {
	var buffer bytes.Buffer
	writer := tar.NewWriter(&buffer)
	for _, e := range entries {
		header := &tar.Header{
			Name: e.Name, Mode: e.Mode, Uid: e.UID, Gid: e.GID, Size: int64(len(e.Content)),
			Typeflag: tar.TypeReg, ModTime: time.Unix(0, 0), Format: tar.FormatUSTAR,
		}
		if strings.HasSuffix(e.Name, "/") {
			header.Typeflag = tar.TypeDir
		}
		if err := writer.WriteHeader(header); err != nil {
			return nil, fmt.Errorf("write %s: %w", e.Name, err)
		}
		if _, err := writer.Write(e.Content); err != nil {
			return nil, fmt.Errorf("write %s: %w", e.Name, err)
		}
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return buffer.Bytes(), nil
}

// layer is a layer whose compressed bytes can be opened again and again.
type layer struct {
	Facts layerFacts
	open  func() (io.ReadCloser, error)
}

type layerFacts struct {
	Digest    v1.Hash         `json:"digest"`
	DiffID    v1.Hash         `json:"diffID"`
	Size      int64           `json:"size"`
	MediaType types.MediaType `json:"mediaType"`
}

func (l *layer) Digest() (v1.Hash, error)            { return l.Facts.Digest, nil }
func (l *layer) DiffID() (v1.Hash, error)            { return l.Facts.DiffID, nil }
func (l *layer) Size() (int64, error)                { return l.Facts.Size, nil }
func (l *layer) MediaType() (types.MediaType, error) { return l.Facts.MediaType, nil }
func (l *layer) Compressed() (io.ReadCloser, error)  { return l.open() }
func (l *layer) Uncompressed() (io.ReadCloser, error) {
	compressed, err := l.open()
	if err != nil || l.Facts.MediaType != types.OCILayerZStd {
		return compressed, err
	}
	decoder, err := zstd.NewReader(compressed)
	if err != nil {
		return nil, errors.Join(err, compressed.Close())
	}
	return &decoded{decoder, compressed}, nil
}

type decoded struct {
	*zstd.Decoder
	source io.Closer
}

func (d *decoded) Close() error {
	d.Decoder.Close()
	return d.source.Close()
}

// TarLayer is a layer of an uncompressed tar in memory.
func TarLayer(content []byte) v1.Layer {
	hash := hashOf(content)
	return &layer{
		Facts: layerFacts{Digest: hash, DiffID: hash, Size: int64(len(content)), MediaType: types.OCIUncompressedLayer},
		open:  func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(content)), nil },
	}
}

// TarFileLayer is a layer of an uncompressed tar in a file, which must stay as
// it is for as long as the layer is used.
func TarFileLayer(file string) (v1.Layer, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, opened)
	if err != nil {
		return nil, fmt.Errorf("read layer %s: %w", file, err)
	}
	hash := v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum.Sum(nil))}
	return &layer{
		Facts: layerFacts{Digest: hash, DiffID: hash, Size: size, MediaType: types.OCIUncompressedLayer},
		open:  func() (io.ReadCloser, error) { return os.Open(file) },
	}, nil
}

// compress makes a zstd layer of a tar. Measured on a Go binary of 12 MB: 0.13 s
// and 5.1 MB, where gzip takes 0.32 s at its fastest level for 5.4 MB.
func compress(content []byte) (layerFacts, []byte, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	if err != nil {
		return layerFacts{}, nil, err
	}
	compressed := encoder.EncodeAll(content, nil)
	return layerFacts{
		Digest: hashOf(compressed), DiffID: hashOf(content),
		Size: int64(len(compressed)), MediaType: types.OCILayerZStd,
	}, compressed, encoder.Close()
}

func hashOf(content []byte) v1.Hash {
	sum := sha256.Sum256(content)
	return v1.Hash{Algorithm: "sha256", Hex: hex.EncodeToString(sum[:])}
}

// layerFormat is part of a cached layer's name; raise it when the same input
// shall give another layer.
const layerFormat = "1"

// cachedLayer is the compressed layer that belongs to key, made by makeTar when
// it is not in the folder yet.
func cachedLayer(folder string, key []byte, makeTar func() ([]byte, error)) (v1.Layer, error) {
	stem := filepath.Join(folder, hashOf(key).Hex+"-"+layerFormat)
	blob, facts := stem+".tar.zst", layerFacts{}
	stored, err := os.ReadFile(stem + ".json")
	if err == nil && json.Unmarshal(stored, &facts) == nil && sizeOf(blob) == facts.Size {
		now := time.Now()
		_ = os.Chtimes(blob, now, now) // only tells pruning that it is in use
		return fileLayer(facts, blob), nil
	}
	content, err := makeTar()
	if err != nil {
		return nil, err
	}
	facts, compressed, err := compress(content)
	if err != nil {
		return nil, err
	}
	if stored, err = json.Marshal(facts); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	// The facts come last: they exist only once the blob is whole.
	if err := errors.Join(writeAtomically(blob, compressed), writeAtomically(stem+".json", stored)); err != nil {
		return nil, err
	}
	return fileLayer(facts, blob), nil
}

func memoryLayer(facts layerFacts, compressed []byte) v1.Layer {
	return &layer{Facts: facts, open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(compressed)), nil }}
}

func fileLayer(facts layerFacts, file string) v1.Layer {
	return &layer{Facts: facts, open: func() (io.ReadCloser, error) { return os.Open(file) }}
}

func sizeOf(file string) int64 {
	info, err := os.Stat(file)
	if err != nil {
		return -1
	}
	return info.Size()
}

func writeAtomically(file string, content []byte) error {
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(content)
	if err = errors.Join(err, temporary.Chmod(0o644), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return errors.Join(err, os.Remove(temporary.Name()))
	}
	return nil
}

// Package image builds OCI images of services without a container engine, and
// moves images into registries and engine archives. What it makes depends on the
// sources only: two builds in different folders have the same digest.
package image

import (
	"context"
	"fmt"
	"path/filepath"
	"runtime"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// nonroot is the user and group that services run as, as IDs, because the
// kubelet must see that the user is not root without reading the image.
const nonroot = "65532:65532"

// Builder builds the images of the services under Root.
type Builder struct {
	Root     string            // the repository
	CacheDir string            // binaries and compressed layers; may be shared between checkouts
	Labels   map[string]string // further org.opencontainers.image.* labels; must not name time or commit
}

// Built is an image that exists on this machine.
type Built struct {
	Service    string
	Digest     string // of the manifest: "sha256:…"
	Size       int64  // bytes of configuration and compressed layers
	BinarySize int64  // bytes of the binary in it
	Elapsed    time.Duration
	Image      v1.Image
	Binary     string // the binary's path in the cache
}

// Build compiles a service and wraps it into an image. A service that does not
// compile gives a *CompileError.
func (b Builder) Build(ctx context.Context, service string) (Built, error) {
	start := time.Now()
	binary, err := b.compile(ctx, service)
	if err != nil {
		return Built{}, err
	}
	layer, binarySize, err := b.binaryLayer(binary)
	if err != nil {
		return Built{}, fmt.Errorf("make the layer of %s: %w", service, err)
	}
	base, err := baseLayer()
	if err != nil {
		return Built{}, fmt.Errorf("make the base layer: %w", err)
	}
	img, err := Assemble(b.config(service), base, layer)
	if err != nil {
		return Built{}, fmt.Errorf("assemble the image of %s: %w", service, err)
	}
	built := Built{Service: service, BinarySize: binarySize, Image: img, Binary: binary}
	if built.Digest, built.Size, err = measure(img); err != nil {
		return Built{}, fmt.Errorf("measure the image of %s: %w", service, err)
	}
	built.Elapsed = time.Since(start)
	return built, nil
}

// config describes the container. It names no commit and no time, so that a
// commit elsewhere in the repository does not change the digest.
func (b Builder) config(service string) v1.Config {
	labels := map[string]string{"org.opencontainers.image.title": service}
	for key, value := range b.Labels {
		labels[key] = value
	}
	return v1.Config{
		User:       nonroot,
		Entrypoint: []string{"/service"},
		WorkingDir: "/",
		Env:        []string{"PATH=/", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		Labels:     labels,
	}
}

// binaryLayer wraps a binary into a compressed layer. The layer is cached by
// the binary's hash: compressing takes longer than all else but the compiler.
func (b Builder) binaryLayer(binary string) (v1.Layer, int64, error) {
	content, err := readBinary(binary)
	if err != nil {
		return nil, 0, err
	}
	layer, err := cachedLayer(filepath.Join(b.CacheDir, "layers"), content, func() ([]byte, error) {
		return Tar(Entry{Name: "service", Mode: 0o555, Content: content})
	})
	return layer, int64(len(content)), err
}

func measure(img v1.Image) (digest string, size int64, err error) {
	hash, err := img.Digest()
	if err != nil {
		return "", 0, err
	}
	manifest, err := img.Manifest()
	if err != nil {
		return "", 0, err
	}
	size = manifest.Config.Size
	for _, layer := range manifest.Layers {
		size += layer.Size
	}
	return hash.String(), size, nil
}

// hostPlatform is what images are built for: Linux on this machine's processor.
func hostPlatform() v1.Platform {
	return v1.Platform{OS: "linux", Architecture: runtime.GOARCH}
}

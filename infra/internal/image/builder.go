// Package image builds OCI images of services without a container engine, and
// moves images into registries and engine archives. What it makes depends on the
// sources only: two builds in different folders have the same digest.
package image

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/mutate"

	"kindling.internal/infra/internal/oci"
)

// nonroot is the ID of the user and group that services run as.
const nonroot = 65532

// Builder builds the images of the services under Root.
type Builder struct {
	Root     string            // the repository
	CacheDir string            // keeps binaries between builds; may be shared between checkouts
	Labels   map[string]string // further org.opencontainers.image.* labels; must not name time or commit
}

// Built is an image that exists on this machine.
type Built struct {
	Service    string
	Digest     string // of the manifest: "sha256:…"
	Size       int64  // bytes of configuration and layers
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
	img, binarySize, err := b.assemble(service, binary)
	if err != nil {
		return Built{}, fmt.Errorf("make the image of %s: %w", service, err)
	}
	built := Built{Service: service, BinarySize: binarySize, Image: img, Binary: binary}
	if built.Digest, built.Size, err = measure(img); err != nil {
		return Built{}, fmt.Errorf("measure the image of %s: %w", service, err)
	}
	built.Elapsed = time.Since(start)
	return built, nil
}

// assemble makes the image. It names no commit and no time, so that a commit
// elsewhere in the repository does not change the digest.
func (b Builder) assemble(service, binary string) (img v1.Image, binarySize int64, err error) {
	base, err := baseLayer()
	if err != nil {
		return nil, 0, err
	}
	layer, binarySize, err := binaryLayer(binary)
	if err != nil {
		return nil, 0, err
	}
	labels := map[string]string{"org.opencontainers.image.title": service}
	maps.Copy(labels, b.Labels)
	img, err = oci.Image(v1.Config{
		// By number, because the kubelet must see that the user is not root
		// without reading /etc/passwd.
		User:       fmt.Sprintf("%d:%d", nonroot, nonroot),
		Entrypoint: []string{"/service"},
		WorkingDir: "/",
		Env:        []string{"PATH=/", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		Labels:     labels,
	}, base, layer)
	if err != nil {
		return nil, 0, err
	}
	annotated, ok := mutate.Annotations(img, labels).(v1.Image)
	if !ok {
		return nil, 0, errors.New("annotate: the library returned no image")
	}
	return annotated, binarySize, nil
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

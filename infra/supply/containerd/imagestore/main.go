// Command imagestore fills a containerd root directory with images, without a running containerd.
//
// Usage: imagestore ROOT ARCHIVE...
//
// ROOT is what becomes /var/lib/containerd of a node; each ARCHIVE is an OCI or Docker image
// archive. Images are stored in the namespace of the kubelet and are not unpacked: containerd
// does that when the first container starts. What is written is what `ctr images import
// --no-unpack` would have written, so a node that boots with it finds its images present.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/containerd/containerd/v2/core/content"
	"github.com/containerd/containerd/v2/core/images"
	"github.com/containerd/containerd/v2/core/images/archive"
	"github.com/containerd/containerd/v2/core/metadata"
	"github.com/containerd/containerd/v2/pkg/namespaces"
	"github.com/containerd/containerd/v2/plugins/content/local"
	"github.com/containerd/errdefs"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	bolt "go.etcd.io/bbolt"
)

// namespace is where the kubelet's images live.
const namespace = "k8s.io"

// managed marks images that the kubelet may list and collect.
var managed = map[string]string{"io.cri-containerd.image": "managed"}

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: imagestore ROOT ARCHIVE...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "imagestore:", err)
		os.Exit(1)
	}
}

func run(root string, archives []string) (err error) {
	store, err := open(root)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.bolt.Close()) }()
	ctx := namespaces.WithNamespace(context.Background(), namespace)
	if err := store.db.Init(ctx); err != nil {
		return fmt.Errorf("initialise metadata: %w", err)
	}
	for _, path := range archives {
		if err := store.add(ctx, path); err != nil {
			return fmt.Errorf("import %s: %w", path, err)
		}
	}
	return nil
}

// imageStore is containerd's content and metadata, opened directly.
type imageStore struct {
	bolt   *bolt.DB
	db     *metadata.DB
	images images.Store
}

func open(root string) (*imageStore, error) {
	blobs, err := local.NewStore(filepath.Join(root, "io.containerd.content.v1.content"))
	if err != nil {
		return nil, fmt.Errorf("open content store: %w", err)
	}
	dir := filepath.Join(root, "io.containerd.metadata.v1.bolt")
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, err
	}
	file, err := bolt.Open(filepath.Join(dir, "meta.db"), 0o644, nil)
	if err != nil {
		return nil, fmt.Errorf("open metadata: %w", err)
	}
	db := metadata.NewDB(file, blobs, nil)
	return &imageStore{bolt: file, db: db, images: metadata.NewImageStore(db)}, nil
}

// add stores one archive's blobs and a record for every name and digest in its index.
func (s *imageStore) add(ctx context.Context, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	blobs := s.db.ContentStore()
	index, err := archive.ImportIndex(ctx, blobs, file)
	if err != nil {
		return err
	}
	manifests, err := s.manifests(ctx, blobs, index)
	if err != nil {
		return err
	}
	// Labels on each blob tell containerd's garbage collector what still refers to it.
	labelled := images.SetChildrenMappedLabels(blobs, images.ChildrenHandler(blobs), images.ChildGCLabels)
	for _, m := range manifests {
		if err := images.Walk(ctx, labelled, m); err != nil {
			return err
		}
		if err := s.record(ctx, m); err != nil {
			return err
		}
	}
	return nil
}

func (s *imageStore) manifests(ctx context.Context, blobs content.Store, index ocispec.Descriptor) ([]ocispec.Descriptor, error) {
	children, err := images.Children(ctx, blobs, index)
	if err != nil {
		return nil, err
	}
	named := slices.DeleteFunc(children, func(d ocispec.Descriptor) bool { return d.Annotations[images.AnnotationImageName] == "" })
	if len(named) == 0 {
		return nil, errors.New("the archive names no image")
	}
	return named, nil
}

func (s *imageStore) record(ctx context.Context, manifest ocispec.Descriptor) error {
	name := manifest.Annotations[images.AnnotationImageName]
	image := images.Image{Name: name, Target: manifest, Labels: managed}
	if _, err := s.images.Create(ctx, image); err == nil || !errdefs.IsAlreadyExists(err) {
		return err
	}
	_, err := s.images.Update(ctx, image)
	return err
}

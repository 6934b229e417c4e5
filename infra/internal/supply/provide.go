package supply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"kindling.internal/infra/internal/oci"
)

// Source is the source supply, built.
type Source struct {
	dirs map[string]string // folders of the finished parts
}

// NewSource returns the supply whose finished parts lie in the given folders, as Ensure returns
// them.
func NewSource(dirs map[string]string) Source {
	return Source{dirs: dirs}
}

// terraformNames are the keys of the workloads root's `images` variable.
var terraformNames = map[string]string{"ingress-nginx": "ingress-nginx-controller", "metrics-server": "metrics-server", "postgres": "postgres"}

// EngineImage is an image that the container engine runs itself.
type EngineImage struct {
	Ref   string // kindling.internal/NAME:HASH
	Image v1.Image
}

// engineImage names the image by its content, so that a changed part is a changed name.
func (s Source) engineImage(part string) (EngineImage, error) {
	image, err := oci.ReadLayout(filepath.Join(s.dirs[part], "image"))
	if err != nil {
		return EngineImage{}, err
	}
	digest, err := image.Digest()
	if err != nil {
		return EngineImage{}, err
	}
	tag := digest.Hex[:12]
	if part == "node" {
		tag = KubernetesVersion + "-" + tag
	}
	return EngineImage{Ref: "kindling.internal/" + part + ":" + tag, Image: image}, nil
}

// Node is the image of a cluster's nodes.
func (s Source) Node() (EngineImage, error) { return s.engineImage("node") }

// Registry is the image of the local registry.
func (s Source) Registry() (EngineImage, error) { return s.engineImage("registry") }

// WriteArchive writes the image for `docker load` and returns the file, which the caller removes.
func (i EngineImage) WriteArchive() (string, error) {
	file, err := os.CreateTemp("", "kindling-*.tar")
	if err != nil {
		return "", err
	}
	if err := file.Close(); err != nil {
		return "", err
	}
	if err := oci.WriteArchive(file.Name(), map[string]v1.Image{i.Ref: i.Image}); err != nil {
		os.Remove(file.Name())
		return "", err
	}
	return file.Name(), nil
}

// WorkloadImage is a third-party image that runs in the cluster.
type WorkloadImage struct {
	Name      string // key of Terraform's `images`
	Published string // the image it stands for: registry.k8s.io/ingress-nginx/controller:v1.11.0
	Image     v1.Image
}

// Reference is the published name with this image's digest. Nodes find it in the local registry,
// which mirrors the one that the name starts with.
func (w WorkloadImage) Reference() (string, error) {
	digest, err := w.Image.Digest()
	if err != nil {
		return "", err
	}
	return w.Published + "@" + digest.String(), nil
}

// WorkloadImages are the images that environments take from the supply.
func (s Source) WorkloadImages(root string) ([]WorkloadImage, error) {
	images := make([]WorkloadImage, 0, len(workloadImages))
	for _, part := range workloadImages {
		spec, err := readImageSpec(filepath.Join(root, "infra", "supply", part))
		if err != nil {
			return nil, err
		}
		image, err := oci.ReadLayout(filepath.Join(s.dirs[part], "image"))
		if err != nil {
			return nil, err
		}
		images = append(images, WorkloadImage{Name: terraformNames[part], Published: spec.Name, Image: image})
	}
	return images, nil
}

// Push stores the image in the local registry, under the name that nodes ask the mirror for. It
// reports false when it was there.
func (w WorkloadImage) Push(ctx context.Context, registry string) (bool, error) {
	published, err := name.NewTag(w.Published)
	if err != nil {
		return false, err
	}
	digest, err := w.Image.Digest()
	if err != nil {
		return false, err
	}
	repository := strings.Join([]string{registry, registryFolder(published.RegistryStr()), published.RepositoryStr()}, "/")
	ref, err := name.NewDigest(repository+"@"+digest.String(), name.Insecure)
	if err != nil {
		return false, err
	}
	if _, err := remote.Head(ref, remote.WithContext(ctx)); err == nil {
		return false, nil
	}
	if err := remote.Write(ref, w.Image, remote.WithContext(ctx)); err != nil {
		return false, fmt.Errorf("push %s: %w", ref, err)
	}
	return true, nil
}

// registryFolder is the registry's name as people write it: Docker's own is docker.io.
func registryFolder(host string) string {
	if host == name.DefaultRegistry {
		return "docker.io"
	}
	return host
}

// Fingerprint changes when one of the providers does.
func (s Source) Fingerprint() string {
	sum := sha256.New()
	for _, p := range Providers {
		fmt.Fprintln(sum, filepath.Base(s.dirs[p.Part]))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Mirror writes the providers' mirror.
func (s Source) Mirror(dir string) error { return WriteMirror(dir, s.dirs) }

package supply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"kindling.internal/infra/internal/oci"
)

// Provided is a supply whose parts are there. What it does not have is published, and named by the
// Terraform modules' defaults.
type Provided struct {
	dirs map[string]string // folders of the parts that were built here
}

// NewProvided returns the supply whose parts lie in the given folders, as Ensure returns them.
func NewProvided(dirs map[string]string) Provided {
	return Provided{dirs: dirs}
}

// terraformNames are the keys of the workloads root's `images` variable.
var terraformNames = map[string]string{IngressController: "ingress-nginx-controller", "metrics-server": "metrics-server", "postgres": "postgres", natsPart: "nats"}

// EngineImage is an image that the container engine runs itself.
type EngineImage struct {
	Ref   string // kindling.internal/NAME:HASH
	Image v1.Image
}

// EngineImages are the parts that the container engine runs.
var EngineImages = []string{"node", "registry"}

// Has tells whether a part was built here.
func (s Provided) Has(part string) bool { return s.dirs[part] != "" }

// EngineImage names the image of a part by its content, so that a changed part is a changed name.
func (s Provided) EngineImage(part string) (EngineImage, error) {
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

// WorkloadImages are the images that environments take from the supply: when it is upstream, those
// that nobody publishes.
func (s Provided) WorkloadImages(root string) ([]WorkloadImage, error) {
	images := make([]WorkloadImage, 0, len(workloadImages))
	for _, part := range workloadImages {
		if !s.Has(part) {
			continue
		}
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
func (s Provided) Fingerprint() string {
	sum := sha256.New()
	for _, p := range allProviders() {
		if s.Has(p.Part) {
			fmt.Fprintln(sum, filepath.Base(s.dirs[p.Part]))
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// PolicyProgram is the path of the program that evaluates rules.
func (s Provided) PolicyProgram() string {
	return filepath.Join(s.dirs[PolicyPart], "bin", PolicyProgram)
}

// LinkOpenTofu makes path a link to tofu, when that part was built.
func (s Provided) LinkOpenTofu(path string) error {
	if !s.Has(OpenTofuPart) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return replaceLink(path, filepath.Join(s.dirs[OpenTofuPart], "bin", "tofu"))
}

// ProviderMirror is the environment variable that names a mirror of Terraform's registry: an https
// URL that ends in a slash, as some companies run one, or a folder, as `terraform providers mirror`
// fills it. It is asked for what is not built here.
const ProviderMirror = "KINDLING_PROVIDER_MIRROR"

// CheckProviderMirror refuses a value of KINDLING_PROVIDER_MIRROR that Terraform would not take.
func CheckProviderMirror(value string) error {
	if value == "" || strings.HasPrefix(value, "https://") && strings.HasSuffix(value, "/") {
		return nil
	}
	if info, err := os.Stat(value); isFolder(value) && err == nil && info.IsDir() {
		return nil
	}
	return fmt.Errorf("%s is %q; it can be an https URL that ends in a slash, or the path of a folder from the root", ProviderMirror, value)
}

// Mirror writes the mirror of the providers that were built here, and returns the text of the
// Terraform CLI configuration that names it. What was not built here comes from the network mirror,
// or without one from Terraform's registry.
func (s Provided) Mirror(dir, network string) (config string, err error) {
	others := slices.ContainsFunc(Providers, func(p Provider) bool { return p.published() && !s.Has(p.Part) })
	return CLIConfig(dir, others, network), WriteMirror(dir, s.dirs)
}

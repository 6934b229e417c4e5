package supply

import (
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/oci"
)

// imageDir is the folder of a built image part.
func imageDir(t *testing.T, content string) string {
	t.Helper()
	dir := t.TempDir()
	tree := oci.NewTree()
	tree.Bytes("/content", 0o644, []byte(content))
	layer, err := oci.WriteLayer(filepath.Join(dir, "layer.tar"), tree, false)
	require.NoError(t, err)
	image, err := oci.Image(v1.Config{}, layer)
	require.NoError(t, err)
	require.NoError(t, oci.WriteLayout(filepath.Join(dir, "image"), image))
	return dir
}

// sourceProvided has all finished parts; root is a checkout that describes its images.
func sourceProvided(t *testing.T) (p Provided, root string) {
	t.Helper()
	dirs, root := providerDirs(t), t.TempDir()
	for _, part := range append([]string{"node", "registry"}, workloadImages...) {
		dirs[part] = imageDir(t, part)
		write(t, filepath.Join(root, "infra", "supply", part, "image.json"), `{"name": "registry.k8s.io/`+part+`/controller:v1"}`)
	}
	return NewProvided(dirs), root
}

func TestAnEnginesImageIsNamedByItsContent(t *testing.T) {
	p, _ := sourceProvided(t)
	node, err := p.EngineImage("node")
	require.NoError(t, err)
	digest, err := node.Image.Digest()
	require.NoError(t, err)
	assert.Equal(t, "kindling.internal/node:"+KubernetesVersion+"-"+digest.Hex[:12], node.Ref)
	registry, err := p.EngineImage("registry")
	require.NoError(t, err)
	assert.True(t, strings.HasPrefix(registry.Ref, "kindling.internal/registry:"), registry.Ref)

	file, err := node.WriteArchive()
	require.NoError(t, err)
	defer os.Remove(file)
	tag, err := name.NewTag(node.Ref)
	require.NoError(t, err)
	_, err = tarball.ImageFromPath(file, &tag)
	require.NoError(t, err)
}

func TestAWorkloadImageLiesInTheRegistryWhereNodesAskTheMirror(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	at := strings.TrimPrefix(server.URL, "http://")
	p, root := sourceProvided(t)
	images, err := p.WorkloadImages(root)
	require.NoError(t, err)
	require.Len(t, images, 4)
	image := images[0]
	assert.Equal(t, "ingress-nginx-controller", image.Name)
	reference, err := image.Reference()
	require.NoError(t, err)
	digest, err := image.Image.Digest()
	require.NoError(t, err)
	assert.Equal(t, "registry.k8s.io/ingress-nginx/controller:v1@"+digest.String(), reference)

	fresh, err := image.Push(t.Context(), at)
	require.NoError(t, err)
	assert.True(t, fresh)
	stored, err := name.NewDigest(at + "/registry.k8s.io/ingress-nginx/controller@" + digest.String())
	require.NoError(t, err)
	_, err = remote.Image(stored)
	require.NoError(t, err)
	fresh, err = image.Push(t.Context(), at)
	require.NoError(t, err)
	assert.False(t, fresh, "it is there")
}

func TestDockersOwnImagesLieUnderItsUsualName(t *testing.T) {
	assert.Equal(t, "docker.io", registryFolder(name.DefaultRegistry))
	assert.Equal(t, "ghcr.io", registryFolder("ghcr.io"))
}

func TestASourceSupplyNeedsNoOtherRegistry(t *testing.T) {
	p, _ := sourceProvided(t)
	mirror := t.TempDir()
	config, err := p.Mirror(mirror, "")
	require.NoError(t, err)
	assert.Equal(t, CLIConfig(mirror, false, ""), config)
	assert.FileExists(t, mirrored(mirror))
}

func TestAnUpstreamSupplyHasOnlyItsOwnParts(t *testing.T) {
	source, root := sourceProvided(t)
	dirs := map[string]string{}
	for _, part := range Upstream.Parts() {
		dirs[part] = source.dirs[part]
	}
	p := NewProvided(dirs)
	assert.False(t, p.Has("node"))
	assert.True(t, p.Has("registry"))
	images, err := p.WorkloadImages(root)
	require.NoError(t, err)
	assert.Empty(t, images)

	dirs["nats"] = source.dirs["nats"] // a service needs messaging
	images, err = NewProvided(dirs).WorkloadImages(root)
	require.NoError(t, err)
	require.Len(t, images, 1)
	assert.Equal(t, "nats", images[0].Name)

	mirror := t.TempDir()
	config, err := p.Mirror(mirror, "")
	require.NoError(t, err)
	assert.Equal(t, CLIConfig(mirror, true, ""), config)
	assert.NoDirExists(t, filepath.Join(mirror, "registry.terraform.io"))
	assert.DirExists(t, filepath.Join(mirror, "kindling.internal", "kindling", "kind"))
	assert.NotEqual(t, source.Fingerprint(), p.Fingerprint(), "Terraform has to take its providers anew")
}

func TestOpenTofuIsLinkedWhenItWasBuilt(t *testing.T) {
	link := filepath.Join(t.TempDir(), "bin", "tofu")
	require.NoError(t, NewProvided(nil).LinkOpenTofu(link))
	assert.NoFileExists(t, link)

	dir := t.TempDir()
	write(t, filepath.Join(dir, "bin", "tofu"), "tofu")
	require.NoError(t, NewProvided(map[string]string{OpenTofuPart: dir}).LinkOpenTofu(link))
	assert.FileExists(t, link)
}

func TestTheFingerprintFollowsTheProviders(t *testing.T) {
	p, _ := sourceProvided(t)
	before := p.Fingerprint()
	p.dirs["node"] = "/another"
	assert.Equal(t, before, p.Fingerprint())
	p.dirs["provider-kind"] += "-another"
	assert.NotEqual(t, before, p.Fingerprint())
}

func TestAnEnvironmentInACloudTakesItsProviderFromTheMirror(t *testing.T) {
	aws := CloudProviders["eks"]
	dirs := providerDirs(t)
	delete(dirs, "provider-kind") // no cloud needs it
	dirs[aws.Part] = t.TempDir()
	write(t, filepath.Join(dirs[aws.Part], "bin", providerBinary("aws", aws.Version)), "provider-aws")
	mirror := t.TempDir()
	config, err := NewProvided(dirs).Mirror(mirror, "")
	require.NoError(t, err)
	assert.Equal(t, CLIConfig(mirror, false, ""), config, "no registry may be needed")
	assert.FileExists(t, filepath.Join(mirror, "registry.terraform.io", "hashicorp", "aws", aws.Version,
		runtime.GOOS+"_"+runtime.GOARCH, "terraform-provider-aws_v"+aws.Version))

	with := NewProvided(dirs).Fingerprint()
	delete(dirs, aws.Part)
	assert.NotEqual(t, with, NewProvided(dirs).Fingerprint(), "Terraform has to take its providers anew")
}

func TestOnlyCloudsNeedTheirProviders(t *testing.T) {
	parts, err := Parts(filepath.Join("..", "..", ".."))
	require.NoError(t, err)
	for _, provider := range CloudProviders {
		at := slices.IndexFunc(parts, func(p Part) bool { return p.Name == provider.Part })
		require.GreaterOrEqual(t, at, 0, "%s is no part", provider.Part)
		assert.True(t, parts[at].Cloud)
		assert.NotContains(t, Finished, provider.Part)
		assert.NotContains(t, finished(parts), provider.Part)
		assert.NotContains(t, ProviderParts(), provider.Part)
	}
}

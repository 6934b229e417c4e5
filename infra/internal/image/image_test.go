package image

import (
	"archive/tar"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// checkout writes a repository of two services and their shared module into a
// new folder. Its programs import nothing large: linking them takes a moment.
func checkout(t *testing.T) string {
	t.Helper()
	root := t.TempDir()
	const require, main = "\ngo 1.24\nrequire kindling.internal/services/kit v0.0.0\nreplace kindling.internal/services/kit => ../kit\n",
		"package main\n\nimport \"kindling.internal/services/kit/greet\"\n\nfunc main() {\n\tprintln(greet.Hello())\n}\n"
	for name, content := range map[string]string{
		"kit/go.mod":             "module kindling.internal/services/kit\ngo 1.24\n",
		"kit/greet/greet.go":     "package greet\n\nfunc Hello() string { return \"hello\" }\n",
		"catalog/go.mod":         "module kindling.internal/services/catalog" + require,
		"catalog/main.go":        main,
		"inventory/go.mod":       "module kindling.internal/services/inventory" + require,
		"inventory/main.go":      main,
		"inventory/go.work":      "go 1.24\nuse ./nowhere\n", // is not looked at
		"inventory/db/db.go":     "package db\n",
		"inventory/db/x_test.go": "package db\n",
	} {
		write(t, filepath.Join(root, "services", name), content)
	}
	return root
}

func write(t *testing.T, file, content string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
}

func builder(t *testing.T) Builder {
	t.Helper()
	return Builder{Root: checkout(t), CacheDir: t.TempDir()}
}

func build(t *testing.T, b Builder, service string) Built {
	t.Helper()
	built, err := b.Build(t.Context(), service)
	require.NoError(t, err)
	return built
}

func TestTwoCleanBuildsInDifferentFoldersHaveOneDigest(t *testing.T) {
	one, two := build(t, builder(t), "catalog"), build(t, builder(t), "catalog")
	assert.Equal(t, one.Digest, two.Digest)
	assert.Regexp(t, `^sha256:[0-9a-f]{64}$`, one.Digest)
}

func TestAnEditIsGuessedByTheTimesOfFiles(t *testing.T) {
	b, services := builder(t), []string{"catalog", "inventory"}
	assert.True(t, b.Edited(services), "nothing is built")
	for _, service := range services {
		build(t, b, service)
	}
	assert.False(t, b.Edited(services))

	later := time.Now().Add(time.Minute)
	for _, file := range []string{"catalog/service.yaml", "kit/README.md"} {
		write(t, filepath.Join(b.Root, "services", file), "")
		require.NoError(t, os.Chtimes(filepath.Join(b.Root, "services", file), later, later))
	}
	assert.False(t, b.Edited(services), "neither is compiled")
	source := filepath.Join(b.Root, "services/kit/greet/greet.go")
	require.NoError(t, os.Chtimes(source, later, later))
	assert.True(t, b.Edited(services))
}

func TestAnEditChangesTheDigestOfItsServiceOnly(t *testing.T) {
	b := builder(t)
	before := map[string]string{"catalog": build(t, b, "catalog").Digest, "inventory": build(t, b, "inventory").Digest}
	write(t, filepath.Join(b.Root, "services/catalog/main.go"), "package main\n\nfunc main() { println(\"changed\") }\n")
	assert.NotEqual(t, before["catalog"], build(t, b, "catalog").Digest)
	assert.Equal(t, before["inventory"], build(t, b, "inventory").Digest)
}

func TestAnUnchangedServiceIsNotLinkedAgain(t *testing.T) {
	b := builder(t)
	first := build(t, b, "catalog")
	before, err := os.Stat(first.Binary)
	require.NoError(t, err)
	second := build(t, b, "catalog")
	after, err := os.Stat(second.Binary)
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after), "the linker writes a new file")
	assert.Equal(t, first.Digest, second.Digest)
}

func TestTheImageRunsTheServiceAsNonroot(t *testing.T) {
	b := builder(t)
	b.Labels = map[string]string{"org.opencontainers.image.licenses": "Apache-2.0"}
	built := build(t, b, "catalog")
	require.NoError(t, validate.Image(built.Image, validate.Fast))

	config, err := built.Image.ConfigFile()
	require.NoError(t, err)
	assert.Equal(t, []string{"/service"}, config.Config.Entrypoint)
	assert.Equal(t, "65532:65532", config.Config.User)
	assert.Equal(t, "linux", config.OS)
	manifest, err := built.Image.Manifest()
	require.NoError(t, err)
	assert.Equal(t, types.OCIManifestSchema1, manifest.MediaType)
	labels := map[string]string{"org.opencontainers.image.title": "catalog", "org.opencontainers.image.licenses": "Apache-2.0"}
	assert.Equal(t, labels, manifest.Annotations)
	assert.Equal(t, labels, config.Config.Labels)

	files := filesOf(t, built.Image)
	assert.Equal(t, int64(0o555), files["service"].Mode)
	assert.Equal(t, built.BinarySize, files["service"].Size)
	assert.Equal(t, int64(0o1777), files["tmp/"].Mode)
	assert.Greater(t, files["etc/ssl/certs/ca-certificates.crt"].Size, int64(100_000))
	assert.LessOrEqual(t, built.Size-built.BinarySize, int64(2_500_000), "image bytes beyond the binary")
}

func filesOf(t *testing.T, img v1.Image) map[string]*tar.Header {
	t.Helper()
	files := map[string]*tar.Header{}
	layers, err := img.Layers()
	require.NoError(t, err)
	for _, l := range layers {
		content, err := l.Uncompressed()
		require.NoError(t, err)
		for reader := tar.NewReader(content); ; {
			header, err := reader.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(t, err)
			files[header.Name] = header
		}
		require.NoError(t, content.Close())
	}
	return files
}

func TestACompileErrorShowsTheCompilersLinesFromTheRoot(t *testing.T) {
	b := builder(t)
	write(t, filepath.Join(b.Root, "services/inventory/main.go"), "package main\n\nfunc main() {\n\tprintln(stock)\n}\n")
	_, err := b.Build(t.Context(), "inventory")
	var compile *CompileError
	require.ErrorAs(t, err, &compile)
	assert.Equal(t, "inventory", compile.Service)
	assert.Equal(t, "# kindling.internal/services/inventory\nservices/inventory/main.go:4:10: undefined: stock", compile.Output)
}

func TestACompileErrorInTheSharedModuleIsPlacedThere(t *testing.T) {
	b := builder(t)
	write(t, filepath.Join(b.Root, "services/kit/greet/greet.go"), "package greet\n\nfunc Hello() string { return 1 }\n")
	_, err := b.Build(t.Context(), "catalog")
	assert.ErrorContains(t, err, "catalog does not compile:")
	assert.ErrorContains(t, err, "services/kit/greet/greet.go:3:30: cannot use 1")
}

func TestOneFailureLeavesTheOtherServicesUntouched(t *testing.T) {
	b := builder(t)
	write(t, filepath.Join(b.Root, "services/catalog/main.go"), "package main\n\nfunc main() { undefined() }\n")
	stages := map[string][]Stage{}

	built, err := b.BuildAll(t.Context(), []string{"catalog", "inventory"}, func(p Progress) {
		stages[p.Service] = append(stages[p.Service], p.Stage)
	})

	var compile *CompileError
	require.ErrorAs(t, err, &compile)
	assert.Equal(t, "catalog", compile.Service)
	require.Len(t, built, 1)
	assert.Equal(t, "inventory", built[0].Service)
	assert.Equal(t, map[string][]Stage{"catalog": {StageStarted, StageFailed}, "inventory": {StageStarted, StageBuilt}}, stages)
}

func TestAnUnknownServiceIsNamed(t *testing.T) {
	_, err := builder(t).Build(t.Context(), "payments")
	assert.ErrorContains(t, err, "payments is no service")
	assert.ErrorIs(t, err, os.ErrNotExist)
}

func TestAPackageThatIsNoProgramIsRefused(t *testing.T) {
	b := builder(t)
	write(t, filepath.Join(b.Root, "services/catalog/main.go"), "package catalog\n")
	_, err := b.Build(t.Context(), "catalog")
	assert.ErrorContains(t, err, "catalog is no Linux program; is its package main?")
}

func TestACancelledBuildSaysSo(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := builder(t).Build(ctx, "catalog")
	assert.ErrorIs(t, err, context.Canceled)
}

func TestTheCacheForgetsCheckoutsThatAreGone(t *testing.T) {
	b, gone := builder(t), builder(t)
	gone.CacheDir = b.CacheDir
	build(t, gone, "catalog")
	require.NoError(t, os.RemoveAll(gone.Root))
	_, err := b.BuildAll(t.Context(), []string{"catalog"}, nil)
	require.NoError(t, err)
	folders, err := os.ReadDir(filepath.Join(b.CacheDir, "binaries"))
	require.NoError(t, err)
	assert.Len(t, folders, 1)
}

func localRegistry(t *testing.T) string {
	t.Helper()
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(server.Close)
	return strings.Replace(strings.TrimPrefix(server.URL, "http://"), "127.0.0.1", "localhost", 1)
}

func TestAnImageIsPushedOnce(t *testing.T) {
	host, built := localRegistry(t), build(t, builder(t), "catalog")

	ref, pushed, err := Push(t.Context(), built, host, true)
	require.NoError(t, err)
	assert.True(t, pushed)
	assert.Equal(t, host+"/catalog@"+built.Digest, ref)

	again, pushed, err := Push(t.Context(), built, host, true)
	require.NoError(t, err)
	assert.False(t, pushed)
	assert.Equal(t, ref, again)
}

func TestTheBillOfMaterialsIsAttachedToTheImage(t *testing.T) {
	for _, referrers := range []bool{true, false} { // with the referrers API, and by its fallback tag
		server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(referrers)))
		host, built := strings.TrimPrefix(server.URL, "http://"), build(t, builder(t), "catalog")
		_, _, err := Push(t.Context(), built, host, true)
		require.NoError(t, err)

		subject, err := name.NewDigest(host+"/catalog@"+built.Digest, name.Insecure)
		require.NoError(t, err)
		index, err := remote.Referrers(subject)
		require.NoError(t, err)
		manifest, err := index.IndexManifest()
		require.NoError(t, err)
		require.Len(t, manifest.Manifests, 1)
		assert.Equal(t, string(spdxType), manifest.Manifests[0].ArtifactType)
		artifact, err := remote.Image(subject.Context().Digest(manifest.Manifests[0].Digest.String()))
		require.NoError(t, err)
		layers, err := artifact.Layers()
		require.NoError(t, err)
		content, err := layers[0].Compressed()
		require.NoError(t, err)
		var document spdxDocument
		require.NoError(t, json.NewDecoder(content).Decode(&document))
		assert.Equal(t, "kindling.internal/services/catalog", document.Packages[0].Name)
		assert.Equal(t, "stdlib", document.Packages[1].Name)
		assert.Equal(t, strings.TrimPrefix(runtime.Version(), "go"), document.Packages[1].Version)
		assert.Equal(t, "kindling.internal/services/kit", document.Packages[2].Name)
		server.Close()
	}
}

func TestTheBillOfMaterialsIsTheSameForTheSameImage(t *testing.T) {
	one, err := sbom(build(t, builder(t), "catalog"))
	require.NoError(t, err)
	two, err := sbom(build(t, builder(t), "catalog"))
	require.NoError(t, err)
	assert.Equal(t, string(one), string(two))
}

func TestARegistryThatIsAwayIsNamed(t *testing.T) {
	built := build(t, builder(t), "catalog")
	_, _, err := Push(t.Context(), built, "localhost:1", true)
	var unreachable *UnreachableError
	require.ErrorAs(t, err, &unreachable)
	assert.ErrorContains(t, err, "registry localhost:1 does not answer: dial tcp")
}

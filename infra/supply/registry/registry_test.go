package main

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// serving returns the host:port of a registry on the folder of o.
func serving(t *testing.T, o options) string {
	t.Helper()
	registry, err := newRegistry(t.Context(), o, slog.New(slog.NewTextHandler(io.Discard, nil)))
	require.NoError(t, err)
	server := httptest.NewServer(registry)
	t.Cleanup(func() { server.Close(); registry.close() })
	return strings.TrimPrefix(server.URL, "http://")
}

func parsed(t *testing.T, text string) name.Reference {
	t.Helper()
	ref, err := name.ParseReference(text)
	require.NoError(t, err)
	return ref
}

func image(t *testing.T) v1.Image {
	t.Helper()
	img, err := random.Image(1024, 2)
	require.NoError(t, err)
	return img
}

func digestOf(t *testing.T, img v1.Image) string {
	t.Helper()
	digest, err := img.Digest()
	require.NoError(t, err)
	return digest.String()
}

func TestAnImageComesBackByTagAndByDigest(t *testing.T) {
	host := serving(t, options{root: t.TempDir()})
	img := image(t)
	require.NoError(t, remote.Write(parsed(t, host+"/shop/catalog:v1"), img))

	for _, ref := range []string{host + "/shop/catalog:v1", host + "/shop/catalog@" + digestOf(t, img)} {
		pulled, err := remote.Image(parsed(t, ref))
		require.NoError(t, err)
		assert.Equal(t, digestOf(t, img), digestOf(t, pulled))
	}
}

func TestATagIsNotMovedToAnotherDigest(t *testing.T) {
	host := serving(t, options{root: t.TempDir()})
	first, second := image(t), image(t)
	tag := parsed(t, host+"/catalog:v1")
	require.NoError(t, remote.Write(tag, first))

	err := remote.Write(tag, second)

	var refused *transport.Error
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, http.StatusForbidden, refused.StatusCode)
	require.Len(t, refused.Errors, 1)
	assert.Equal(t, transport.DeniedErrorCode, refused.Errors[0].Code)
	assert.Equal(t, "tag v1 of catalog is "+digestOf(t, first)+" and cannot be moved to "+digestOf(t, second)+": push under another tag",
		refused.Errors[0].Message)
	kept, err := remote.Image(tag)
	require.NoError(t, err)
	assert.Equal(t, digestOf(t, first), digestOf(t, kept))
	_, err = remote.Head(parsed(t, host+"/catalog@"+digestOf(t, second)))
	assert.Error(t, err, "the refused manifest must not be stored either")
}

func TestTheSameDigestMayBePushedAgain(t *testing.T) {
	host := serving(t, options{root: t.TempDir()})
	img := image(t)
	require.NoError(t, remote.Write(parsed(t, host+"/catalog:v1"), img))
	// By hand: clients skip the push of a manifest that is there.
	assert.Equal(t, http.StatusCreated, put(t, host, "catalog", "v1", img))
}

func put(t *testing.T, host, repository, tag string, img v1.Image) int {
	t.Helper()
	manifest, err := img.RawManifest()
	require.NoError(t, err)
	mediaType, err := img.MediaType()
	require.NoError(t, err)
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPut, "http://"+host+"/v2/"+repository+"/manifests/"+tag, strings.NewReader(string(manifest)))
	require.NoError(t, err)
	request.Header.Set("Content-Type", string(mediaType))
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func TestAnotherDigestMayBePushedUnderAnotherTagOrNone(t *testing.T) {
	host := serving(t, options{root: t.TempDir()})
	require.NoError(t, remote.Write(parsed(t, host+"/catalog:v1"), image(t)))
	require.NoError(t, remote.Write(parsed(t, host+"/catalog:v2"), image(t)))
	untagged := image(t)
	require.NoError(t, remote.Write(parsed(t, host+"/catalog@"+digestOf(t, untagged)), untagged))
}

func TestOfTwoPushesOfANewTagOneWins(t *testing.T) {
	host := serving(t, options{root: t.TempDir()})
	const pushes = 8
	images := make([]v1.Image, pushes)
	for i := range images {
		images[i] = image(t)
		digest := digestOf(t, images[i])
		require.NoError(t, remote.Write(parsed(t, host+"/catalog@"+digest), images[i]))
	}
	codes := make([]int, pushes)
	var group sync.WaitGroup
	for i := range images {
		group.Go(func() { codes[i] = put(t, host, "catalog", "v1", images[i]) })
	}
	group.Wait()

	won := 0
	for _, code := range codes {
		if code == http.StatusCreated {
			won++
			continue
		}
		assert.Equal(t, http.StatusForbidden, code)
	}
	assert.Equal(t, 1, won)
}

func TestTheListOfAttachmentsOfAnImageMayGrow(t *testing.T) {
	host := serving(t, options{root: t.TempDir()})
	img := image(t)
	subject := parsed(t, host+"/catalog@"+digestOf(t, img)).(name.Digest)
	require.NoError(t, remote.Write(subject, img))
	described, err := remote.Get(subject)
	require.NoError(t, err)
	for range 2 {
		attachment := mutate.Subject(image(t), described.Descriptor).(v1.Image)
		require.NoError(t, remote.Write(parsed(t, host+"/catalog@"+digestOf(t, attachment)), attachment))
	}

	referrers, err := remote.Referrers(subject)
	require.NoError(t, err)
	manifest, err := referrers.IndexManifest()
	require.NoError(t, err)
	assert.Len(t, manifest.Manifests, 2)
}

func TestAnIndexMayBeMirroredForSomeOfItsPlatforms(t *testing.T) {
	host := serving(t, options{root: t.TempDir()})
	index := mutate.AppendManifests(empty.Index,
		mutate.IndexAddendum{Add: image(t)}, mutate.IndexAddendum{Add: image(t)})
	digest, err := index.Digest()
	require.NoError(t, err)

	// Put writes the index alone, not what it lists.
	require.NoError(t, remote.Put(parsed(t, host+"/mirror@"+digest.String()), index))
}

func TestDeletionIsOffUnlessItIsAskedFor(t *testing.T) {
	img := image(t)
	for deletes, check := range map[bool]assert.ErrorAssertionFunc{false: assert.Error, true: assert.NoError} {
		host := serving(t, options{root: t.TempDir(), deletes: deletes})
		require.NoError(t, remote.Write(parsed(t, host+"/catalog:v1"), img))
		check(t, remote.Delete(parsed(t, host+"/catalog@"+digestOf(t, img))), "delete: %v", deletes)
	}
}

func TestImagesAndTagsSurviveARestart(t *testing.T) {
	root := t.TempDir()
	img := image(t)
	require.NoError(t, remote.Write(parsed(t, serving(t, options{root: root})+"/catalog:v1"), img))

	again := serving(t, options{root: root})
	pulled, err := remote.Image(parsed(t, again+"/catalog:v1"))
	require.NoError(t, err)
	assert.Equal(t, digestOf(t, img), digestOf(t, pulled))
	assert.Error(t, remote.Write(parsed(t, again+"/catalog:v1"), image(t)))
}

func TestTheCatalogListsRepositories(t *testing.T) {
	host := serving(t, options{root: t.TempDir()})
	for _, repository := range []string{"catalog", "registry.k8s.io/pause"} {
		require.NoError(t, remote.Write(parsed(t, host+"/"+repository+":v1"), image(t)))
	}
	registry, err := name.NewRegistry(host)
	require.NoError(t, err)
	repositories, err := remote.Catalog(t.Context(), registry)
	require.NoError(t, err)
	assert.ElementsMatch(t, []string{"catalog", "registry.k8s.io/pause"}, repositories)
}

func TestItIsUnhealthyWhenImagesCannotBeStored(t *testing.T) {
	root := filepath.Join(t.TempDir(), "images")
	host := serving(t, options{root: root})
	assert.Equal(t, http.StatusOK, status(t, host+healthPath))
	assert.Equal(t, http.StatusOK, status(t, host+"/v2/"))
	require.NoError(t, check(t.Context(), host))

	require.NoError(t, os.RemoveAll(root))
	assert.Equal(t, http.StatusServiceUnavailable, status(t, host+healthPath))
	assert.ErrorContains(t, check(t.Context(), host), "images cannot be stored in "+root)
}

func status(t *testing.T, url string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+url, nil)
	require.NoError(t, err)
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

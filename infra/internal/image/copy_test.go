package image

import (
	"io"
	"log"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// registries are two of them, which know the referrers API or its fallback tag.
func registries(t *testing.T, referrers bool) (from, to string) {
	t.Helper()
	start := func() string {
		server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(referrers)))
		t.Cleanup(server.Close)
		return strings.TrimPrefix(server.URL, "http://")
	}
	return start(), start()
}

func TestAnImageIsCopiedByDigestWithWhatIsAttached(t *testing.T) {
	built := build(t, builder(t), "catalog")
	for _, referrers := range []bool{true, false} {
		from, to := registries(t, referrers)
		ref, _, err := Push(t.Context(), built, from, true)
		require.NoError(t, err)

		copied, fresh, err := Copy(t.Context(), "catalog", ref, true, Place{Host: to + "/shop", Insecure: true})
		require.NoError(t, err)
		assert.True(t, fresh)
		assert.Equal(t, to+"/shop/catalog@"+built.Digest, copied)

		there, err := Has(t.Context(), copied, true)
		require.NoError(t, err)
		assert.True(t, there)
		digest, err := name.NewDigest(copied, name.Insecure)
		require.NoError(t, err)
		index, err := remote.Referrers(digest)
		require.NoError(t, err)
		manifest, err := index.IndexManifest()
		require.NoError(t, err)
		require.Len(t, manifest.Manifests, 1, "with the referrers API: %v", referrers)
		_, err = remote.Image(digest.Context().Digest(manifest.Manifests[0].Digest.String()))
		require.NoError(t, err)

		_, fresh, err = Copy(t.Context(), "catalog", ref, true, Place{Host: to + "/shop", Insecure: true})
		require.NoError(t, err)
		assert.False(t, fresh, "a second copy")
	}
}

func TestAPushAfterACopyFindsTheImage(t *testing.T) {
	built := build(t, builder(t), "catalog")
	from, to := registries(t, true)
	ref, _, err := Push(t.Context(), built, from, true)
	require.NoError(t, err)
	_, _, err = Copy(t.Context(), "catalog", ref, true, Place{Host: to, Insecure: true})
	require.NoError(t, err)
	_, pushed, err := Push(t.Context(), built, to, true)
	require.NoError(t, err)
	assert.False(t, pushed)
}

func TestAnImageThatIsGoneIsNamed(t *testing.T) {
	from, to := registries(t, true)
	ref := from + "/catalog@sha256:" + strings.Repeat("0", 64)
	there, err := Has(t.Context(), ref, true)
	require.NoError(t, err)
	assert.False(t, there)
	_, _, err = Copy(t.Context(), "catalog", ref, true, Place{Host: to, Insecure: true})
	var absent *AbsentError
	require.ErrorAs(t, err, &absent)
	assert.Equal(t, ref, absent.Image)
}

func TestACopyFromARegistryThatIsAwayNamesIt(t *testing.T) {
	_, to := registries(t, true)
	_, _, err := Copy(t.Context(), "catalog", "localhost:1/catalog@sha256:"+strings.Repeat("0", 64), true, Place{Host: to, Insecure: true})
	assert.ErrorContains(t, err, "registry localhost:1 does not answer")
}

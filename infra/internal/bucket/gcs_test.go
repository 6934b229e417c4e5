package bucket

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	gcsFit  = `{"name": "states", "versioning": {"enabled": true}, "iamConfiguration": {"publicAccessPrevention": "enforced"}}`
	gcsOpen = `{"name": "states", "versioning": {"enabled": true}, "iamConfiguration": {"publicAccessPrevention": "inherited"}}`
)

func ok(body string) answer { return answer{status: http.StatusOK, body: body} }

func TestAGCSBucketIsMadeInOnePiece(t *testing.T) {
	made := false
	s := newServer(t, map[string]answer{"GET /storage/v1/b/states": {status: http.StatusNotFound}, "POST /storage/v1/b?project=shop": ok("{}")})
	store := openOn(t, GCS, s)
	_, err := store.Prepare(t.Context(), Preparation{Begin: func() error {
		made = true
		s.mu.Lock()
		defer s.mu.Unlock()
		s.answers["GET /storage/v1/b/states"] = ok(gcsFit)
		return nil
	}})
	require.NoError(t, err)
	assert.True(t, made)
	assert.JSONEq(t, `{"name": "states", "versioning": {"enabled": true},
		"iamConfiguration": {"publicAccessPrevention": "enforced", "uniformBucketLevelAccess": {"enabled": true}}}`, s.bodies["POST /storage/v1/b?project=shop"])
}

func TestGCSBucketsThatAreNotFitAreRefusedWithTheFix(t *testing.T) {
	for name, c := range map[string]struct {
		answers       map[string]answer
		sentence, fix string
	}{
		"somebody else's": {map[string]answer{"GET /storage/v1/b/states": {status: http.StatusForbidden, body: `{"error": {"message": "no"}}`}}, "it is somebody else's", "roles/storage.admin"},
		"no versions":     {map[string]answer{"GET /storage/v1/b/states": ok(`{"name": "states"}`)}, "keeps no versions", "--versioning"},
		"public": {map[string]answer{"GET /storage/v1/b/states": ok(gcsOpen), "GET /storage/v1/b/states/iam": ok(`{"bindings": [{"role": "roles/storage.objectViewer", "members": ["allUsers"]}]}`)},
			"is public", "--public-access-prevention"},
		"not answering": {map[string]answer{"GET /storage/v1/b/states": {status: http.StatusInternalServerError, body: "oh"}}, "cannot be looked at", "credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openOn(t, GCS, newServer(t, c.answers)).Prepare(t.Context(), Preparation{})
			var refused *Refused
			require.ErrorAs(t, err, &refused)
			assert.Contains(t, refused.Sentence, c.sentence)
			assert.Contains(t, refused.Next[0], c.fix)
		})
	}
}

func TestAGCSBucketThatOnlyItsPeopleReadIsFit(t *testing.T) {
	s := newServer(t, map[string]answer{"GET /storage/v1/b/states": ok(gcsOpen), "GET /storage/v1/b/states/iam": ok(`{"bindings": [{"role": "r", "members": ["user:ann@example.org"]}]}`)})
	outcome, err := openOn(t, GCS, s).Prepare(t.Context(), Preparation{})
	require.NoError(t, err)
	assert.Empty(t, outcome.Notes)
}

func TestALockInGCSIsKnownByItsGeneration(t *testing.T) {
	path := "/storage/v1/b/states/o/prod%2Fcluster%2Fdefault.tflock"
	upload := "POST /upload/storage/v1/b/states/o?ifGenerationMatch=0&name=prod%2Fcluster%2Fdefault.tflock&uploadType=media"
	s := newServer(t, map[string]answer{upload: ok(`{"generation": "1764129600"}`), upload + " again": {status: http.StatusPreconditionFailed},
		"GET " + path + "?alt=media":                       {status: http.StatusOK, body: `{"ID": "a-uuid", "Who": "ann@here"}`, header: map[string]string{"X-Goog-Generation": "1764129600"}},
		"DELETE " + path + "?ifGenerationMatch=1764129600": {status: http.StatusNoContent},
	})
	store := openOn(t, GCS, s)
	place := store.Address().Place("prod", "cluster")
	id, err := store.Lock(t.Context(), place, Lock{ID: "a-uuid", Who: "ann@here"})
	require.NoError(t, err)
	assert.Equal(t, "1764129600", id)
	id, err = store.Lock(t.Context(), place, Lock{ID: "another"})
	require.NoError(t, err)
	assert.Empty(t, id, "somebody holds it")
	lock, err := store.ReadLock(t.Context(), place)
	require.NoError(t, err)
	assert.Equal(t, "1764129600", lock.ID)
	require.NoError(t, store.Unlock(t.Context(), place, lock.ID))
	assert.True(t, s.was("DELETE "+path+"?ifGenerationMatch=1764129600"))
}

func TestALockInGCSIsEncryptedWithTheBackendsKey(t *testing.T) {
	place, err := PlaceOf(GCS, map[string]any{"bucket": "states", "prefix": "prod/cluster", "kms_encryption_key": "k"})
	require.NoError(t, err)
	upload := "POST /upload/storage/v1/b/states/o?ifGenerationMatch=0&kmsKeyName=k&name=prod%2Fcluster%2Fdefault.tflock&uploadType=media"
	s := newServer(t, map[string]answer{upload: ok(`{"generation": "1"}`)})
	_, err = openOn(t, GCS, s).Lock(t.Context(), place, Lock{ID: "1-2"})
	require.NoError(t, err)
}

func TestGoogleCredentialsThatCannotBeUsedAreToldAsSuch(t *testing.T) {
	t.Setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "")
	t.Setenv("GOOGLE_BACKEND_CREDENTIALS", "")
	for _, value := range []string{"/no/such/file", "{broken", `{"type": "unknown"}`} {
		t.Setenv("GOOGLE_CREDENTIALS", value)
		_, err := Open(t.Context(), Address{Kind: GCS, Name: "states"})
		assert.ErrorContains(t, err, "there are no Google credentials", value)
	}
}

package bucket

import (
	"errors"
	"maps"
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	done      = answer{status: http.StatusOK}
	versioned = answer{status: http.StatusOK, body: `<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>`}
	blocked   = answer{status: http.StatusOK, body: `<PublicAccessBlockConfiguration><IgnorePublicAcls>true</IgnorePublicAcls><RestrictPublicBuckets>true</RestrictPublicBuckets></PublicAccessBlockConfiguration>`}
)

// fit are the answers of a server whose bucket is fit for states, with changes.
func fit(changes map[string]answer) map[string]answer {
	answers := map[string]answer{
		"HEAD /states":                                          done,
		"GET /states?versioning=":                               versioned,
		"GET /states?publicAccessBlock=":                        blocked,
		"PUT /states/PROBE?x-id=PutObject if none":              done,
		"PUT /states/PROBE?x-id=PutObject if none again":        {status: http.StatusPreconditionFailed, body: s3Error("PreconditionFailed")},
		"PUT /states/PROBE?x-id=PutObject if none a third time": done,
		"DELETE /states/PROBE?x-id=DeleteObject":                {status: http.StatusNoContent},
	}
	maps.Copy(answers, changes)
	return answers
}

func TestAnS3BucketThatIsThereIsOnlyLookedAt(t *testing.T) {
	s := newServer(t, fit(nil))
	outcome, err := openOn(t, S3, s).Prepare(t.Context(), Preparation{})
	require.NoError(t, err)
	assert.Equal(t, Outcome{}, outcome)
	assert.False(t, s.was("PUT /states"))
	assert.False(t, s.was("PUT /states?versioning="))
}

func TestAnS3BucketIsMadeWithItsProtections(t *testing.T) {
	s := newServer(t, fit(map[string]answer{"HEAD /states": {status: http.StatusNotFound}, "PUT /states": done,
		"PUT /states?publicAccessBlock=": done, "PUT /states?encryption=": done, "PUT /states?versioning=": done}))
	begun := false
	outcome, err := openOn(t, S3, s).Prepare(t.Context(), Preparation{Begin: func() error { begun = !s.was("PUT /states"); return nil }})
	require.NoError(t, err)
	assert.True(t, begun, "the beginning is noted before the bucket is made")
	assert.Equal(t, Outcome{Made: true}, outcome)
	assert.Contains(t, s.bodies["PUT /states?publicAccessBlock="], "<RestrictPublicBuckets>true</RestrictPublicBuckets>")
	assert.Contains(t, s.bodies["PUT /states?encryption="], "<SSEAlgorithm>AES256</SSEAlgorithm>")
	assert.Contains(t, s.bodies["PUT /states?versioning="], "<Status>Enabled</Status>")
	assert.False(t, s.was("PUT /states?policy="), "a server that is reached without TLS would refuse everybody")
}

func TestNothingIsMadeWhenTheBeginningCannotBeNoted(t *testing.T) {
	s := newServer(t, fit(map[string]answer{"HEAD /states": {status: http.StatusNotFound}}))
	_, err := openOn(t, S3, s).Prepare(t.Context(), Preparation{Begin: func() error { return errors.New("disk full") }})
	assert.ErrorContains(t, err, "disk full")
	assert.False(t, s.was("PUT /states"))
}

func TestWhatAServerDoesNotKnowIsToldExceptForVersions(t *testing.T) {
	answers := fit(map[string]answer{"HEAD /states": {status: http.StatusNotFound}, "PUT /states": done, "PUT /states?versioning=": done})
	outcome, err := openOn(t, S3, newServer(t, answers)).Prepare(t.Context(), Preparation{Begin: nothing})
	require.NoError(t, err)
	assert.Equal(t, []string{"the server does not know blocking public access", "the server does not know encrypting what is stored"}, outcome.Notes)

	delete(answers, "PUT /states?versioning=")
	_, err = openOn(t, S3, newServer(t, answers)).Prepare(t.Context(), Preparation{Begin: nothing})
	assert.ErrorContains(t, err, "cannot keep versions of states")
}

func TestAnS3BucketThatAKilledRunBeganIsFinishedAsLongAsItIsEmpty(t *testing.T) {
	finish := map[string]answer{"PUT /states?versioning=": done, "PUT /states?encryption=": done, "PUT /states?publicAccessBlock=": done,
		"GET /states?max-keys=1&versions=": {status: http.StatusOK, body: `<ListVersionsResult></ListVersionsResult>`}}
	s := newServer(t, fit(finish))
	outcome, err := openOn(t, S3, s).Prepare(t.Context(), Preparation{Unfinished: true})
	require.NoError(t, err)
	assert.True(t, outcome.Made)
	assert.True(t, s.was("PUT /states?versioning="))

	finish["GET /states?max-keys=1&versions="] = answer{status: http.StatusOK, body: `<ListVersionsResult><Version><Key>a</Key></Version></ListVersionsResult>`}
	s = newServer(t, fit(finish))
	outcome, err = openOn(t, S3, s).Prepare(t.Context(), Preparation{Unfinished: true})
	require.NoError(t, err)
	assert.False(t, outcome.Made)
	assert.False(t, s.was("PUT /states?versioning="))
}

func TestS3BucketsThatAreNotFitAreRefusedWithTheFix(t *testing.T) {
	open := answer{status: http.StatusNotFound, body: s3Error("NoSuchPublicAccessBlockConfiguration")}
	everybody := `<AccessControlPolicy><AccessControlList><Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="Group"><URI>http://acs.amazonaws.com/groups/global/AllUsers</URI></Grantee><Permission>READ</Permission></Grant></AccessControlList></AccessControlPolicy>`
	for name, c := range map[string]struct {
		changes  map[string]answer
		sentence string
		fix      string
	}{
		"somebody else's": {map[string]answer{"HEAD /states": {status: http.StatusForbidden}}, "it is somebody else's", "choose another name"},
		"in another region": {map[string]answer{"HEAD /states": {status: http.StatusMovedPermanently, header: map[string]string{"X-Amz-Bucket-Region": "ap-south-1"}}},
			"lies in another region", "?region=ap-south-1"},
		"never versioned":     {map[string]answer{"GET /states?versioning=": {status: http.StatusOK, body: `<VersioningConfiguration/>`}}, "keeps no versions", "put-bucket-versioning"},
		"versions suspended":  {map[string]answer{"GET /states?versioning=": {status: http.StatusOK, body: `<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>`}}, "keeps no versions", "Status=Enabled"},
		"public by policy":    {map[string]answer{"GET /states?publicAccessBlock=": open, "GET /states?policyStatus=": {status: http.StatusOK, body: `<PolicyStatus><IsPublic>true</IsPublic></PolicyStatus>`}}, "is public", "put-public-access-block"},
		"public by statement": {map[string]answer{"GET /states?publicAccessBlock=": open, "GET /states?policy=": {status: http.StatusOK, body: `{"Statement": [{"Effect": "Allow", "Principal": {"AWS": ["*"]}, "Action": "s3:GetObject"}]}`}}, "is public", "delete-bucket-policy"},
		"public by list":      {map[string]answer{"GET /states?publicAccessBlock=": open, "GET /states?acl=": {status: http.StatusOK, body: everybody}}, "is public", "put-bucket-acl"},
		"overwrites":          {map[string]answer{"PUT /states/PROBE?x-id=PutObject if none again": done}, "locks would exclude nobody", "conditional writes"},
		"locks once":          {map[string]answer{"PUT /states/PROBE?x-id=PutObject if none a third time": {status: http.StatusPreconditionFailed, body: s3Error("PreconditionFailed")}}, "could be locked only once", "another server"},
		"may not be written":  {map[string]answer{"PUT /states/PROBE?x-id=PutObject if none": {status: http.StatusForbidden, body: s3Error("AccessDenied")}}, "cannot be written to", "credentials"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := openOn(t, S3, newServer(t, fit(c.changes))).Prepare(t.Context(), Preparation{})
			var refused *Refused
			require.ErrorAs(t, err, &refused)
			assert.Contains(t, refused.Sentence, c.sentence)
			assert.Contains(t, refused.Next[0]+refused.Next[len(refused.Next)-1]+refused.Next[len(refused.Next)/2], c.fix)
		})
	}
}

func TestAPolicyIsPublicOnlyWhenItAllowsEverybodyWithoutCondition(t *testing.T) {
	for text, want := range map[string]bool{
		``: false,
		`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*"}]}`:                                                              true,
		`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "s3:*"}]}`:                                                     true,
		`{"Statement": [{"Effect": "Deny", "Principal": "*", "Action": "s3:*"}]}`:                                                               false,
		`{"Statement": [{"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::1:root"}, "Action": "s3:*"}]}`:                                   false,
		`{"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Condition": {"StringEquals": {"aws:SourceVpce": "vpce-1"}}}]}`: false,
	} {
		why, err := publicStatement(text)
		require.NoError(t, err)
		assert.Equal(t, want, why != "", text)
	}
}

func TestNoCredentialsAndNoRegionAreToldAsSuch(t *testing.T) {
	for _, name := range []string{"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION"} {
		t.Setenv(name, "")
	}
	t.Setenv("HOME", t.TempDir())
	t.Setenv("AWS_CONFIG_FILE", "/dev/null")
	t.Setenv("AWS_SHARED_CREDENTIALS_FILE", "/dev/null")
	_, err := Open(t.Context(), Address{Kind: S3, Name: "states", Endpoint: "http://127.0.0.1:1"})
	assert.ErrorContains(t, err, "there are no AWS credentials")
	t.Setenv("AWS_ACCESS_KEY_ID", "a")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "b")
	_, err = Open(t.Context(), Address{Kind: S3, Name: "states"})
	assert.ErrorContains(t, err, "no region is named")
}

func TestOnlyTheLockWithThatIDIsRemoved(t *testing.T) {
	lock := answer{status: http.StatusOK, body: `{"ID": "1-2", "Operation": "OperationTypeApply", "Who": "ann@here", "Created": "2026-11-26T04:00:00Z", "Path": "states/x"}`}
	s := newServer(t, map[string]answer{"GET /states/dev/cluster.tfstate.tflock?x-id=GetObject": lock, "DELETE /states/dev/cluster.tfstate.tflock?x-id=DeleteObject": {status: http.StatusNoContent}})
	store := openOn(t, S3, s)
	place := store.Address().Place("dev", "cluster")
	found, err := store.ReadLock(t.Context(), place)
	require.NoError(t, err)
	assert.Equal(t, "ann@here", found.Who)
	assert.Equal(t, 2026, found.Created.Year())

	assert.ErrorContains(t, store.Unlock(t.Context(), place, "another"), "is 1-2 by now, not another")
	assert.False(t, s.was("DELETE /states/dev/cluster.tfstate.tflock?x-id=DeleteObject"))
	require.NoError(t, store.Unlock(t.Context(), place, "1-2"))
	assert.True(t, s.was("DELETE /states/dev/cluster.tfstate.tflock?x-id=DeleteObject"))
}

func TestALockOfS3IsTakenOnce(t *testing.T) {
	put := "PUT /states/dev/cluster.tfstate.tflock?x-id=PutObject if none"
	s := newServer(t, map[string]answer{put: done, put + " again": {status: http.StatusPreconditionFailed, body: s3Error("PreconditionFailed")}})
	store := openOn(t, S3, s)
	place := store.Address().Place("dev", "cluster")
	id, err := store.Lock(t.Context(), place, Lock{ID: "1-2", Who: "ann@here"})
	require.NoError(t, err)
	assert.Equal(t, "1-2", id)
	assert.Contains(t, s.bodies[put], `"Who":"ann@here"`)
	id, err = store.Lock(t.Context(), place, Lock{ID: "3-4"})
	require.NoError(t, err)
	assert.Empty(t, id)
}

func TestALockIsEncryptedAsTheBackendSays(t *testing.T) {
	config := map[string]any{"bucket": "states", "key": "dev/cluster.tfstate"}
	for name, c := range map[string]struct {
		settings map[string]any
		want     http.Header
	}{
		"nothing said": {nil, http.Header{}},
		"encrypt":      {map[string]any{"encrypt": true}, http.Header{"X-Amz-Server-Side-Encryption": {"AES256"}}},
		"a key of KMS": {map[string]any{"encrypt": true, "kms_key_id": "alias/states"},
			http.Header{"X-Amz-Server-Side-Encryption": {"aws:kms"}, "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id": {"alias/states"}}},
	} {
		t.Run(name, func(t *testing.T) {
			whole := maps.Clone(config)
			maps.Copy(whole, c.settings)
			place, err := PlaceOf(S3, whole)
			require.NoError(t, err)
			put := "PUT /states/dev/cluster.tfstate.tflock?x-id=PutObject if none"
			s := newServer(t, map[string]answer{put: done})
			_, err = openOn(t, S3, s).Lock(t.Context(), place, Lock{ID: "1-2"})
			require.NoError(t, err)
			for _, header := range []string{"X-Amz-Server-Side-Encryption", "X-Amz-Server-Side-Encryption-Aws-Kms-Key-Id"} {
				assert.Equal(t, c.want.Get(header), s.headers[put].Get(header))
			}
		})
	}
}

func TestWhatIsNotInAnS3BucketIsNoError(t *testing.T) {
	s := newServer(t, map[string]answer{"GET /states/none?x-id=GetObject": {status: http.StatusNotFound, body: s3Error("NoSuchKey")},
		"GET /states/secret?x-id=GetObject": {status: http.StatusForbidden, body: s3Error("AccessDenied")}})
	store := openOn(t, S3, s)
	object, err := store.Read(t.Context(), "none")
	require.NoError(t, err)
	assert.Nil(t, object)
	_, err = store.Read(t.Context(), "secret")
	assert.ErrorContains(t, err, "AccessDenied", "what may not be read is not taken for absent")
}

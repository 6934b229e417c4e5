package image

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func loginAt(t *testing.T, host string) *authn.AuthConfig {
	t.Helper()
	registry, err := name.NewRegistry(host)
	require.NoError(t, err)
	authenticator, err := authn.Resolve(t.Context(), logins, registry)
	require.NoError(t, err)
	login, err := authn.Authorization(t.Context(), authenticator)
	require.NoError(t, err)
	return login
}

func dockerConfig(t *testing.T, text string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "config.json"), []byte(text), 0o600))
}

func TestARegistryOfThisMachineNeedsNoLoginAndAsksNoCloud(t *testing.T) {
	dockerConfig(t, "{}")
	start := time.Now()
	assert.Equal(t, &authn.AuthConfig{}, loginAt(t, "localhost:5001"))
	assert.Less(t, time.Since(start), time.Second)
}

func TestALoginOfDockerIsTaken(t *testing.T) {
	const host = "123456789012.dkr.ecr.eu-central-1.amazonaws.com"
	dockerConfig(t, `{"auths": {"`+host+`": {"auth": "`+base64.StdEncoding.EncodeToString([]byte("AWS:token"))+`"}}}`)
	login := loginAt(t, host)
	assert.Equal(t, "AWS", login.Username)
	assert.Equal(t, "token", login.Password)
}

func TestACredentialHelperIsAsked(t *testing.T) {
	bin := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(bin, "docker-credential-here"), []byte("#!/bin/sh\necho '{\"Username\": \"AWS\", \"Secret\": \"helped\"}'\n"), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	dockerConfig(t, `{"credHelpers": {"registry.example.org": "here"}}`)
	assert.Equal(t, "helped", loginAt(t, "registry.example.org").Password)
}

func TestGooglesRegistriesTakeWhoIsLoggedInToGcloud(t *testing.T) {
	bin := t.TempDir()
	gcloud := "#!/bin/sh\necho '{\"credential\": {\"access_token\": \"granted\", \"token_expiry\": \"2999-01-01T00:00:00Z\"}}'\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "gcloud"), []byte(gcloud), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	// Nobody else is logged in: no service account, no default credentials.
	t.Setenv("GOOGLE_APPLICATION_CREDENTIALS", "")
	t.Setenv("HOME", t.TempDir())
	t.Setenv("CLOUDSDK_CONFIG", "")
	dockerConfig(t, "{}")
	assert.Equal(t, "granted", loginAt(t, "europe-west1-docker.pkg.dev").Password)
}

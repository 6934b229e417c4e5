package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/release"
)

func TestBuildSinceARevisionTakesTheServicesThatChanged(t *testing.T) {
	root := grown(t)
	put(t, root, "services/inventory/extra.go", "package main\n")
	all := []string{"catalog", "inventory"}
	touched, err := affectedServices(t.Context(), root, "HEAD", all)
	require.NoError(t, err)
	assert.Equal(t, []string{"inventory"}, touched)

	commitAll(t, root)
	code, out, errs := invoke("build", "--since", "HEAD")
	require.Equal(t, exitDone, code, errs)
	assert.Contains(t, errs, "0 built")
	assert.Equal(t, "SERVICE  DIGEST  SIZE\n", out)
}

func TestBuildSinceWhatIsNoRevisionIsRefused(t *testing.T) {
	grown(t)
	code, _, errs := invoke("build", "--since", "never")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, `--since is "never", which is no git revision here`)
}

func TestAReleaseIsRecordedByDigestAsEnvironmentsReadIt(t *testing.T) {
	checkout(t, "dev")
	built := []builtJSON{{Service: "catalog", Reference: "ghcr.io/me/shop/catalog@sha256:" + digest}}
	file := filepath.Join(t.TempDir(), "new", "release.json")
	require.NoError(t, release.WriteFile(file, recordOf(built, "v1.2.0")))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.JSONEq(t, `{"release":{"services":{"catalog":{"image":"ghcr.io/me/shop/catalog@sha256:`+digest+`","version":"v1.2.0"}}}}`, string(text))

	code, _, errs := invoke("build", "--record", file)
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "--record wants --push")
}

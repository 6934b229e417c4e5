package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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

package cli

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/stack"
)

func TestACredentialIsWhatItsCommandPrints(t *testing.T) {
	value, err := secret(t.Context(), stack.Command{Command: "printf", Args: []string{`pass word\n`}})
	require.NoError(t, err)
	assert.Equal(t, "pass word", value)
}

func TestACredentialCommandThatFailsSaysWhyAndNotWhatItPrinted(t *testing.T) {
	_, err := secret(t.Context(), stack.Command{Command: "sh", Args: []string{"-c", "echo half-a-password; echo token expired >&2; exit 3"}})
	assert.EqualError(t, err, "sh: exit status 3: token expired")

	_, err = secret(t.Context(), stack.Command{Command: "true"})
	assert.EqualError(t, err, "true printed nothing")
}

func TestOnlyKnownCloudsHaveProviders(t *testing.T) {
	assert.NoError(t, checkFlavours([]string{"eks", "gke"}))
	assert.ErrorContains(t, checkFlavours([]string{"openstack"}), "there is no cloud openstack")
}

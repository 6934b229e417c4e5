package release

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func promotionFile(t *testing.T, content string) (root string) {
	t.Helper()
	root = t.TempDir()
	file := PromotionFile(root, "staging")
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
	return root
}

func TestAnEnvironmentWithoutTheFileRunsWhatTheCheckoutBuilds(t *testing.T) {
	_, promoted, err := LoadPromotion(t.TempDir(), "dev")
	require.NoError(t, err)
	assert.False(t, promoted)
}

func TestAPromotionNamesWhereImagesComeFrom(t *testing.T) {
	promotion, promoted, err := LoadPromotion(promotionFile(t, "# why\nfrom: dev\n"), "staging")
	require.NoError(t, err)
	assert.True(t, promoted)
	assert.Equal(t, Promotion{From: "dev"}, promotion)
}

func TestAPromotionThatNamesNothingUsefulIsRefused(t *testing.T) {
	for content, want := range map[string]string{
		"from: staging\n": `from is "staging"`,
		"from:\n":         `from is ""`,
		"form: dev\n":     "field form not found",
		"":                "it has one line, such as from: dev",
	} {
		root := promotionFile(t, content)
		_, _, err := LoadPromotion(root, "staging")
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, PromotionFile(root, "staging"))
	}
}

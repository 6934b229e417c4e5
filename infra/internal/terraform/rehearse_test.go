package terraform

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func rehearsed(t *testing.T, test string) *Root {
	t.Helper()
	r := root(t, one)
	require.NoError(t, os.MkdirAll(filepath.Join(r.Dir, "tests"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(r.Dir, "tests", "plan.tftest.json"), []byte(test), 0o644))
	return r
}

func TestARehearsalGivesThePlanAndTouchesNothing(t *testing.T) {
	r := rehearsed(t, `{"variables": {"text": "b"}, "run": {"plan": {"command": "plan"}}}`)
	plan, err := r.Rehearse(t.Context())
	require.NoError(t, err)
	require.Len(t, plan.ResourceChanges, 1)
	assert.Equal(t, "terraform_data.this", plan.ResourceChanges[0].Address)
	assert.Equal(t, map[string]any{"input": "b", "triggers_replace": nil}, plan.ResourceChanges[0].Change.After)
	assert.True(t, plan.ResourceChanges[0].Change.Actions.Create())
	assert.False(t, manages(t, r))
}

func TestARehearsalThatFailsSaysWhy(t *testing.T) {
	r := rehearsed(t, `{"run": {"plan": {"command": "plan", "assert": {"condition": "${var.text == \"b\"}", "error_message": "it is not b"}}}}`)
	_, err := r.Rehearse(t.Context())
	assert.ErrorContains(t, err, "it is not b")

	_, err = rehearsed(t, `{}`).Rehearse(t.Context())
	assert.ErrorContains(t, err, "it printed no plan")
}

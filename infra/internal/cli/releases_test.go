package cli

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

func imageOf(service, digit string) string {
	return "localhost:5001/" + service + "@sha256:" + strings.Repeat(digit, 64)
}

func TestReleasesShowsWhatRanAndWhen(t *testing.T) {
	root := checkout(t, "dev")
	code, out, _ := invoke("releases", "--env", "dev")
	assert.Equal(t, exitDone, code)
	assert.Equal(t, "nothing was released to dev yet\n", out)

	for _, digit := range []string{"1", "2"} {
		_, err := release.Save(root, "dev", release.Record{Services: map[string]release.Entry{
			"catalog": {Image: imageOf("catalog", digit), Version: "v" + digit}, "inventory": {Image: imageOf("inventory", "1"), Version: "v1"}}})
		require.NoError(t, err)
	}
	code, out, _ = invoke("releases", "--env", "dev")
	assert.Equal(t, exitDone, code)
	assert.Equal(t, `RELEASE  SERVICE    VERSION  DIGEST
now      catalog    v2       sha256:222222222222
now      inventory  v1       sha256:111111111111
1        catalog    v1       sha256:111111111111
`, out)
	_, out, _ = invoke("releases", "--env", "dev", "--output", "json")
	var rows []releaseRow
	require.NoError(t, json.Unmarshal([]byte(out), &rows))
	assert.Len(t, rows, 3)
}

func TestPromotionsAndRollbacksRefuseBadInput(t *testing.T) {
	checkout(t, "dev", "staging")
	for _, args := range [][]string{
		{"promote"},
		{"promote", "--from", "dev"},
		{"promote", "--from", "live", "--to", "staging"},
		{"promote", "--from", "dev", "--to", "staging"}, // no promotion.yaml
		{"rollback", "--env", "staging"},
		{"rollback", "--env", "staging", ""},
		{"rollback", "--env", "staging", "catalog"}, // it never ran
		{"releases", "--env", "live"},
	} {
		code, out, errs := invoke(args...)
		assert.Equal(t, exitInput, code, "%v: %s", args, errs)
		assert.Empty(t, out)
		assert.Contains(t, errs, "next", "%v", args)
	}
}

func TestAReleaseIsToldInWords(t *testing.T) {
	var out, errs bytes.Buffer
	a := &app{out: &out, errs: &errs, printer: ui.New(&errs)}
	one, two := release.Entry{Image: imageOf("catalog", "1"), Version: "v1"}, release.Entry{Image: imageOf("catalog", "2"), Version: "v2"}
	require.NoError(t, a.printReleased(released{report, []release.Change{
		{Service: "catalog", Before: one, After: two}, {Service: "orders", After: one},
		{Service: "inventory", Before: one, After: release.Entry{Image: "localhost:5002/catalog@" + one.Digest(), Version: "v1"}}}}, "text", time.Now()))
	assert.Contains(t, out.String(), "catalog v1 (sha256:111111111111) is now v2 (sha256:222222222222)\n")
	assert.Contains(t, out.String(), "orders is new: v1 (sha256:111111111111)\n")
	assert.Contains(t, out.String(), "inventory stays v1 (sha256:111111111111), from another registry\n")

	out.Reset()
	require.NoError(t, a.printReleased(released{Report: report}, "text", time.Now()))
	assert.Contains(t, out.String(), "nothing to release: dev runs these images already\n")
	out.Reset()
	require.NoError(t, a.printReleased(released{report, []release.Change{}}, "json", time.Now()))
	var got released
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	assert.Equal(t, "dev", got.Environment)
	assert.Len(t, got.Services, 2)
}

package release

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// image is a reference to an image of a service whose digest is all one digit.
func image(service string, digit int) string {
	return "localhost:5001/" + service + "@sha256:" + strings.Repeat(fmt.Sprint(digit), 64)
}

func record(entries ...Entry) Record {
	r := Record{Services: map[string]Entry{}}
	for _, e := range entries {
		_, rest, _ := strings.Cut(e.Image, "/")
		service, _, _ := strings.Cut(rest, "@")
		r.Services[service] = e
	}
	return r
}

func save(t *testing.T, root string, r Record) {
	t.Helper()
	changed, err := Save(root, "dev", r)
	require.NoError(t, err)
	require.True(t, changed)
}

func TestAnUnchangedDigestKeepsItsVersion(t *testing.T) {
	var r Record
	assert.True(t, r.Set("catalog", image("catalog", 1), "v1"))
	assert.False(t, r.Set("catalog", image("catalog", 1), "v2"))
	assert.Equal(t, "v1", r.Services["catalog"].Version)
	assert.True(t, r.Set("catalog", image("catalog", 2), "v3"))
	assert.Equal(t, Entry{image("catalog", 2), "v3"}, r.Services["catalog"])
}

func TestServicesThatAreGoneLeaveTheRecord(t *testing.T) {
	r := record(Entry{image("catalog", 1), "v1"}, Entry{image("inventory", 1), "v1"})
	assert.Equal(t, []string{"inventory"}, r.Keep([]string{"catalog", "orders"}))
	assert.Equal(t, record(Entry{image("catalog", 1), "v1"}), r)
}

func TestTheFileIsTerraformsVariable(t *testing.T) {
	root := t.TempDir()
	save(t, root, record(Entry{image("catalog", 1), "v1"}))
	content, err := os.ReadFile(filepath.Join(root, "environments/dev/workloads/release.auto.tfvars.json"))
	require.NoError(t, err)
	assert.JSONEq(t, `{"release": {"services": {"catalog": {"image": "`+image("catalog", 1)+`", "version": "v1"}}}}`, string(content))
	loaded, err := Load(root, "dev")
	require.NoError(t, err)
	assert.Equal(t, record(Entry{image("catalog", 1), "v1"}), loaded)
}

func TestAnEnvironmentWithoutARecordIsEmpty(t *testing.T) {
	loaded, err := Load(t.TempDir(), "dev")
	require.NoError(t, err)
	assert.Empty(t, loaded.Services)
	assert.NotNil(t, loaded.Services, "it can be set at once")
}

func TestSavingTheSameTwiceWritesNothing(t *testing.T) {
	root := t.TempDir()
	save(t, root, record(Entry{image("catalog", 1), "v1"}))
	changed, err := Save(root, "dev", record(Entry{image("catalog", 1), "v1"}))
	require.NoError(t, err)
	assert.False(t, changed)
	history, err := History(root, "dev")
	require.NoError(t, err)
	assert.Empty(t, history)
}

func TestPastRecordsAreKeptNewestFirstUpToALimit(t *testing.T) {
	root := t.TempDir()
	for i := range kept + 3 {
		save(t, root, record(Entry{image("catalog", i%2), fmt.Sprintf("v%d", i)}))
	}
	history, err := History(root, "dev")
	require.NoError(t, err)
	require.Len(t, history, kept)
	assert.Equal(t, kept+2, history[0].Number)
	assert.Equal(t, "v21", history[0].Record.Services["catalog"].Version)
	assert.Equal(t, "v2", history[kept-1].Record.Services["catalog"].Version)
}

func TestAKillBeforeTheRecordIsReplacedKeepsNothingTwice(t *testing.T) {
	root := t.TempDir()
	save(t, root, record(Entry{image("catalog", 1), "v1"}))
	require.NoError(t, keep(root, "dev", record(Entry{image("catalog", 1), "v1"}))) // and then killed
	save(t, root, record(Entry{image("catalog", 2), "v2"}))
	history, err := History(root, "dev")
	require.NoError(t, err)
	assert.Len(t, history, 1)
}

func TestADamagedRecordIsNamedWithItsFix(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"half a file": {`{"release": {`, "is no release record: unexpected EOF; restore it from git"},
		"unknown key": {`{"release": {"service": {}}}`, `unknown field "service"`},
		"a tag":       {`{"release": {"services": {"catalog": {"image": "localhost:5001/catalog:latest"}}}}`, `image of catalog is "localhost:5001/catalog:latest", not a reference by digest`},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			file := File(root, "dev")
			require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
			require.NoError(t, os.WriteFile(file, []byte(c.content), 0o644))
			_, err := Load(root, "dev")
			assert.ErrorContains(t, err, c.want)
			assert.ErrorContains(t, err, file)
			_, err = Save(root, "dev", record())
			assert.ErrorContains(t, err, c.want, "it is not overwritten")
		})
	}
}

func TestPromotionTakesOverImagesAndVersions(t *testing.T) {
	from := record(Entry{image("catalog", 2), "v2"}, Entry{image("inventory", 1), "v1"})
	to := record(Entry{image("inventory", 1), "v0"}, Entry{image("orders", 1), "v1"})

	next, changes, err := Promote(from, to, "registry.example.com/shop")

	require.NoError(t, err)
	moved := Entry{Image("registry.example.com/shop", "catalog", "sha256:"+strings.Repeat("2", 64)), "v2"}
	assert.Equal(t, "registry.example.com/shop/catalog@sha256:"+strings.Repeat("2", 64), moved.Image)
	assert.Equal(t, Change{Service: "catalog", After: moved}, changes[0])
	assert.Equal(t, "inventory", changes[1].Service, "the registry differs")
	assert.Equal(t, "v0", changes[1].After.Version, "the digest does not")
	assert.Equal(t, Entry{image("orders", 1), "v1"}, next.Services["orders"])
	assert.NotContains(t, to.Services, "catalog", "the given record stays as it is")

	_, changes, err = Promote(from, next, "registry.example.com/shop")
	require.NoError(t, err)
	assert.Empty(t, changes, "a second promotion")
}

func TestPromotionOfOneServiceLeavesTheOthers(t *testing.T) {
	from := record(Entry{image("catalog", 2), "v2"}, Entry{image("inventory", 2), "v2"})
	next, changes, err := Promote(from, record(), "localhost:5001", "catalog")
	require.NoError(t, err)
	assert.Len(t, changes, 1)
	assert.Equal(t, record(Entry{image("catalog", 2), "v2"}), next)

	_, _, err = Promote(from, record(), "localhost:5001", "orders")
	assert.EqualError(t, err, "orders has no release to promote; it has never been deployed there")
}

func TestRollbackGoesToTheReleaseBefore(t *testing.T) {
	root := t.TempDir()
	other := Entry{image("inventory", 1), "v1"}
	for i := 1; i <= 3; i++ {
		save(t, root, record(Entry{image("catalog", i), fmt.Sprintf("v%d", i)}, other))
	}
	current, err := Load(root, "dev")
	require.NoError(t, err)
	history, err := History(root, "dev")
	require.NoError(t, err)

	next, change, err := Rollback(current, history, "catalog", "")
	require.NoError(t, err)
	assert.Equal(t, Change{"catalog", Entry{image("catalog", 3), "v3"}, Entry{image("catalog", 2), "v2"}}, change)
	assert.Equal(t, other, next.Services["inventory"])

	_, change, err = Rollback(current, history, "catalog", "v1")
	require.NoError(t, err)
	assert.Equal(t, "v1", change.After.Version)

	save(t, root, next)
	history, err = History(root, "dev")
	require.NoError(t, err)
	_, change, err = Rollback(next, history, "catalog", "")
	require.NoError(t, err)
	assert.Equal(t, "v3", change.After.Version, "a second rollback undoes the first")
}

func TestRollbackWithoutAnEarlierReleaseIsRefused(t *testing.T) {
	current := record(Entry{image("catalog", 1), "v1"})
	_, _, err := Rollback(current, nil, "catalog", "")
	assert.EqualError(t, err, "catalog has no earlier release among the 0 that are kept")
	_, _, err = Rollback(current, nil, "catalog", "v0")
	assert.EqualError(t, err, "catalog never ran as v0 in the 0 releases that are kept")
	_, _, err = Rollback(current, nil, "orders", "")
	assert.EqualError(t, err, "orders has no release here, so there is nothing to roll back")
}

package supply

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnImageDescriptionIsRead(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "image.json"), `{
		"name": "docker.io/library/postgres:17",
		"debian": {"suite": "trixie", "variant": "extract", "packages": ["postgresql-17"], "keep": ["/usr/lib/*"], "remove": ["/usr/lib/x"]},
		"binaries": {"/entrypoint": "./entrypoint"},
		"users": [{"name": "postgres", "uid": 999, "gid": 999, "home": "/var/lib/postgresql"}],
		"patches": [{"path": "/etc/a", "old": "b", "new": "c", "all": true}],
		"config": {"entrypoint": ["/entrypoint"], "user": "999:999", "ports": ["5432/tcp"], "stop_signal": "SIGINT"}
	}`)
	spec, err := readImageSpec(dir)
	require.NoError(t, err)
	assert.Equal(t, debianRoot{Suite: "trixie", Variant: "extract", Packages: []string{"postgresql-17"}, Keep: []string{"/usr/lib/*"}, Remove: []string{"/usr/lib/x"}}, *spec.Debian)
	assert.Equal(t, []patch{{Path: "/etc/a", Old: "b", New: "c", All: true}}, spec.Patches)

	config := spec.Config.oci()
	assert.Equal(t, []string{"/entrypoint"}, config.Entrypoint)
	assert.Equal(t, "999:999", config.User)
	assert.Equal(t, "SIGINT", config.StopSignal)
	assert.Contains(t, config.ExposedPorts, "5432/tcp")
	assert.Equal(t, []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}, config.Env, "a program finds others unless the image says where")
}

func TestAnImageDescriptionWithAnUnknownKeyIsRefused(t *testing.T) {
	for name, text := range map[string]string{
		"at the top": `{"name": "x", "binary": {}}`,
		"deeper":     `{"name": "x", "config": {"entry_point": []}}`,
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, filepath.Join(dir, "image.json"), text)
			_, err := readImageSpec(dir)
			require.ErrorContains(t, err, "unknown field")
			require.ErrorContains(t, err, filepath.Join(dir, "image.json"), "the file is named")
		})
	}
}

func TestAnImagesPartsFollowItsDescription(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "image.json"), `{"name": "x", "debian": {"suite": "trixie"}, "binaries": {"/usr/bin/a": "./cmd/a"}}`)
	parts, err := imageParts("x", dir, lockFile{})
	require.NoError(t, err)
	require.Len(t, parts, 3)
	assert.Equal(t, []string{"x-root", "x-programs"}, parts[2].Needs)
	assert.Equal(t, map[string]string{"a": "./cmd/a"}, parts[1].recipe.(programs).commands)

	write(t, filepath.Join(dir, "image.json"), `{"name": "x", "binaries": {"/usr/bin/a": "./cmd/a"}}`)
	parts, err = imageParts("x", dir, lockFile{})
	require.NoError(t, err)
	assert.Equal(t, []string{"x-programs"}, parts[len(parts)-1].Needs)
}

package terraform

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestABackendIsFoundInAnyFileOfARoot(t *testing.T) {
	want := Backend{Kind: "s3", Config: map[string]any{"bucket": "states", "use_lockfile": true, "endpoints": map[string]any{"s3": "https://s3.example.org"}}}
	for name, text := range map[string]string{
		"backend.tf.json": `{"//": "why", "terraform": {"backend": {"s3": {"bucket": "states", "use_lockfile": true, "endpoints": {"s3": "https://s3.example.org"}}}}}`,
		"versions.tf":     "terraform {\n  required_version = \">= 1.11\"\n  backend \"s3\" {\n    bucket = \"states\"\n    use_lockfile = true\n    endpoints = { s3 = \"https://s3.example.org\" }\n  }\n}\n",
	} {
		dir := t.TempDir()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "main.tf"), []byte(one), 0o644))
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
		got, err := ReadBackend(dir)
		require.NoError(t, err)
		assert.Equal(t, want, got, name)
	}
	dir := t.TempDir()
	got, err := ReadBackend(dir)
	require.NoError(t, err)
	assert.True(t, got.Local())

	require.NoError(t, os.WriteFile(filepath.Join(dir, "backend.tf.json"), []byte(`{"terraform": {"backend": {"s3": {}}}}`), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "offline_override.tf"), []byte("terraform {\n  backend \"local\" {}\n}\n"), 0o644))
	got, err = ReadBackend(dir)
	require.NoError(t, err)
	assert.True(t, got.Local(), "an override comes last for Terraform")
	require.NoError(t, os.Remove(filepath.Join(dir, "offline_override.tf")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "backend.tf.json"), []byte("{"), 0o644))
	_, err = ReadBackend(dir)
	assert.ErrorContains(t, err, "backend.tf.json")
}

func TestAStateIsReadWithItsInstances(t *testing.T) {
	state, err := ReadState([]byte(`{"version": 4, "serial": 7, "lineage": "l", "outputs": {"a": {"value": [1]}}, "resources": [
		{"mode": "managed", "type": "t", "name": "n", "module": "module.m[\"k\"]", "instances": [{"index_key": 0}, {"index_key": "x"}]},
		{"mode": "data", "type": "d", "name": "n", "instances": [{}]}]}`))
	require.NoError(t, err)
	assert.Equal(t, []string{"data.d.n", `module.m["k"].t.n["x"]`, `module.m["k"].t.n[0]`}, state.Instances())
	assert.True(t, state.Manages())
	assert.JSONEq(t, "[1]", string(state.Values()["a"]))

	empty, err := ReadState([]byte("\n"))
	require.NoError(t, err)
	assert.Nil(t, empty)
	assert.True(t, empty.Empty())
	assert.False(t, empty.Manages())
	assert.Empty(t, empty.Values())
	_, err = ReadState([]byte(`{"serial": 1, "encrypted_data": "x"}`))
	assert.ErrorContains(t, err, "it is encrypted, or another version's")
	_, err = ReadState([]byte("no"))
	assert.ErrorContains(t, err, "no JSON")
}

func TestALockIsReadFromWhatTerraformReports(t *testing.T) {
	failed := &Error{Err: errors.New("exit 1"), Diagnostics: []Diagnostic{{Summary: "Error acquiring the state lock", Detail: `Error message: operation error S3: PutObject, StatusCode: 412
Lock Info:
  ID:        8b4e7a10-0f5c-1f3c-9d8e-2f2f6a8c7c5b
  Path:      states/staging/cluster.tfstate
  Operation: OperationTypeApply
  Who:       ann@there
  Version:   1.11.4
  Created:   2026-11-26 04:33:00.123456789 +0000 UTC
  Info:      


Terraform acquires a state lock to protect the state from being written
by multiple users at the same time. Please resolve the issue above and try
again. For most commands, you can disable locking with: "-lock=false"
`}}}
	lock, ok := LockedBy(failed)
	require.True(t, ok)
	assert.Equal(t, Lock{ID: "8b4e7a10-0f5c-1f3c-9d8e-2f2f6a8c7c5b", Path: "states/staging/cluster.tfstate", Operation: "OperationTypeApply", Who: "ann@there",
		Version: "1.11.4", Created: time.Date(2026, 11, 26, 4, 33, 0, 123456789, time.UTC)}, lock)

	failed.Diagnostics[0].Detail = "Error message: AccessDenied"
	_, ok = LockedBy(failed)
	assert.False(t, ok, "nobody holds it: it could not be asked for")
	_, ok = LockedBy(errors.New("other"))
	assert.False(t, ok)
}

package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/stack"
)

func TestBadInputToStateCommandsIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		wait string
		want []string
	}{
		"no environment":      {[]string{"state", "init"}, "", []string{"no environment is named"}},
		"dev":                 {[]string{"state", "init", "--env", "dev", "--bucket", "s3://states"}, "", []string{"dev is each machine's own cluster", "env=staging"}},
		"no bucket":           {[]string{"state", "init", "--env", "staging"}, "", []string{"no bucket is named", "make state-init env=staging bucket=", "gs://"}},
		"no such bucket":      {[]string{"state", "init", "--env", "staging", "--bucket", "https://states"}, "", []string{"begins with neither s3:// nor gs://"}},
		"secret in address":   {[]string{"state", "init", "--env", "staging", "--bucket", "s3://states?secret_key=x"}, "", []string{"sets secret_key"}},
		"unknown format":      {[]string{"state", "show", "--env", "staging", "--output", "xml"}, "", []string{`--output is "xml"`}},
		"a lock nobody has":   {[]string{"state", "unlock", "--env", "staging", "--id", "1"}, "", []string{`has the lock "1"`, "nobody holds a lock"}},
		"no length of time":   {[]string{"state", "show", "--env", "staging"}, "soon", []string{`KINDLING_LOCK_WAIT is "soon"`}},
		"time that runs back": {[]string{"state", "show", "--env", "staging"}, "-1s", []string{`KINDLING_LOCK_WAIT is "-1s"`}},
	} {
		t.Run(name, func(t *testing.T) {
			root := checkout(t, "dev", "staging")
			require.NoError(t, os.MkdirAll(filepath.Join(root, "environments", "staging", "cluster"), 0o755))
			t.Setenv(lockSetting, c.wait)
			code, out, errs := invoke(c.args...)
			assert.Equal(t, exitInput, code, errs)
			assert.Empty(t, out)
			for _, want := range c.want {
				assert.Contains(t, errs, want)
			}
		})
	}
}

func TestLocalStatesAreShownWithTheirFiles(t *testing.T) {
	root := checkout(t, "staging")
	dir := filepath.Join(root, "environments", "staging", "cluster")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "terraform.tfstate"), []byte(`{"version": 4, "serial": 7, "lineage": "l", "resources": [{"mode": "managed", "type": "a", "name": "b", "instances": [{}, {}]}]}`), 0o644))
	code, out, errs := invoke("state", "show", "--env", "staging")
	require.Equal(t, exitDone, code, errs)
	assert.Equal(t, `
ROOT       STATE                                             SERIAL    RESOURCES  LOCK
cluster    environments/staging/cluster/terraform.tfstate    7         2          this machine's
workloads  environments/staging/workloads/terraform.tfstate  none yet             this machine's
`, out)

	code, out, errs = invoke("state", "show", "--env", "staging", "--output", "json")
	require.Equal(t, exitDone, code, errs)
	var report stack.StateReport
	require.NoError(t, json.Unmarshal([]byte(out), &report))
	assert.Equal(t, uint64(7), report.Roots[0].Serial)
	assert.Equal(t, "local", report.Roots[0].Backend)
}

func TestALockIsShownWithItsHolder(t *testing.T) {
	var out bytes.Buffer
	since := time.Date(2026, 11, 26, 4, 0, 0, 0, time.Local)
	printStates(&out, stack.StateReport{Roots: []stack.RootState{{Root: "cluster", Backend: "s3", Where: "s3://states/prod/cluster.tfstate", There: true, Serial: 3, Resources: 4,
		Lock: &stack.LockReport{ID: "1-2", Who: "ann@there", Operation: "apply", Since: since, Holder: "it was taken on another machine"}}}})
	assert.Equal(t, `
ROOT     STATE                             SERIAL  RESOURCES  LOCK
cluster  s3://states/prod/cluster.tfstate  3       4          ann@there, apply since 2026-11-26 04:00:00
cluster: lock 1-2: it was taken on another machine
`, out.String())
}

func TestAnEnvironmentWhoseStateIsElsewhereKeepsItsSupply(t *testing.T) {
	root := checkout(t, "staging")
	dir := filepath.Join(root, "environments", "staging", "cluster")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "supply.auto.tfvars.json"), []byte(`{"node_image": "node:1"}`), 0o644))
	assert.Empty(t, standing(root, "staging"), "there is no cluster")
	require.NoError(t, os.WriteFile(filepath.Join(dir, "backend.tf.json"), []byte(`{"terraform": {"backend": {"s3": {"bucket": "states"}}}}`), 0o644))
	assert.Equal(t, "source", string(standing(root, "staging")))
}

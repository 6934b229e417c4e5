package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/stack"
)

// checkout is the skeleton of a clone, and the working directory of the test.
func checkout(t *testing.T, environments ...string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "infra", "supply"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.work"), []byte("go 1.26.0\n"), 0o644))
	for _, e := range environments {
		require.NoError(t, os.MkdirAll(filepath.Join(root, "environments", e, "workloads"), 0o755))
	}
	t.Chdir(root)
	t.Setenv("KINDLING_CACHE", filepath.Join(root, "cache"))
	return root
}

func invoke(args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = Run(context.Background(), args, strings.NewReader(""), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestBadInputIsRefusedWithTheFixAndExitTwo(t *testing.T) {
	checkout(t, "dev", "staging")
	for name, c := range map[string]struct {
		args []string
		want []string
	}{
		"no environment":      {[]string{"up"}, []string{"no environment is named", "make up env=dev", "dev or staging"}},
		"unknown environment": {[]string{"status", "--env", "live"}, []string{"there is no environment live", "dev or staging"}},
		"unknown format":      {[]string{"status", "--env", "dev", "--output", "xml"}, []string{`--output is "xml"`, "text or json"}},
		"unknown flag":        {[]string{"up", "--environment", "dev"}, []string{"unknown flag", "--help"}},
		"arguments":           {[]string{"down", "dev"}, []string{"1 arguments given, 0 wanted"}},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := invoke(c.args...)
			assert.Equal(t, exitInput, code, errs)
			assert.Empty(t, out)
			for _, want := range c.want {
				assert.Contains(t, errs, want)
			}
		})
	}
}

func TestOutsideOfACheckoutTheToolSaysSo(t *testing.T) {
	t.Chdir(t.TempDir())
	code, _, errs := invoke("up", "--env", "dev")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "lies in no Kindling checkout")
}

func TestHelpNamesEveryCommand(t *testing.T) {
	code, out, _ := invoke("--help")
	assert.Equal(t, exitDone, code)
	for _, command := range []string{"up", "status", "plan", "logs", "down", "doctor", "supply", "state"} {
		assert.Contains(t, out, "\n  "+command+" ")
	}
}

func TestAnInterruptedCommandSaysHowToGoOn(t *testing.T) {
	checkout(t, "dev")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	var stdout, stderr bytes.Buffer
	code := Run(ctx, []string{"up", "--env", "nope"}, strings.NewReader(""), &stdout, &stderr)
	assert.Equal(t, exitStopped, code)
	assert.Contains(t, stderr.String(), "run the same command again")
}

var report = stack.Report{Environment: "dev", Services: []stack.ServiceReport{
	{Name: "catalog", URLs: []string{"https://shop.localhost/api/products"}, Version: "v1", Digest: "sha256:3f9c21aa00bb1122", Ready: 2, Desired: 2},
	{Name: "inventory", URLs: []string{"https://shop.localhost/api/stock"}, Version: "v1", Digest: "sha256:91b2e0aa00bb1122", Ready: 1, Desired: 2, Message: "pulling its image"},
}, Platform: []kube.Status{{Workload: kube.Workload{Part: "database"}, Ready: 0, Desired: 1, Message: "starting"}}}

func TestTheReportIsATableForPeople(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printReport(&out, report, "text"))
	assert.Equal(t, `
SERVICE    URL                                  VERSION  DIGEST               READY
catalog    https://shop.localhost/api/products  v1       sha256:3f9c21aa00bb  2/2
inventory  https://shop.localhost/api/stock     v1       sha256:91b2e0aa00bb  1/2 pulling its image
database 0/1 starting
`, out.String())
	assert.False(t, report.Healthy())
}

func TestTheReportIsJSONForScripts(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printReport(&out, report, "json"))
	var got stack.Report
	require.NoError(t, json.Unmarshal(out.Bytes(), &got))
	assert.Equal(t, report, got)
}

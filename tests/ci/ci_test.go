package main

import (
	"bytes"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// machine is a small checkout, with a make and a tool that print what the test says.
func machine(t *testing.T, variables map[string]string) (a *app, out *bytes.Buffer) {
	t.Helper()
	dir := t.TempDir()
	put(t, dir, "go.work", "go 1.26.0\n")
	put(t, dir, "tests/run.sh", "readonly all_stages=\"unit modules provider e2e\"\n")
	for _, file := range []string{"infra/go.mod", "infra/supply/etcd/go.mod", "infra/supply/nats/go.mod", "infra/supply/policy/go.mod", "services/kit/go.mod", "services/shop/go.mod", "tests/go.mod", "tests/tools/go.mod",
		"modules/service/versions.tf", "modules/service/examples/basic/versions.tf", "environments/dev/workloads/versions.tf", "environments/prod/workloads/versions.tf"} {
		put(t, dir, file, "")
	}
	put(t, dir, ".gitignore", "/.kindling/\n/Makefile\n")
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "--quiet", "--message", "begin"}} {
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		text, err := cmd.CombinedOutput()
		require.NoError(t, err, string(text))
	}
	out = &bytes.Buffer{}
	return &app{root: dir, out: out, errs: io.Discard, env: func(name string) string { return variables[name] }}, out
}

func put(t *testing.T, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o755))
}

// reaching lets the tool answer `affected` with these things.
func (a *app) reaching(t *testing.T, things ...affected) {
	t.Helper()
	text, err := json.Marshal(things)
	require.NoError(t, err)
	put(t, a.root, ".kindling/bin/kindling", "#!/bin/sh\ncat <<'END'\n"+string(text)+"\nEND\n")
}

func TestAChangeIsTestedWhereItReaches(t *testing.T) {
	for name, c := range map[string]struct {
		file  string
		reach []affected
		want  string
	}{
		"documentation":           {"README.md", nil, ""},
		"the tool's reference":    {"docs/cli.md", nil, "unit infra"},
		"a service":               {"services/shop/main.go", []affected{{Name: "shop", Kind: "service"}}, "unit services/shop, e2e ."},
		"what services share":     {"services/kit/log.go", []affected{{Name: "shop", Kind: "service"}}, "unit infra, unit services/kit, unit services/shop, e2e ."},
		"a description":           {"services/shop/service.yaml", []affected{{Name: "shop", Kind: "service"}, {Name: "dev", Kind: "environment"}, {Name: "prod", Kind: "environment"}}, "unit services/shop, modules environments/dev/workloads, modules environments/prod/workloads, e2e ."},
		"the tool":                {"infra/internal/cli/up.go", nil, "unit infra, e2e ."},
		"the tool's words":        {"infra/internal/cli/README.md", nil, "unit infra"},
		"the provider":            {"infra/internal/provider/a.go", nil, "unit infra, provider ., e2e ."},
		"a rule for plans":        {"infra/internal/policy/rules/no_public_endpoints.rego", nil, "unit infra, unit infra/supply/policy, e2e ."},
		"a part":                  {"infra/supply/etcd/main.go", nil, "unit infra, unit infra/supply/etcd, provider ., e2e ."},
		"a module":                {"modules/service/main.tf", []affected{{Name: "service", Kind: "module"}, {Name: "dev", Kind: "environment"}}, "unit tests, modules environments/dev/workloads, modules modules/service, e2e ."},
		"who may speak of what":   {"modules/messaging/files/client.conf", []affected{{Name: "service", Kind: "module"}}, "unit infra/supply/nats, unit tests, modules modules/service"},
		"a cloud's values":        {"environments/prod/workloads/terraform.tfvars", []affected{{Name: "prod", Kind: "environment"}}, "unit tests, modules environments/prod/workloads"},
		"the pipelines":           {".github/workflows/ci.yml", nil, "unit tests"},
		"end-to-end tests":        {"tests/e2e/life_test.go", nil, "unit tests, e2e ."},
		"how everything is begun": {"Makefile.txt", nil, ""},
		"the runner of tests":     {"tests/copy.sh", nil, "unit infra, unit infra/supply/etcd, unit infra/supply/nats, unit infra/supply/policy, unit services/kit, unit services/shop, unit tests, modules environments/dev/workloads, modules environments/prod/workloads, modules modules/service, provider ., e2e ."},
	} {
		t.Run(name, func(t *testing.T) {
			a, out := machine(t, nil)
			a.reaching(t, c.reach...)
			put(t, a.root, c.file, "changed\n")
			require.NoError(t, a.command(t.Context(), []string{"choose", "HEAD"}))
			assert.Equal(t, c.want, strings.Join(strings.Split(strings.TrimSpace(out.String()), "\n"), ", "))
		})
	}
}

func TestStagesAreHandedToThePipeline(t *testing.T) {
	file := filepath.Join(t.TempDir(), "output")
	a, out := machine(t, map[string]string{"GITHUB_OUTPUT": file})
	a.reaching(t, affected{Name: "shop", Kind: "service"})
	put(t, a.root, "services/shop/main.go", "package main\n")
	require.NoError(t, a.command(t.Context(), []string{"stages", "HEAD"}))
	assert.Equal(t, "[\"unit\",\"e2e\"]\n", out.String())
	assert.Equal(t, "stages=[\"unit\",\"e2e\"]\n", string(read(t, file)))
}

func TestBeforeTheFirstCommitEverythingHasChanged(t *testing.T) {
	a, out := machine(t, nil)
	require.NoError(t, a.command(t.Context(), []string{"stages", strings.Repeat("0", 40)}))
	assert.Equal(t, "[\"unit\",\"modules\",\"provider\",\"e2e\"]\n", out.String())
}

func TestNothingTouchedIsAnEmptyList(t *testing.T) {
	a, out := machine(t, nil)
	a.reaching(t)
	require.NoError(t, a.command(t.Context(), []string{"stages", "HEAD"}))
	assert.Equal(t, "[]\n", out.String())
}

func TestCallsThatMeanNothingExitWithTwo(t *testing.T) {
	for _, args := range [][]string{nil, {"dance"}, {"choose"}, {"choose", ""}, {"stages", "a", "b"}, {"plan", "main", "dev"}, {"comment", "x"}, {"login"}} {
		var errs strings.Builder
		assert.Equal(t, 2, run(t.Context(), args, io.Discard, &errs), args)
		assert.Contains(t, errs.String(), "ci: ")
	}
}

package terraform

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// root writes a root module that needs no provider from anywhere: terraform_data is built in.
func root(t *testing.T, text string) *Root {
	t.Helper()
	if _, err := Find(); err != nil {
		t.Skip(err)
	}
	t.Setenv("TF_CLI_CONFIG_FILE", "")
	t.Setenv("GOGC", "100")
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o644))
	config := filepath.Join(dir, "terraform.rc")
	require.NoError(t, os.WriteFile(config, []byte("disable_checkpoint = true\n"), 0o644))
	r, err := Open(dir, Options{CLIConfig: config, Fingerprint: "1"})
	require.NoError(t, err)
	require.NoError(t, r.Init(context.Background()))
	return r
}

const one = "variable \"text\" { default = \"a\" }\nresource \"terraform_data\" \"this\" { input = var.text }\noutput \"text\" { value = terraform_data.this.output }\n"

func TestAPlanIsCarriedOutAndThenEmpty(t *testing.T) {
	r, ctx := root(t, one), context.Background()
	file := filepath.Join(r.Dir, "plan")
	changes, err := r.Plan(ctx, file, false)
	require.NoError(t, err)
	assert.True(t, changes)
	assert.False(t, manages(t, r))

	var seen []Change
	require.NoError(t, r.Apply(ctx, file, func(c Change) { seen = append(seen, c) }))
	assert.Contains(t, seen, Change{Address: "terraform_data.this", Action: "create", State: "complete"})
	assert.True(t, manages(t, r))
	outputs, err := r.Outputs(ctx)
	require.NoError(t, err)
	assert.Equal(t, json.RawMessage(`"a"`), outputs["text"])

	changes, err = r.Plan(ctx, file, false)
	require.NoError(t, err)
	assert.False(t, changes)

	require.NoError(t, r.Destroy(ctx, nil, true))
	assert.False(t, manages(t, r))
}

func manages(t *testing.T, r *Root) bool {
	t.Helper()
	state, err := r.State(context.Background())
	require.NoError(t, err)
	return state.Manages()
}

func TestAnErrorInTheConfigurationNamesItsFileAndLine(t *testing.T) {
	r := root(t, one+"resource \"terraform_data\" \"other\" { input = terraform_data.none.output }\n")
	_, err := r.Plan(context.Background(), filepath.Join(r.Dir, "plan"), false)
	var failed *Error
	require.ErrorAs(t, err, &failed)
	require.NotEmpty(t, failed.Diagnostics)
	assert.Equal(t, "main.tf:4", failed.Diagnostics[0].File)
}

func TestInitIsSkippedUntilModulesOrProvidersChange(t *testing.T) {
	r, ctx := root(t, one), context.Background()
	require.NoError(t, os.RemoveAll(filepath.Join(r.Dir, ".terraform", "modules")))
	mark := filepath.Join(r.Dir, ".terraform", "kindling-init")
	before, err := os.ReadFile(mark)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(r.Dir, "main.tf"), []byte(one+"# more\n"), 0o644))
	require.NoError(t, r.Init(ctx))
	assert.NoDirExists(t, filepath.Join(r.Dir, ".terraform", "modules"), "init did not run")

	require.NoError(t, os.Mkdir(filepath.Join(r.Dir, "child"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(r.Dir, "main.tf"), []byte(one+"module \"child\" {\n  source = \"./child\"\n}\n"), 0o644))
	require.NoError(t, r.Init(ctx))
	after, err := os.ReadFile(mark)
	require.NoError(t, err)
	assert.NotEqual(t, string(before), string(after))
	assert.DirExists(t, filepath.Join(r.Dir, ".terraform", "modules"))
}

func TestAProviderThatCannotBeHadIsNamedInOneSentence(t *testing.T) {
	r := root(t, one)
	config := filepath.Join(t.TempDir(), "terraform.rc")
	require.NoError(t, os.WriteFile(config, []byte("disable_checkpoint = true\nprovider_installation {\n  filesystem_mirror {\n    path = \""+t.TempDir()+"\"\n  }\n}\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(r.Dir, "versions.tf"), []byte("terraform {\n  required_providers {\n    sun = { source = \"example.org/shop/sun\", version = \"= 1.0.0\" }\n  }\n}\n"), 0o644))
	r, err := Open(r.Dir, Options{CLIConfig: config, Fingerprint: "2"})
	require.NoError(t, err)
	err = r.Init(context.Background())
	var failed *Error
	require.ErrorAs(t, err, &failed)
	require.NotEmpty(t, failed.Diagnostics)
	assert.Contains(t, err.Error(), "example.org/shop/sun")
	assert.NotContains(t, err.Error(), "\n")
}

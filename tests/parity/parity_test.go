// Package parity holds the environments together: one workloads root runs on every flavour of
// cluster, because all cluster roots tell the same things.
package parity

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const root = "../.."

// shape is what an object of a flavour has: all of must, and nothing beside but some of may.
type shape struct{ must, may []string }

// The outputs of a cluster root, as the workloads root and the tool read them. What an output may
// leave out, its readers have a default for.
var shapes = map[string]shape{
	"cluster":  {must: []string{"name", "flavour", "uid", "endpoint", "ca_certificate", "client_certificate", "client_key", "exec", "kubeconfig"}},
	"registry": {must: []string{"host", "push", "insecure"}, may: []string{"mirrors"}},
	"ingress":  {must: []string{"http_port", "https_port"}, may: []string{"exposure", "annotations", "node_ports"}},
	"database": {must: []string{"host", "port", "admin_user", "admin_password_revision", "admin_password_command", "ca_certificates"}, may: []string{"cidrs"}},
	"secrets":  {must: []string{"revision_command", "value_command", "set_command"}},
}

// makers are the modules that make the outputs, one for each flavour.
var makers = map[string][]string{
	"modules/cluster/*":      {"cluster", "ingress"},
	"modules/registry/*":     {"registry"},
	"modules/database-*":     {"database"},
	"modules/secret-store/*": {"secrets"},
}

func TestWorkloadsAreTheSameFilesInEveryEnvironment(t *testing.T) {
	first := environment(t, "dev", "workloads")
	names := files(t, first)
	require.Contains(t, names, "main.tf")
	for _, dir := range glob(t, "environments/*/workloads") {
		assert.Equal(t, names, files(t, dir), "%s must have the files of %s", dir, first)
		for _, name := range names {
			assert.Equal(t, read(t, filepath.Join(first, name)), read(t, filepath.Join(dir, name)),
				"%s is not %s: copy it to all environments; what differs belongs into terraform.tfvars", filepath.Join(dir, name), filepath.Join(first, name))
		}
	}
}

func TestClusterRootsHaveTheSameOutputs(t *testing.T) {
	var want []string
	for name := range shapes {
		want = append(want, name)
	}
	for _, dir := range glob(t, "environments/*/cluster") {
		var names []string
		for _, output := range outputs(t, dir) {
			names = append(names, output.Labels[0])
			sensitive := output.Body.Attributes["sensitive"] != nil
			assert.Equal(t, output.Labels[0] == "cluster", sensitive, "%s: output %s: the cluster's credentials are sensitive, and nothing else is", dir, output.Labels[0])
		}
		assert.ElementsMatch(t, want, names, "%s", dir)
	}
}

func TestEveryFlavourTellsTheSameOfItself(t *testing.T) {
	for pattern, names := range makers {
		for _, dir := range glob(t, pattern) {
			made := map[string]*hclsyntax.Block{}
			for _, output := range outputs(t, dir) {
				made[output.Labels[0]] = output
			}
			for _, name := range names {
				if assert.Contains(t, made, name, "%s", dir) {
					checkShape(t, dir, name, attributes(t, dir, made[name]))
				}
			}
		}
	}
}

// Terraform itself would take values by plain variables, and write them into plans.
func TestVariablesThatCarrySecretsAreEphemeral(t *testing.T) {
	for dir, names := range map[string][]string{
		"environments/dev/workloads": {"database_admin_password", "secret_values"},
		"modules/database":           {"admin_password"},
		"modules/service":            {"secret_values"},
		"modules/secrets":            {"values"},
	} {
		variables := map[string]*hclsyntax.Block{}
		for _, variable := range blocks(t, filepath.Join(root, dir, "variables.tf"), "variable") {
			variables[variable.Labels[0]] = variable
		}
		for _, name := range names {
			if assert.Contains(t, variables, name, "%s", dir) {
				assert.True(t, isTrue(variables[name], "ephemeral"), "%s: variable %s is not ephemeral", dir, name)
				assert.True(t, isTrue(variables[name], "sensitive"), "%s: variable %s is not sensitive", dir, name)
			}
		}
	}
}

func TestThereIsMoreThanOneFlavour(t *testing.T) {
	for pattern := range makers {
		assert.GreaterOrEqual(t, len(glob(t, pattern)), 1, pattern)
	}
	assert.GreaterOrEqual(t, len(glob(t, "modules/cluster/*")), 2, "with one flavour, nothing is compared")
}

func checkShape(t *testing.T, dir, name string, got []string) {
	t.Helper()
	want := shapes[name]
	for _, attribute := range want.must {
		assert.Contains(t, got, attribute, "%s: output %s lacks it", dir, name)
	}
	for _, attribute := range got {
		assert.Contains(t, slices.Concat(want.must, want.may), attribute, "%s: output %s has it, and the other flavours do not know it", dir, name)
	}
}

// attributes are the names in the object that an output is, or in each object of the map that it is.
// The object has to be written out.
func attributes(t *testing.T, dir string, output *hclsyntax.Block) []string {
	t.Helper()
	value := output.Body.Attributes["value"]
	require.NotNil(t, value, "%s: output %s has no value", dir, output.Labels[0])
	expression := value.Expr
	if each, ok := expression.(*hclsyntax.ForExpr); ok {
		expression = each.ValExpr
	}
	object, ok := expression.(*hclsyntax.ObjectConsExpr)
	require.True(t, ok, "%s: output %s must be an object that is written out, so that its attributes can be compared", dir, output.Labels[0])
	var names []string
	for _, item := range object.Items {
		key, diagnostics := item.KeyExpr.Value(nil)
		require.False(t, diagnostics.HasErrors(), "%s: output %s: %s", dir, output.Labels[0], diagnostics)
		names = append(names, key.AsString())
	}
	return names
}

func outputs(t *testing.T, dir string) []*hclsyntax.Block {
	t.Helper()
	return blocks(t, filepath.Join(dir, "outputs.tf"), "output")
}

// blocks are the blocks of a type in a Terraform file, of which there has to be one.
func blocks(t *testing.T, path, kind string) []*hclsyntax.Block {
	t.Helper()
	parsed, diagnostics := hclsyntax.ParseConfig([]byte(read(t, path)), path, hcl.InitialPos)
	require.False(t, diagnostics.HasErrors(), "%s", diagnostics)
	var found []*hclsyntax.Block
	for _, block := range parsed.Body.(*hclsyntax.Body).Blocks {
		if block.Type == kind {
			found = append(found, block)
		}
	}
	require.NotEmpty(t, found, "%s", path)
	return found
}

func isTrue(block *hclsyntax.Block, name string) bool {
	attribute := block.Body.Attributes[name]
	if attribute == nil {
		return false
	}
	value, diagnostics := attribute.Expr.Value(nil)
	return !diagnostics.HasErrors() && value.True()
}

func environment(t *testing.T, parts ...string) string {
	t.Helper()
	return filepath.Join(append([]string{root, "environments"}, parts...)...)
}

func glob(t *testing.T, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
	require.NoError(t, err)
	require.NotEmpty(t, found, pattern)
	return found
}

// files are the Terraform files of a folder. The folders' own backends are not compared: where a
// state is kept is what environments differ in.
func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	require.NoError(t, err)
	var names []string
	for _, file := range found {
		if name := filepath.Base(file); name != "backend.tf" {
			names = append(names, name)
		}
	}
	return names
}

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

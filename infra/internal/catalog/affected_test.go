package catalog

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// committed makes a small repository of two services, a shared module, three
// Terraform modules and one environment, commits it, and returns its folder.
func committed(t *testing.T) string {
	t.Helper()
	const module, replace = "module kindling.internal/services/", "\ngo 1.24\nrequire kindling.internal/services/kit v0.0.0\nreplace kindling.internal/services/kit => ../kit\n"
	root := repository(t, map[string]string{
		"services/kit/go.mod":                 "module kindling.internal/services/kit\ngo 1.24\n",
		"services/kit/health/health.go":       "package health\nimport _ \"embed\"\n//go:embed page.html\nvar Page string\n",
		"services/kit/health/health_test.go":  "package health\n",
		"services/kit/health/page.html":       "ok",
		"services/kit/health/health_other.go": "//go:build windows\n\npackage health\n",
		"services/kit/server/server.go":       "package server\nimport _ \"kindling.internal/services/kit/health\"\n",
		"services/kit/metrics/metrics.go":     "package metrics\n",
		"services/catalog/go.mod":             module + "catalog" + replace,
		"services/catalog/main.go":            "package main\nimport _ \"kindling.internal/services/kit/server\"\nfunc main() {}\n",
		"services/catalog/service.yaml":       catalogYAML,
		"services/inventory/go.mod":           module + "inventory" + replace,
		"services/inventory/main.go":          "package main\nimport _ \"kindling.internal/services/kit/metrics\"\nfunc main() {}\n",
		"services/inventory/service.yaml":     inventoryYAML,
		"modules/service/main.tf":             "module \"names\" {\n  source = \"../names\"\n}\n",
		"modules/service/README.md":           "# service\n",
		"modules/service/tests/a.tftest.hcl":  "run \"a\" {}\n",
		"modules/names/main.tf":               "locals {}\n",
		"modules/cluster/kind/main.tf":        "module \"far\" {\n  source = \"registry.example.com/a/b/c\"\n}\n",
		"environments/dev/workloads/main.tf":  "module \"service\" {\n  source = \"../../../modules/service\"\n}\nlocals {\n  files = fileset(\"../../../services\", \"*/service.yaml\")\n}\n",
		"environments/dev/cluster/main.tf":    "module \"cluster\" {\n  source = \"../../../modules/cluster/kind\"\n}\n",
	})
	gitIn(t, root, "init", "--quiet")
	gitIn(t, root, "add", ".")
	gitIn(t, root, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "first")
	return root
}

func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func affected(t *testing.T, root string) []Change {
	t.Helper()
	changes, err := Affected(t.Context(), root, "HEAD")
	require.NoError(t, err)
	return changes
}

func TestNothingChangedAffectsNothing(t *testing.T) {
	assert.Empty(t, affected(t, committed(t)))
}

func TestAServiceIsAffectedByItsOwnFolder(t *testing.T) {
	root := committed(t)
	write(t, root, "services/inventory/new.go", "package main\n")
	assert.Equal(t, []Change{{"inventory", KindService, []string{"changed in services/inventory/new.go"}}}, affected(t, root))
}

func TestAServiceIsAffectedByThePackagesItIsCompiledFrom(t *testing.T) {
	root := committed(t)
	write(t, root, "services/kit/health/health.go", "package health\nimport _ \"embed\"\n//go:embed page.html\nvar Site string\n")
	write(t, root, "services/kit/health/page.html", "fine")
	write(t, root, "services/kit/metrics/metrics.go", "package metrics\nvar X int\n")
	assert.Equal(t, []Change{
		{"catalog", KindService, []string{
			"imports kit/health through kit/server, changed in services/kit/health/health.go",
			"imports kit/health through kit/server, changed in services/kit/health/page.html",
		}},
		{"inventory", KindService, []string{"imports kit/metrics, changed in services/kit/metrics/metrics.go"}},
	}, affected(t, root))
}

func TestFilesThatAreNotCompiledAffectNoImporter(t *testing.T) {
	root := committed(t)
	write(t, root, "services/kit/health/health_test.go", "package health\nvar X int\n")
	write(t, root, "services/kit/health/health_other.go", "//go:build windows\n\npackage health\nvar X int\n")
	write(t, root, "services/kit/README.md", "# kit\n")
	assert.Empty(t, affected(t, root))
}

func TestADeletedFileOfAPackageAffectsItsImporters(t *testing.T) {
	root := committed(t)
	require.NoError(t, os.Remove(filepath.Join(root, "services/kit/health/page.html")))
	require.NoError(t, os.Remove(filepath.Join(root, "services/kit/health/health_test.go")))
	assert.Equal(t, []Change{{"catalog", KindService, []string{
		"imports kit/health through kit/server, deleted services/kit/health/page.html",
	}}}, affected(t, root))
}

func TestTheSharedModulesRequirementsAffectItsUsers(t *testing.T) {
	root := committed(t)
	write(t, root, "services/kit/go.mod", "module kindling.internal/services/kit\ngo 1.24\n// more\n")
	assert.Equal(t, []Change{
		{"catalog", KindService, []string{"builds with kit, changed in services/kit/go.mod"}},
		{"inventory", KindService, []string{"builds with kit, changed in services/kit/go.mod"}},
	}, affected(t, root))
}

func TestAServiceWhoseImportsCannotBeListedIsAffected(t *testing.T) {
	root := committed(t)
	write(t, root, "services/inventory/go.mod", "module kindling.internal/services/inventory\nrequire (\n")
	write(t, root, "services/kit/metrics/metrics.go", "package metrics\nvar X int\n")
	changes := affected(t, root)
	require.Len(t, changes, 1)
	assert.Equal(t, "inventory", changes[0].Name)
	assert.Contains(t, changes[0].Reasons[1], "its imports cannot be listed: go: errors parsing go.mod")
}

func TestARemovedServiceIsAffected(t *testing.T) {
	root := committed(t)
	require.NoError(t, os.RemoveAll(filepath.Join(root, "services/inventory")))
	assert.Equal(t, []Change{
		{"inventory", KindService, []string{
			"deleted services/inventory/go.mod", "deleted services/inventory/main.go", "deleted services/inventory/service.yaml",
		}},
		{"dev", KindEnvironment, []string{"reads service.yaml of inventory, deleted services/inventory/service.yaml"}},
	}, affected(t, root))
}

func TestModulesAndEnvironmentsAreAffectedThroughTheModulesTheyCall(t *testing.T) {
	root := committed(t)
	write(t, root, "modules/names/main.tf", "locals { a = 1 }\n")
	assert.Equal(t, []Change{
		{"names", KindModule, []string{"changed in modules/names/main.tf"}},
		{"service", KindModule, []string{"calls modules/names, changed in modules/names/main.tf"}},
		{"dev", KindEnvironment, []string{"calls modules/names through modules/service, changed in modules/names/main.tf"}},
	}, affected(t, root))
}

func TestAModulesTestsAndDocumentsAffectOnlyTheModule(t *testing.T) {
	root := committed(t)
	write(t, root, "modules/service/README.md", "# more\n")
	write(t, root, "modules/service/tests/a.tftest.hcl", "run \"b\" {}\n")
	assert.Equal(t, []Change{
		{"service", KindModule, []string{"changed in modules/service/README.md", "changed in modules/service/tests/a.tftest.hcl"}},
	}, affected(t, root))
}

func TestAServicesDescriptionAffectsTheEnvironmentsThatReadIt(t *testing.T) {
	root := committed(t)
	write(t, root, "services/catalog/service.yaml", catalogYAML+"calls: [inventory]\n")
	assert.Equal(t, []Change{
		{"catalog", KindService, []string{"changed in services/catalog/service.yaml"}},
		{"dev", KindEnvironment, []string{"reads service.yaml of catalog, changed in services/catalog/service.yaml"}},
	}, affected(t, root))
}

func TestCommittedChangesCountFromTheRevision(t *testing.T) {
	root := committed(t)
	write(t, root, "environments/dev/.tls/note", "x")
	gitIn(t, root, "add", ".")
	gitIn(t, root, "-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "--quiet", "-m", "second")
	changes, err := Affected(t.Context(), root, "HEAD~1")
	require.NoError(t, err)
	assert.Equal(t, []Change{{"dev", KindEnvironment, []string{"changed in environments/dev/.tls/note"}}}, changes)
}

func TestAnUnknownRevisionIsRefused(t *testing.T) {
	root := committed(t)
	for _, since := range []string{"nowhere", "", "--help"} {
		_, err := Affected(t.Context(), root, since)
		assert.ErrorContains(t, err, "is no git revision", since)
	}
}

package scaffold

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"kindling.internal/infra/internal/catalog"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestEveryCombinationWritesItsFiles(t *testing.T) {
	root := checkout(t)
	var listing strings.Builder
	for _, c := range combinations() {
		written, err := New(t.Context(), root, c.request)
		require.NoError(t, err, c.name)
		assert.Equal(t, filesBelow(t, filepath.Join(root, written.Folder)), written.Files)
		fmt.Fprintf(&listing, "%s %s\n  %s\n", written.Folder, written.URL, strings.Join(written.Files, "\n  "))
	}
	golden := filepath.Join("testdata", "files.golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(golden, []byte(listing.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	assert.Equal(t, string(want), listing.String())
}

func filesBelow(t *testing.T, folder string) []string {
	t.Helper()
	var files []string
	require.NoError(t, fs.WalkDir(os.DirFS(folder), ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, path)
		}
		return err
	}))
	slices.Sort(files)
	return files
}

func TestWhatIsWrittenIsAsEditorsAndTheToolWantIt(t *testing.T) {
	root := checkout(t)
	for _, c := range combinations() {
		_, err := New(t.Context(), root, c.request)
		require.NoError(t, err, c.name)
	}
	services, err := catalog.Load(root)
	require.NoError(t, err, "the tool accepts every service.yaml")
	assert.Len(t, services, len(combinations())+2)
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(realRoot, "services", "service.schema.json"))
	require.NoError(t, err)
	for _, s := range services {
		checkTexts(t, s.Dir)
		assert.NoError(t, schema.Validate(jsonOf(t, read(t, s.Dir, catalog.File))), s.Name)
	}
}

// checkTexts holds every file of a service against .editorconfig.
func checkTexts(t *testing.T, folder string) {
	t.Helper()
	for _, name := range filesBelow(t, folder) {
		text := read(t, folder, name)
		assert.True(t, strings.HasSuffix(text, "\n") && !strings.HasSuffix(text, "\n\n"), "%s/%s ends with one newline", folder, name)
		assert.NotContains(t, text, "[[", "%s/%s", folder, name)
		assert.NotContains(t, text, "\n\n\n", "%s/%s", folder, name)
		for i, line := range strings.Split(text, "\n") {
			assert.Equal(t, strings.TrimRight(line, " \t"), line, "%s/%s:%d ends with a blank", folder, name, i+1)
		}
	}
}

func jsonOf(t *testing.T, text string) any {
	t.Helper()
	var value any
	require.NoError(t, yaml.Unmarshal([]byte(text), &value))
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	decoded, err := jsonschema.UnmarshalJSON(strings.NewReader(string(encoded)))
	require.NoError(t, err)
	return decoded
}

func TestDescriptionsOfAPIsAreYAMLAndHaveTheirReferences(t *testing.T) {
	root := checkout(t)
	for _, c := range combinations() {
		if c.request.Template != HTTP {
			continue
		}
		written, err := New(t.Context(), root, c.request)
		require.NoError(t, err, c.name)
		text := read(t, root, written.Folder+"/openapi.yaml")
		var description map[string]any
		require.NoError(t, yaml.Unmarshal([]byte(text), &description), c.name)
		components, ok := description["components"].(map[string]any)
		require.True(t, ok)
		for group, members := range components {
			for name := range members.(map[string]any) {
				reference := fmt.Sprintf("#/components/%s/%s", group, name)
				assert.Contains(t, text, `"`+reference+`"`, "%s: nothing refers to it", c.name)
				text = strings.ReplaceAll(text, `"`+reference+`"`, "")
			}
		}
		assert.NotContains(t, text, "#/components/", "%s: it refers to what is not there", c.name)
	}
}

func TestANewServiceIsInTheWorkspaceInTheOrderOfNames(t *testing.T) {
	root := checkout(t)
	_, err := New(t.Context(), root, Request{Name: "billing"})
	require.NoError(t, err)
	assert.Equal(t, "go 1.26.0\n\nuse (\n\t./services/billing\n\t./services/catalog\n\t./services/inventory\n\t./services/kit\n)\n", read(t, root, "go.work"))
	assert.Contains(t, read(t, root, "services/billing/service.yaml"), "path: /api/billing\n", "the default")
}

func TestAnotherRouteIsInEveryFileThatNamesIt(t *testing.T) {
	root := checkout(t)
	written, err := New(t.Context(), root, Request{Name: "billing", RoutePath: "/shop/v1.2/bills"})
	require.NoError(t, err)
	assert.Equal(t, "shop.localhost/shop/v1.2/bills", written.URL)
	for _, name := range []string{"service.yaml", "openapi.yaml", "main.go", "main_test.go", "internal/api/openapi_test.go", "README.md"} {
		text := read(t, root, "services/billing/"+name)
		assert.Contains(t, text, "/shop/v1.2/bills", name)
		assert.NotContains(t, text, "/api/billing", name)
	}
}

func TestTwoAtOnceDoNotLoseAnEntry(t *testing.T) {
	root := checkout(t)
	names := []string{"one", "two", "three", "four"}
	var group sync.WaitGroup
	for _, name := range names {
		group.Go(func() {
			_, err := New(t.Context(), root, Request{Name: name, Force: true})
			assert.NoError(t, err)
		})
	}
	group.Wait()
	for _, name := range names {
		assert.Contains(t, read(t, root, "go.work"), "./services/"+name+"\n")
		assert.FileExists(t, filepath.Join(root, "services", name, "main.go"))
	}
}

func TestACancelledRequestWritesNothing(t *testing.T) {
	root := checkout(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := New(ctx, root, Request{Name: "billing", Force: true})
	require.ErrorIs(t, err, ctx.Err())
	assert.NoDirExists(t, filepath.Join(root, "services", "billing"))
	assert.NotContains(t, read(t, root, "go.work"), "billing")
	assert.NoDirExists(t, filepath.Join(workFolder(root), "stage"))
}

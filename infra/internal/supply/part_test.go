package supply

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// hashOf is the hash of the last of the parts.
func hashOf(t *testing.T, parts ...Part) string {
	t.Helper()
	known, err := hashParts(parts)
	require.NoError(t, err)
	return known[parts[len(parts)-1].Name].hash
}

func buildModule(t *testing.T) (dir string, part Part) {
	t.Helper()
	dir = t.TempDir()
	for name, content := range map[string]string{
		"go.mod": "module example\n", "go.sum": "", "main.go": "package main\n", "main_test.go": "package main\n",
		"README.md": "read\n", "testdata/x": "x\n", "internal/a.go": "package internal\n",
	} {
		write(t, filepath.Join(dir, filepath.FromSlash(name)), content)
	}
	return dir, Part{Name: "tool", recipe: programs{dir: dir, commands: map[string]string{"tool": "."}}}
}

func TestAHashChangesWithEveryInput(t *testing.T) {
	for _, name := range []string{"go.mod", "go.sum", "main.go", "internal/a.go", "new.go", "rootfs/etc/conf"} {
		t.Run(name, func(t *testing.T) {
			dir, part := buildModule(t)
			before := hashOf(t, part)
			write(t, filepath.Join(dir, filepath.FromSlash(name)), "// another\n")
			assert.NotEqual(t, before, hashOf(t, part))
		})
	}
}

func TestAHashStaysWhenATestOrAPageChanges(t *testing.T) {
	for _, name := range []string{"main_test.go", "internal/new_test.go", "README.md", "docs/page.md", "testdata/x"} {
		t.Run(name, func(t *testing.T) {
			dir, part := buildModule(t)
			before := hashOf(t, part)
			write(t, filepath.Join(dir, filepath.FromSlash(name)), "another\n")
			assert.Equal(t, before, hashOf(t, part))
		})
	}
}

func TestAHashDoesNotDependOnWhereTheCheckoutLies(t *testing.T) {
	_, one := buildModule(t)
	_, two := buildModule(t)
	assert.Equal(t, hashOf(t, one), hashOf(t, two))
}

func TestAHashChangesWithTheRecipe(t *testing.T) {
	_, part := buildModule(t)
	before := hashOf(t, part)
	for name, change := range map[string]func(*programs){
		"tags":     func(p *programs) { p.tags = "netgo" },
		"ldflags":  func(p *programs) { p.ldflags = "-X main.version=2" },
		"commands": func(p *programs) { p.commands = map[string]string{"tool": "./cmd"} },
	} {
		t.Run(name, func(t *testing.T) {
			recipe := part.recipe.(programs)
			change(&recipe)
			assert.NotEqual(t, before, hashOf(t, Part{Name: "tool", recipe: recipe}))
		})
	}
}

func TestOnlyNamedInputsCountWhenTheyAreNamed(t *testing.T) {
	dir, _ := buildModule(t)
	part := Part{Name: "tool", recipe: programs{dir: dir, inputs: []string{filepath.Join(dir, "go.mod"), filepath.Join(dir, "internal")}}}
	before := hashOf(t, part)
	write(t, filepath.Join(dir, "main.go"), "// another\n")
	assert.Equal(t, before, hashOf(t, part))
	write(t, filepath.Join(dir, "internal", "a.go"), "// another\n")
	assert.NotEqual(t, before, hashOf(t, part))
}

func TestAHashCoversWhatThePartIsMadeFrom(t *testing.T) {
	image := fakePart("image", nil, "middle")
	middle := fakePart("middle", nil, "base")
	before := hashOf(t, Part{Name: "base", recipe: fakeRecipe{input: "1"}}, middle, image)
	assert.NotEqual(t, before, hashOf(t, Part{Name: "base", recipe: fakeRecipe{input: "2"}}, middle, image))
}

func TestALinkCountsByItsTarget(t *testing.T) {
	dir, part := buildModule(t)
	link := filepath.Join(dir, "link")
	require.NoError(t, os.Symlink("/nowhere", link))
	before := hashOf(t, part)
	require.NoError(t, os.Remove(link))
	require.NoError(t, os.Symlink("/elsewhere", link))
	assert.NotEqual(t, before, hashOf(t, part))
}

func TestAMissingInputIsNamed(t *testing.T) {
	_, err := hashParts([]Part{{Name: "tool", recipe: programs{dir: "/nowhere/at/all"}}})
	require.ErrorContains(t, err, "read the inputs of part tool")
	require.ErrorContains(t, err, "/nowhere/at/all")
}

func TestTheRepositorysPartsAreWhole(t *testing.T) {
	parts, err := Parts(filepath.Join("..", "..", ".."))
	require.NoError(t, err)
	known, err := hashParts(parts)
	require.NoError(t, err)
	assert.Len(t, known, len(parts), "no name is given twice")
	assert.ElementsMatch(t, Finished, finished(parts), "what nothing is made from is what environments use")
	assert.Contains(t, known, OpenTofuPart)
	for _, part := range PartsFor([]string{"database", "messaging"}) {
		assert.Contains(t, known, part)
		assert.True(t, known[part].Optional, "nobody waits for %s whose services do not need it", part)
		assert.Contains(t, workloadImages, part)
		assert.Contains(t, terraformNames, part)
	}
	for _, p := range parts {
		assert.NotEmpty(t, p.About, p.Name)
		assert.Positive(t, p.Weight, p.Name)
		if p.After != "" {
			assert.Contains(t, known, p.After, p.Name)
		}
	}
}

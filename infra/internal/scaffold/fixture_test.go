package scaffold

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

const realRoot = "../../.."

// checkout is a repository with the real services, committed, and nothing else.
func checkout(t *testing.T) string {
	t.Helper()
	os.Getenv("KINDLING_TEST_SERVICES") // Go runs a test again when what it read so has changed
	root := t.TempDir()
	for _, name := range []string{"kit", "catalog", "inventory"} {
		from := filepath.Join(realRoot, "services", name)
		require.NoError(t, os.CopyFS(filepath.Join(root, "services", name), os.DirFS(from)))
	}
	copyFile(t, filepath.Join(realRoot, "services", "service.schema.json"), filepath.Join(root, "services", "service.schema.json"))
	writeGoWork(t, root)
	require.NoError(t, os.WriteFile(filepath.Join(root, ".gitignore"), []byte("/.kindling/\n"), 0o644))
	for _, args := range [][]string{{"init", "--quiet"}, {"add", "."}, {"commit", "--quiet", "--message", "begin"}} {
		git(t, root, args...)
	}
	return root
}

// writeGoWork is the real workspace without the modules that are not copied.
func writeGoWork(t *testing.T, root string) {
	t.Helper()
	workspace, err := readWorkspace(realRoot)
	require.NoError(t, err)
	for _, use := range workspace.Use {
		if _, err := os.Stat(filepath.Join(root, use.Path)); err != nil {
			require.NoError(t, workspace.DropUse(use.Path))
		}
	}
	workspace.Cleanup()
	require.NoError(t, os.WriteFile(filepath.Join(root, "go.work"), modfile.Format(workspace.Syntax), 0o644))
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	content, err := os.ReadFile(from)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(to, content, 0o644))
}

func git(t *testing.T, root string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@localhost"}, args...)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func commit(t *testing.T, root string) {
	t.Helper()
	git(t, root, "add", ".")
	git(t, root, "commit", "--quiet", "--message", "more")
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

func read(t *testing.T, root, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	require.NoError(t, err)
	return string(content)
}

// combination is one of the services that can be asked for.
type combination struct {
	name    string
	request Request
}

// combinations are all of template × needs × calls.
func combinations() []combination {
	var all []combination
	for _, kind := range []Template{HTTP, Worker} {
		for _, needs := range subsets(Needs()) {
			for _, calls := range [][]string{nil, {"catalog"}, {"inventory", "catalog"}} {
				name := "new-" + string(kind)
				for _, need := range needs {
					name += "-" + need
				}
				name += []string{"", "-call", "-calls"}[len(calls)]
				all = append(all, combination{name, Request{Name: name, Template: kind, Needs: needs, Calls: calls, Force: true}})
			}
		}
	}
	return all
}

// subsets are all choices among names, the empty one first.
func subsets(names []string) [][]string {
	all := [][]string{nil}
	for _, name := range names {
		for _, chosen := range all {
			all = append(all, append(slices.Clone(chosen), name))
		}
	}
	return all
}

func replaceOnce(t *testing.T, text, old, new string) string {
	t.Helper()
	require.Contains(t, text, old)
	return strings.Replace(text, old, new, 1)
}

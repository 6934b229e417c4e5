package supply

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAPatchMatchesExactlyOnceUnlessItMeansAll(t *testing.T) {
	for name, c := range map[string]struct {
		text, want string
		all        bool
		refused    string
	}{
		"once":             {text: "a old b", want: "a new b"},
		"not at all":       {text: "a b", refused: "stands there 0 times"},
		"twice":            {text: "old old", refused: "stands there 2 times"},
		"twice, all":       {text: "old old", all: true, want: "new new"},
		"not at all, all":  {text: "a b", all: true, refused: "stands there 0 times"},
		"no file by then":  {refused: "no such file"},
		"only a like text": {text: "Old", refused: "stands there 0 times"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if c.text != "" {
				write(t, filepath.Join(dir, "etc", "conf"), c.text)
			}
			err := applyPatches(dir, []patch{{Path: "/etc/conf", Old: "old", New: "new", All: c.all}})
			if c.refused != "" {
				require.ErrorContains(t, err, c.refused)
				require.ErrorContains(t, err, "/etc/conf")
				return
			}
			require.NoError(t, err)
			text, err := os.ReadFile(filepath.Join(dir, "etc", "conf"))
			require.NoError(t, err)
			assert.Equal(t, c.want, string(text))
		})
	}
}

func TestCopiesOfReadOnlyFilesCanBePatched(t *testing.T) {
	from, to := t.TempDir(), t.TempDir()
	write(t, filepath.Join(from, "run"), "old")
	require.NoError(t, os.Chmod(filepath.Join(from, "run"), 0o555))
	write(t, filepath.Join(to, "run"), "from an earlier layer")

	require.NoError(t, copyTree(from, to))
	require.NoError(t, applyPatches(to, []patch{{Path: "run", Old: "old", New: "new"}}))
	info, err := os.Stat(filepath.Join(to, "run"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm(), "it stays executable")
}

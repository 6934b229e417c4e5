package cli

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// forked is a clone that has branched off from main, after which both have a commit of their own.
func forked(t *testing.T) string {
	t.Helper()
	root := clone(t)
	gitIn(t, root, "branch", "-M", "main")
	put(t, root, "both.txt", "base\n")
	commitAll(t, root)
	gitIn(t, root, "checkout", "--quiet", "-b", "change")
	put(t, root, "both.txt", "head\n")
	commitAll(t, root)
	gitIn(t, root, "checkout", "--quiet", "main")
	put(t, root, "later.txt", "of main\n")
	commitAll(t, root)
	gitIn(t, root, "checkout", "--quiet", "change")
	return root
}

func worktrees(t *testing.T, root string) int {
	t.Helper()
	out, err := exec.Command("git", "-C", root, "worktree", "list", "--porcelain").Output()
	require.NoError(t, err)
	return strings.Count(string(out), "worktree ")
}

func TestARevisionIsWhereTheCheckoutBranchedOff(t *testing.T) {
	root := forked(t)
	dir := filepath.Join(root, ".kindling", "dev", "base")
	for range 2 { // the second finds what a kill has left of the first
		r, err := revision(t.Context(), root, "main", dir)
		require.NoError(t, err)
		text, err := os.ReadFile(filepath.Join(r.Root, "both.txt"))
		require.NoError(t, err)
		assert.Equal(t, "base\n", string(text))
		assert.NoFileExists(t, filepath.Join(r.Root, "later.txt"), "what main has got since is no part of the change")
		assert.Regexp(t, "^[0-9a-f]{7,}$", r.Commit)
		assert.Equal(t, 2, worktrees(t, root))
	}
	require.NoError(t, os.RemoveAll(dir)) // and what somebody has removed by hand
	r, err := revision(t.Context(), root, "main", dir)
	require.NoError(t, err)
	require.NoError(t, r.Remove())
	assert.NoDirExists(t, dir)
	assert.Equal(t, 1, worktrees(t, root))
}

func TestARevisionThatIsNotThereIsRefusedWithTheFix(t *testing.T) {
	root := forked(t)
	for since, want := range map[string]string{
		"nothing":               `--since is "nothing", which is no git revision here`,
		strings.Repeat("1", 40): "which is no git revision here",
		"--help":                "which is no git revision here",
	} {
		code, out, errs := invoke("plan", "--env", "dev", "--offline", "--since", since)
		assert.Equal(t, exitInput, code, since)
		assert.Empty(t, out)
		assert.Contains(t, errs, want)
		assert.Contains(t, errs, "fetch-depth: 0")
	}
	gitIn(t, root, "checkout", "--quiet", "--orphan", "other")
	commitAll(t, root)
	code, _, errs := invoke("plan", "--env", "dev", "--offline", "--since", "main")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "main and this checkout have no common ancestor here")
	assert.Contains(t, errs, "fetch-depth: 0")

	code, _, errs = invoke("plan", "--env", "dev", "--since", "main")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, "--offline --since main")
}

func TestAShallowCloneIsToldHowToBecomeWhole(t *testing.T) {
	root := forked(t)
	first, err := exec.Command("git", "-C", root, "rev-parse", "main").Output()
	require.NoError(t, err)
	shallow := filepath.Join(t.TempDir(), "shallow")
	gitIn(t, root, "clone", "--quiet", "--depth=1", "--branch=change", "file://"+root, shallow)
	_, err = revision(t.Context(), shallow, strings.TrimSpace(string(first)), filepath.Join(shallow, "base"))
	assert.ErrorContains(t, err, "no git revision here")
	gitIn(t, shallow, "fetch", "--quiet", "--depth=1", "origin", "main")
	_, err = revision(t.Context(), shallow, "FETCH_HEAD", filepath.Join(shallow, "base"))
	assert.ErrorContains(t, err, "FETCH_HEAD and this checkout have no common ancestor here")
}

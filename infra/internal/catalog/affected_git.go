package catalog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// changedFile is a path relative to root, with slashes.
type changedFile struct {
	path    string
	deleted bool
}

// changedFiles compares the working tree with a revision, untracked files included.
func changedFiles(ctx context.Context, root, since string) ([]changedFile, error) {
	if since == "" || strings.HasPrefix(since, "-") {
		return nil, fmt.Errorf("%q is no git revision; give a branch, a tag or a commit", since)
	}
	if _, err := git(ctx, root, "rev-parse", "--verify", "--quiet", since+"^{commit}"); err != nil {
		return nil, fmt.Errorf("%q is no git revision here; a shallow clone may lack it (git fetch --unshallow): %w", since, err)
	}
	// Without rename detection the old place of a moved file is listed too.
	tracked, err := git(ctx, root, "diff", "--name-only", "--no-renames", "--relative", "-z", since, "--", ".")
	if err != nil {
		return nil, err
	}
	untracked, err := git(ctx, root, "ls-files", "--others", "--exclude-standard", "-z", "--", ".")
	if err != nil {
		return nil, err
	}
	names := map[string]struct{}{}
	for _, name := range append(tracked, untracked...) {
		names[name] = struct{}{}
	}
	sorted := keys(names)
	sort.Strings(sorted)
	files := make([]changedFile, 0, len(sorted))
	for _, name := range sorted {
		_, err := os.Lstat(filepath.Join(root, filepath.FromSlash(name)))
		files = append(files, changedFile{path: name, deleted: errors.Is(err, os.ErrNotExist)})
	}
	return files, nil
}

// git runs a git command and splits its output at NUL bytes.
func git(ctx context.Context, dir string, args ...string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = dir
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(stderr.String()))
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 }), nil
}

package cli

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

// deepen is what to do about a commit that is not there.
const deepen = "a shallow clone lacks it: git fetch --unshallow; in a pipeline, fetch-depth: 0 of actions/checkout, or GIT_DEPTH: 0"

// revision puts the commit where a checkout branched off from since into a folder: a worktree of git, whose
// files are as git has them.
func revision(ctx context.Context, root, since, dir string) (stack.Revision, error) {
	if err := checkRevision(ctx, root, "plan", since); err != nil {
		return stack.Revision{}, err
	}
	commit, err := git(ctx, root, "merge-base", since, "HEAD")
	if err != nil || commit == "" {
		return stack.Revision{}, badInput("plan", fmt.Sprintf("%s and this checkout have no common ancestor here", since), deepen)
	}
	short, err := git(ctx, root, "rev-parse", "--short", commit)
	if err != nil {
		return stack.Revision{}, err
	}
	remove := func() error {
		_, err := git(context.WithoutCancel(ctx), root, "worktree", "remove", "--force", dir)
		return err
	}
	_ = remove() // of a run that was killed; as a rule there is none
	if err := os.RemoveAll(dir); err != nil {
		return stack.Revision{}, err
	}
	// --force: git may remember a worktree whose folder is gone.
	if _, err := git(ctx, root, "worktree", "add", "--quiet", "--force", "--detach", dir, commit); err != nil {
		return stack.Revision{}, &ui.Failure{Step: "plan", Sentence: "git cannot check " + short + " out", Seen: []string{err.Error()}, Next: []string{deepen, "git worktree prune"}, Err: err}
	}
	return stack.Revision{Root: dir, Commit: short, Remove: remove}, nil
}

// git returns what it printed; a failure says what it said.
func git(ctx context.Context, root string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("git %s: %w: %s", args[0], err, strings.TrimSpace(said.String()))
	}
	return strings.TrimSpace(string(out)), nil
}

package scaffold

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// uncommitted lists what git would not get back: changed and untracked files
// below paths, which are git's pathspecs relative to root.
func uncommitted(ctx context.Context, root string, paths ...string) ([]string, error) {
	args := append([]string{"status", "--porcelain", "-z", "--no-renames", "--"}, paths...)
	cmd := exec.CommandContext(ctx, "git", args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("git status: %w: %s", err, strings.TrimSpace(stderr.String()))
	}
	var files []string
	for entry := range strings.SplitSeq(string(out), "\x00") {
		if len(entry) > 3 { // two letters of state, a space, the path
			files = append(files, entry[3:])
		}
	}
	return files, nil
}

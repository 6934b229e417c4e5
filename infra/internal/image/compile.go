package image

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"syscall"
	"time"
)

// CompileError is a service that Go does not build, with the compiler's lines.
type CompileError struct {
	Service string
	Output  string // lines of the compiler, paths relative to the repository
}

func (e *CompileError) Error() string {
	return fmt.Sprintf("%s does not compile:\n%s", e.Service, e.Output)
}

// compile builds a service's binary into the cache and returns its path. The
// linker's own check of the binary's build ID skips the work when nothing
// changed, which is why the build ID stays in; with -trimpath it depends on the
// sources and the toolchain only. GOWORK=off lets the service's own go.mod
// decide about versions, as in its Dockerfile.
func (b Builder) compile(ctx context.Context, service string) (string, error) {
	dir := filepath.Join(b.Root, "services", service)
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		return "", fmt.Errorf("%s is no service: %w", service, err)
	}
	folder, err := b.binaries()
	if err != nil {
		return "", err
	}
	binary, began := filepath.Join(folder, service), time.Now()
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-tags=nomsgpack", "-ldflags=-s -w", "-o", binary, ".")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+runtime.GOARCH,
		"GOAMD64=v1", "GOARM64=v8.0", "GOEXPERIMENT=")
	// An interrupted go build ends its compilers and removes its work folder; a killed one does not.
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 5 * time.Second
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("build %s: %w", service, context.Cause(ctx))
	case errors.As(err, &exit):
		return "", &CompileError{Service: service, Output: fromRoot(output.String(), "services/"+service)}
	case err != nil:
		return "", fmt.Errorf("build %s: %w", service, err)
	}
	return binary, os.Chtimes(binary, began, began) // for Edited
}

// Edited guesses whether sources have changed since services were built here: by the times of the
// files under services/. It reads none of them, so it is for what a wrong guess cannot harm.
func (b Builder) Edited(services []string) bool {
	folder, err := b.binaries()
	if err != nil {
		return true
	}
	built := time.Now()
	for _, service := range services {
		info, err := os.Stat(filepath.Join(folder, service))
		if err != nil {
			return true
		}
		if info.ModTime().Before(built) {
			built = info.ModTime()
		}
	}
	edited := errors.New("edited")
	return filepath.WalkDir(filepath.Join(b.Root, "services"), func(_ string, entry fs.DirEntry, err error) error {
		if err != nil || !compiled(entry) {
			return err
		}
		if info, err := entry.Info(); err != nil || info.ModTime().After(built) {
			return edited
		}
		return nil
	}) != nil
}

// compiled tells whether a file may end up in a binary, as descriptions of services do not.
func compiled(entry fs.DirEntry) bool {
	extension := filepath.Ext(entry.Name())
	return entry.Type().IsRegular() && extension != ".yaml" && extension != ".md"
}

var sourcePosition = regexp.MustCompile(`(?m)^(\t?)(\.{1,2}/[^:\s]+\.go:)`)

// fromRoot makes the compiler's paths relative to the repository's root, where
// a reader's editor and terminal are.
func fromRoot(output, dir string) string {
	placed := sourcePosition.ReplaceAllStringFunc(output, func(match string) string {
		parts := sourcePosition.FindStringSubmatch(match)
		return parts[1] + path.Join(dir, parts[2])
	})
	return strings.TrimSpace(placed)
}

// rootMark is the file in a folder of binaries that names the checkout it is of.
const rootMark = ".root"

// binaries is the folder of this checkout's binaries. Checkouts that build at
// the same time must not write into each other's files.
func (b Builder) binaries() (string, error) {
	root, err := filepath.Abs(b.Root)
	if err != nil {
		return "", err
	}
	sum := sha256.Sum256([]byte(root))
	folder := filepath.Join(b.CacheDir, "binaries", hex.EncodeToString(sum[:6]))
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", fmt.Errorf("make the cache folder: %w", err)
	}
	mark := filepath.Join(folder, rootMark)
	if _, err := os.Stat(mark); err == nil {
		return folder, nil
	}
	return folder, os.WriteFile(mark, []byte(root), 0o644)
}

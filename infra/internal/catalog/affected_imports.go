package catalog

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
)

const modulePrefix = "kindling.internal/services/"

// goPackage is what `go list -json` tells of a package; the files are those
// that are compiled or embedded for a Linux image, so tests do not count.
type goPackage struct {
	ImportPath string
	Dir        string
	Imports    []string
	GoFiles    []string
	CgoFiles   []string
	CFiles     []string
	HFiles     []string
	SFiles     []string
	SysoFiles  []string
	EmbedFiles []string
}

const listedFields = "ImportPath,Dir,Imports,GoFiles,CgoFiles,CFiles,HFiles,SFiles,SysoFiles,EmbedFiles"

func (p goPackage) files() []string {
	return slices.Concat(p.GoFiles, p.CgoFiles, p.CFiles, p.HFiles, p.SFiles, p.SysoFiles, p.EmbedFiles)
}

// reasonsByImport finds the services that are compiled from changed packages of
// services/kit. The services are listed side by side: each takes go list a
// fraction of a second.
func reasonsByImport(ctx context.Context, root string, names []string, files []changedFile) ([]reason, error) {
	found := make([][]reason, len(names))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(4)
	for i, name := range names {
		group.Go(func() error {
			packages, err := listPackages(ctx, root, name)
			if ctx.Err() != nil {
				return ctx.Err()
			}
			if err != nil {
				// Its build will fail and tell more; until then it counts as affected.
				found[i] = []reason{{KindService, name, err.Error()}}
				return nil
			}
			found[i] = importReasons(root, name, packages, files)
			return nil
		})
	}
	err := group.Wait()
	return slices.Concat(found...), err
}

// listPackages lists the packages of this repository that a service is compiled
// from. It resolves modules as the image build does: by the service's own
// go.mod, not by go.work. Packages that do not compile are listed all the same.
func listPackages(ctx context.Context, root, name string) ([]goPackage, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-e", "-deps", "-json="+listedFields, "./...")
	cmd.Dir = filepath.Join(root, "services", name)
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=", "GOOS=linux", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		first, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		return nil, fmt.Errorf("its imports cannot be listed: %s (%w)", first, err)
	}
	var packages []goPackage
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return packages, nil
		} else if err != nil {
			return nil, fmt.Errorf("read the output of go list: %w", err)
		}
		if strings.HasPrefix(p.ImportPath, modulePrefix) {
			packages = append(packages, p)
		}
	}
}

func importReasons(root, name string, packages []goPackage, files []changedFile) []reason {
	via := firstHops(name, packages)
	var reasons []reason
	for _, file := range files {
		folder, rest, _ := splitUnder(file.path, "services")
		if folder != "kit" || isDocumentation(file.path) {
			continue
		}
		if rest == "go.mod" && len(via) > 0 {
			reasons = append(reasons, reason{KindService, name, throughText("builds with", "kit", "", file)})
			continue
		}
		for _, p := range packages {
			hop, reached := via[p.ImportPath]
			if reached && compiles(root, p, file, packages) {
				text := throughText("imports", shortName(p.ImportPath), shortName(hop), file)
				reasons = append(reasons, reason{KindService, name, text})
				break
			}
		}
	}
	return reasons
}

// compiles reports whether a file is part of a package. Of a deleted file only
// its folder is known: it counts for the nearest package above it, unless it was a test.
func compiles(root string, p goPackage, file changedFile, all []goPackage) bool {
	dir, err := filepath.Rel(realPath(root), realPath(p.Dir))
	if err != nil {
		return false
	}
	dir = filepath.ToSlash(dir)
	if !file.deleted {
		return slices.ContainsFunc(p.files(), func(f string) bool { return path.Join(dir, filepath.ToSlash(f)) == file.path })
	}
	if strings.HasSuffix(file.path, "_test.go") {
		return false
	}
	for parent := path.Dir(file.path); parent != "."; parent = path.Dir(parent) {
		importPath := "kindling.internal/" + parent
		if slices.ContainsFunc(all, func(q goPackage) bool { return q.ImportPath == importPath }) {
			return importPath == p.ImportPath
		}
		if path.Ext(file.path) == ".go" {
			return false
		}
	}
	return false
}

func realPath(dir string) string {
	if resolved, err := filepath.EvalSymlinks(dir); err == nil {
		return resolved
	}
	return dir
}

// firstHops walks the imports breadth first from a service's own packages and
// tells, for each package outside them, the package that the service imports
// itself on the shortest way there.
func firstHops(name string, packages []goPackage) map[string]string {
	byPath := map[string]goPackage{}
	var queue []string
	own := func(importPath string) bool {
		return importPath == modulePrefix+name || strings.HasPrefix(importPath, modulePrefix+name+"/")
	}
	for _, p := range packages {
		byPath[p.ImportPath] = p
		if own(p.ImportPath) {
			queue = append(queue, p.ImportPath)
		}
	}
	via := map[string]string{}
	for ; len(queue) > 0; queue = queue[1:] {
		from := queue[0]
		for _, to := range byPath[from].Imports {
			if _, listed := byPath[to]; !listed || own(to) || via[to] != "" {
				continue
			}
			if via[to] = via[from]; own(from) {
				via[to] = to
			}
			queue = append(queue, to)
		}
	}
	return via
}

func shortName(importPath string) string {
	return strings.TrimPrefix(importPath, modulePrefix)
}

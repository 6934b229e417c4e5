package scaffold

import (
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
)

const (
	modulePrefix = "kindling.internal/services/"
	kitModule    = modulePrefix + "kit"
)

// Modules that kit requires and not every service. What kit/events is compiled
// from no service without messaging has; the broker that kit's tests start no
// service has.
var (
	modulesOfEvents = []string{
		"github.com/klauspost/compress", "github.com/nats-io/nats.go", "github.com/nats-io/nkeys", "github.com/nats-io/nuid",
	}
	modulesOfTests = []string{
		"github.com/antithesishq/antithesis-sdk-go", "github.com/google/go-tpm", "github.com/minio/highwayhash",
		"github.com/nats-io/jwt/v2", "github.com/nats-io/nats-server/v2", "golang.org/x/time",
	}
	// sumsOfEvents are the beginnings of their lines in go.sum. It has those of
	// what tests of imported packages import, so it has more than go.mod.
	sumsOfEvents = []string{
		"github.com/antithesishq/", "github.com/google/go-tpm ", "github.com/minio/highwayhash ", "github.com/nats-io/", "golang.org/x/time ",
	}
	// sumsOfTests are of what those require in turn, which kit alone looks at.
	sumsOfTests = []string{"golang.org/x/sys v0.21.0/"}
)

// moduleFiles makes go.mod and go.sum of a service from those of services/kit,
// without a network: a service is compiled from kit and what kit requires, in
// the same versions. It may list more than the service is compiled from, which
// go mod tidy takes out. files are the service's own.
func moduleFiles(root string, r Request, files []file) ([]file, error) {
	kit := filepath.Join(root, "services", "kit")
	content, err := os.ReadFile(filepath.Join(kit, "go.mod"))
	if err != nil {
		return nil, err
	}
	required, err := modfile.Parse("services/kit/go.mod", content, nil)
	if err != nil {
		return nil, err
	}
	imports, err := importsOf(files)
	if err != nil {
		return nil, err
	}
	modules, lines := modulesOfTests, sumsOfTests
	if !r.needs(messaging) {
		modules, lines = slices.Concat(modules, modulesOfEvents), slices.Concat(lines, sumsOfEvents)
	}
	mod, err := requirements(r.Name, required, imports, modules)
	if err != nil {
		return nil, err
	}
	sums, err := os.ReadFile(filepath.Join(kit, "go.sum"))
	if err != nil {
		return nil, err
	}
	return []file{{"go.mod", mod}, {"go.sum", sumsWithout(sums, lines)}}, nil
}

// requirements is the go.mod of a service: what kit requires, with what the
// service imports itself marked as direct.
func requirements(name string, kit *modfile.File, imports, without []string) ([]byte, error) {
	mod := new(modfile.File)
	if err := mod.AddModuleStmt(modulePrefix + name); err != nil {
		return nil, err
	}
	if err := mod.AddGoStmt(kit.Go.Version); err != nil {
		return nil, err
	}
	list := []*modfile.Require{{Mod: module.Version{Path: kitModule, Version: "v0.0.0"}}}
	for _, r := range kit.Require {
		if slices.Contains(without, r.Mod.Path) {
			continue
		}
		list = append(list, &modfile.Require{Mod: r.Mod, Indirect: !provides(r.Mod.Path, imports)})
	}
	mod.SetRequireSeparateIndirect(list)
	if err := mod.AddReplace(kitModule, "", "../kit", ""); err != nil {
		return nil, err
	}
	mod.Cleanup()
	return mod.Format()
}

// sumsWithout is a go.sum without the lines that begin so.
func sumsWithout(sums []byte, beginnings []string) []byte {
	var kept []byte
	for line := range strings.Lines(string(sums)) {
		if !slices.ContainsFunc(beginnings, func(b string) bool { return strings.HasPrefix(line, b) }) {
			kept = append(kept, line...)
		}
	}
	return kept
}

// provides reports whether a module has one of the imported packages. Of nested
// modules both count; the outer one is then direct without need, which Go allows.
func provides(modulePath string, imports []string) bool {
	return slices.ContainsFunc(imports, func(p string) bool {
		return p == modulePath || strings.HasPrefix(p, modulePath+"/")
	})
}

// importsOf lists what the Go files import, tests included.
func importsOf(files []file) ([]string, error) {
	var imports []string
	for _, f := range files {
		if !strings.HasSuffix(f.path, ".go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.path, f.content, parser.ImportsOnly)
		if err != nil {
			return nil, err
		}
		for _, spec := range parsed.Imports {
			path, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return nil, err
			}
			imports = append(imports, path)
		}
	}
	return imports, nil
}

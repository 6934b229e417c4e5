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

// moduleFiles makes go.mod and go.sum of a service from those of services/kit,
// without a network: a service is compiled from kit and what kit requires, in
// the same versions. It may list more than the service is compiled from, which
// go mod tidy takes out. files are the service's own.
func moduleFiles(root, name string, files []file) ([]file, error) {
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
	mod, err := requirements(name, required, imports)
	if err != nil {
		return nil, err
	}
	sums, err := os.ReadFile(filepath.Join(kit, "go.sum"))
	if err != nil {
		return nil, err
	}
	return []file{{"go.mod", mod}, {"go.sum", sums}}, nil
}

// requirements is the go.mod of a service: what kit requires, with what the
// service imports itself marked as direct.
func requirements(name string, kit *modfile.File, imports []string) ([]byte, error) {
	mod := new(modfile.File)
	if err := mod.AddModuleStmt(modulePrefix + name); err != nil {
		return nil, err
	}
	if err := mod.AddGoStmt(kit.Go.Version); err != nil {
		return nil, err
	}
	list := []*modfile.Require{{Mod: module.Version{Path: kitModule, Version: "v0.0.0"}}}
	for _, r := range kit.Require {
		list = append(list, &modfile.Require{Mod: r.Mod, Indirect: !provides(r.Mod.Path, imports)})
	}
	mod.SetRequireSeparateIndirect(list)
	if err := mod.AddReplace(kitModule, "", "../kit", ""); err != nil {
		return nil, err
	}
	mod.Cleanup()
	return mod.Format()
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

// Package scaffold adds services to the repository and takes them back. What it
// writes follows the reference services; a test holds the two together.
package scaffold

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
)

// Template is the kind of service that is written.
type Template string

// The kinds that there are.
const (
	HTTP   Template = "http"   // answers requests that arrive through the ingress
	Worker Template = "worker" // has no routes, works in rounds
)

// Templates are the names of all templates, the default first.
func Templates() []string { return []string{string(HTTP), string(Worker)} }

// Needs are the parts of the platform that a new service can be given.
func Needs() []string { return []string{database, messaging} }

const (
	database  = "database"
	messaging = "messaging"
)

// Host is where the ingress exposes what new services serve.
const Host = "shop.localhost"

// Request says which service is wanted.
type Request struct {
	Name      string
	Template  Template // HTTP when empty
	Needs     []string
	Calls     []string // names of services that exist
	RoutePath string   // of an HTTP service; /api/NAME when empty
	Force     bool     // also when services/ or go.work have uncommitted changes
}

// Written is what New has put into the repository.
type Written struct {
	Folder string   // relative to the root: services/NAME
	Files  []string // relative to the folder, sorted
	URL    string   // of an HTTP service, without scheme
}

// New writes a service and its entry in go.work. It writes nothing when it
// refuses: the error is Refused then. A kill leaves nothing, or a whole folder
// that the same request completes.
func New(ctx context.Context, root string, request Request) (Written, error) {
	unlock, err := lock(root)
	if err != nil {
		return Written{}, err
	}
	defer unlock()
	request = request.normalized()
	if err := check(ctx, root, request); err != nil {
		return Written{}, err
	}
	files, err := render(root, request)
	if err != nil {
		return Written{}, fmt.Errorf("write service %s: %w", request.Name, err)
	}
	if err := place(ctx, root, request.Name, files); err != nil {
		return Written{}, err
	}
	return written(request, files), enlist(root, request.Name)
}

// normalized fills in what was left to the defaults.
func (r Request) normalized() Request {
	if r.Template == "" {
		r.Template = HTTP
	}
	if r.Template == HTTP && r.RoutePath == "" {
		r.RoutePath = "/api/" + r.Name
	}
	r.Needs, r.Calls = slices.Sorted(slices.Values(r.Needs)), slices.Sorted(slices.Values(r.Calls))
	return r
}

func (r Request) needs(part string) bool { return slices.Contains(r.Needs, part) }

func written(request Request, files []file) Written {
	result := Written{Folder: "services/" + request.Name}
	for _, f := range files {
		result.Files = append(result.Files, f.path)
	}
	if request.Template == HTTP {
		result.URL = Host + request.RoutePath
	}
	return result
}

// place puts the files into services/NAME in one step, unless they lie there
// already.
func place(ctx context.Context, root, name string, files []file) error {
	folder := filepath.Join(root, "services", name)
	if holds(folder, files) {
		return nil
	}
	stage, err := newStage(root)
	if err != nil {
		return err
	}
	defer os.RemoveAll(stage)
	for _, f := range files {
		target := filepath.Join(stage, filepath.FromSlash(f.path))
		if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(target, f.content, 0o644); err != nil {
			return err
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return os.Rename(stage, folder)
}

// holds reports whether a folder has exactly these files.
func holds(folder string, files []file) bool {
	found := 0
	for _, f := range files {
		content, err := os.ReadFile(filepath.Join(folder, filepath.FromSlash(f.path)))
		if err != nil || string(content) != string(f.content) {
			return false
		}
		found++
	}
	return found > 0
}

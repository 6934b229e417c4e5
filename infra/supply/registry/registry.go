package main

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"os"

	"github.com/distribution/distribution/v3/configuration"
	"github.com/distribution/distribution/v3/registry/handlers"
	_ "github.com/distribution/distribution/v3/registry/storage/driver/filesystem" // the one storage driver
)

// healthPath answers 200 while images can be stored.
const healthPath = "/healthz"

// registry is distribution's registry with a health check beside it.
type registry struct {
	app  *handlers.App
	root string
}

// newRegistry opens the registry in options.root.
func newRegistry(ctx context.Context, options options, log *slog.Logger) (*registry, error) {
	if err := registerImmutableTags(log); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(options.root, 0o755); err != nil {
		return nil, fmt.Errorf("make the folder of the images: %w", err)
	}
	if err := writable(options.root); err != nil {
		return nil, err
	}
	forward(log)
	config := &configuration.Configuration{
		Storage: configuration.Storage{
			"filesystem": configuration.Parameters{"rootdirectory": options.root},
			"delete":     configuration.Parameters{"enabled": options.deletes},
		},
		Catalog:    configuration.Catalog{MaxEntries: 1000},
		Middleware: map[string][]configuration.Middleware{"repository": {{Name: middlewareName}}},
	}
	// Signs the state of uploads; those under way at a restart begin anew.
	config.HTTP.Secret = rand.Text()
	// An image is mirrored for the platforms at hand, under its index's digest.
	config.Validation.Manifests.Indexes.Platforms = "none"
	return &registry{app: handlers.NewApp(ctx, config), root: options.root}, nil
}

func (r *registry) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.URL.Path != healthPath {
		r.app.ServeHTTP(w, request)
		return
	}
	if err := writable(r.root); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

func (r *registry) close() { _ = r.app.Shutdown() }

// writable says what keeps images from being stored, such as a full disk or
// a volume of another user.
func writable(root string) error {
	file, err := os.CreateTemp(root, ".writable-")
	if err == nil {
		_, err = file.WriteString("ok")
		if closing := file.Close(); err == nil {
			err = closing
		}
		if removal := os.Remove(file.Name()); err == nil {
			err = removal
		}
	}
	if err != nil {
		return fmt.Errorf("images cannot be stored in %s: %w", root, err)
	}
	return nil
}

package catalog

import (
	"context"
	"fmt"
	"path"
	"sort"
	"strings"
)

// Kind is what a change touches.
type Kind string

// The kinds of things that a change can touch.
const (
	KindService     Kind = "service"     // a folder of services/
	KindModule      Kind = "module"      // a Terraform module under modules/
	KindEnvironment Kind = "environment" // a folder of environments/
)

// Change is one thing that a change touches, and why.
type Change struct {
	Name    string   `json:"name"`
	Kind    Kind     `json:"kind"`
	Reasons []string `json:"reasons"`
}

// Affected lists what the changes since a git revision touch: commits after it,
// uncommitted changes and untracked files. A service is touched through its own
// folder and through the packages it is compiled from; a Terraform module and an
// environment through their own files and the modules they call.
func Affected(ctx context.Context, root, since string) ([]Change, error) {
	files, err := changedFiles(ctx, root, since)
	if err != nil {
		return nil, err
	}
	services, err := affectedServices(ctx, root, files)
	if err != nil {
		return nil, err
	}
	terraform, err := affectedTerraform(root, files)
	if err != nil {
		return nil, err
	}
	return collect(append(services, terraform...)), nil
}

// reason is one cause for one thing; many may name the same thing.
type reason struct {
	kind Kind
	name string
	text string
}

func collect(reasons []reason) []Change {
	order := map[Kind]int{KindService: 0, KindModule: 1, KindEnvironment: 2}
	sort.SliceStable(reasons, func(i, j int) bool {
		a, b := reasons[i], reasons[j]
		if a.kind != b.kind {
			return order[a.kind] < order[b.kind]
		}
		return a.name < b.name
	})
	var changes []Change
	for _, r := range reasons {
		if last := len(changes) - 1; last < 0 || changes[last].Kind != r.kind || changes[last].Name != r.name {
			changes = append(changes, Change{Name: r.name, Kind: r.kind})
		}
		last := &changes[len(changes)-1]
		last.Reasons = append(last.Reasons, r.text)
	}
	return changes
}

func affectedServices(ctx context.Context, root string, files []changedFile) ([]reason, error) {
	names, err := serviceFolders(root)
	if err != nil {
		return nil, err
	}
	var reasons []reason
	sharedChanged := false
	for _, file := range files {
		folder, _, inside := splitUnder(file.path, "services")
		if !inside {
			continue
		}
		if folder == "kit" {
			sharedChanged = true
			continue
		}
		// A folder that is gone is affected too: what ran from it is to be removed.
		reasons = append(reasons, reason{KindService, folder, changedIn(file)})
	}
	if !sharedChanged {
		return reasons, nil
	}
	imported, err := reasonsByImport(ctx, root, names, files)
	return append(reasons, imported...), err
}

func changedIn(file changedFile) string {
	if file.deleted {
		return "deleted " + file.path
	}
	return "changed in " + file.path
}

// splitUnder splits "services/kit/health/x.go" under "services" into "kit" and
// "health/x.go".
func splitUnder(file, folder string) (first, rest string, inside bool) {
	below, inside := strings.CutPrefix(file, folder+"/")
	if !inside {
		return "", "", false
	}
	first, rest, inside = strings.Cut(below, "/")
	return first, rest, inside
}

// isDocumentation reports whether a file never changes what is built or applied.
func isDocumentation(file string) bool {
	return path.Ext(file) == ".md"
}

func throughText(verb, target, via string, file changedFile) string {
	if via != "" && via != target {
		return fmt.Sprintf("%s %s through %s, %s", verb, target, via, changedIn(file))
	}
	return fmt.Sprintf("%s %s, %s", verb, target, changedIn(file))
}

package scaffold

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"kindling.internal/infra/internal/catalog"
)

// check finds everything that is wrong with a request.
func check(ctx context.Context, root string, r Request) error {
	var refused Refused
	others, err := others(root, r.Name, &refused)
	if err != nil {
		return err
	}
	checkTemplate(r, &refused)
	checkNeeds(r, &refused)
	checkCalls(r, others, &refused)
	checkRoute(r, others, &refused)
	if err := catalog.CheckName(r.Name); err != nil {
		refused.add(err.Error(), "choose another name")
	} else if err := checkFree(root, r, &refused); err != nil {
		return err
	}
	if !r.Force {
		checkClean(ctx, root, r.Name, &refused)
	}
	return refused.orNil()
}

// others are the services beside the named one. Mistakes in their descriptions
// are reasons to refuse: the new service would not come up beside them.
func others(root, name string, refused *Refused) ([]catalog.Service, error) {
	services, err := catalog.Load(root)
	var mistakes catalog.Mistakes
	if errors.As(err, &mistakes) {
		for _, m := range mistakes {
			refused.add(fmt.Sprintf("%s:%d: %s", m.File, m.Line, m.Problem), m.Fix)
		}
		return nil, nil
	}
	return slices.DeleteFunc(services, func(s catalog.Service) bool { return s.Name == name }), err
}

func checkTemplate(r Request, refused *Refused) {
	if !slices.Contains(Templates(), string(r.Template)) {
		refused.add(fmt.Sprintf("there is no template %q", r.Template), "--template "+strings.Join(Templates(), " or --template "))
	}
}

func checkNeeds(r Request, refused *Refused) {
	for i, need := range r.Needs {
		switch {
		case !slices.Contains(Needs(), need):
			refused.add(fmt.Sprintf("a new service cannot be given %q", need), "--needs "+strings.Join(Needs(), ",")+", or nothing")
		case slices.Contains(r.Needs[:i], need):
			refused.add(fmt.Sprintf("%q is needed twice", need), "name it once")
		}
	}
}

func checkCalls(r Request, others []catalog.Service, refused *Refused) {
	var known []string
	for _, s := range others {
		known = append(known, s.Name)
	}
	for i, name := range r.Calls {
		switch {
		case name == r.Name:
			refused.add(fmt.Sprintf("%q would call itself", name), "leave it out of --calls")
		case slices.Contains(r.Calls[:i], name):
			refused.add(fmt.Sprintf("%q is called twice", name), "name it once")
		case !slices.Contains(known, name):
			refused.add(fmt.Sprintf("%q cannot be called: there is no such service", name), "known are "+strings.Join(known, ", "))
		case slices.Contains(uncallable, name):
			refused.add(fmt.Sprintf("%q cannot be called: its settings would be mistaken for the service's own", name), "rename that service")
		}
	}
}

// routePath is a path of service.yaml that is not the root, below which
// /livez, /readyz and /metrics lie.
var routePath = regexp.MustCompile(`^(/[A-Za-z0-9._~-]+)+$`)

// ownPaths are served by every service.
var ownPaths = []string{"/livez", "/readyz", "/metrics"}

func checkRoute(r Request, others []catalog.Service, refused *Refused) {
	switch {
	case r.Template == Worker && r.RoutePath != "":
		refused.add("a worker has no routes", "leave --route-path out, or --template http")
		return
	case r.Template != HTTP || r.Name == "":
		return
	case !routePath.MatchString(r.RoutePath):
		// The default path is as good as the name, which is refused by itself.
		if r.RoutePath != "/api/"+r.Name {
			refused.add(fmt.Sprintf("%q is no path for a service", r.RoutePath), "--route-path /api/"+nameOr(r.Name, "NAME")+`, without a slash at the end; parts have letters, digits and "._~-"`)
		}
		return
	case slices.Contains(ownPaths, r.RoutePath):
		refused.add(r.RoutePath+" is served by every service", "--route-path /api"+r.RoutePath)
		return
	}
	for _, s := range others {
		if slices.Contains(s.Routes, catalog.Route{Host: Host, Path: r.RoutePath}) {
			refused.add(fmt.Sprintf("%s%s is the route of %s", Host, r.RoutePath, s.Name), "choose another with --route-path")
		}
	}
}

func nameOr(name, other string) string {
	if catalog.CheckName(name) != nil {
		return other
	}
	return name
}

// checkFree refuses a name whose folder exists, unless it is what this request
// was writing when it was killed before the entry in go.work.
func checkFree(root string, r Request, refused *Refused) error {
	entries, err := os.ReadDir(filepath.Join(root, "services", r.Name))
	if errors.Is(err, os.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	workspace, err := readWorkspace(root)
	if err != nil {
		return err
	}
	if !enlisted(workspace, r.Name) && len(*refused) == 0 {
		if files, err := render(root, r); err == nil && holds(filepath.Join(root, "services", r.Name), files) {
			return nil
		}
	}
	refused.add(fmt.Sprintf("%q is taken: services/%s exists", r.Name, r.Name), "choose another name, or kindling remove service "+r.Name)
	return nil
}

// checkClean refuses when a mistake could not be taken back by git. The folder
// of the service itself is not looked at: checkFree did.
func checkClean(ctx context.Context, root, name string, refused *Refused) {
	paths := []string{"services", "go.work"}
	if catalog.CheckName(name) == nil {
		paths = append(paths, ":(exclude)services/"+name)
	}
	files, err := uncommitted(ctx, root, paths...)
	switch {
	case err != nil:
		refused.add("git does not tell whether services/ and go.work have uncommitted changes", "mend that, or --force", err.Error())
	case len(files) > 0:
		refused.add("services/ and go.work have uncommitted changes", "commit or stash them, or --force", firstOf(files)...)
	}
}

// shown is how many files are named in a refusal.
const shown = 5

func firstOf(files []string) []string {
	if len(files) <= shown {
		return files
	}
	return append(slices.Clone(files[:shown]), fmt.Sprintf("and %d more", len(files)-shown))
}

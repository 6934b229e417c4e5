package scaffold

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"kindling.internal/infra/internal/catalog"
)

// Remove takes a service's folder and its entry in go.work back. The error is
// Refused when another service calls it or git would not get the folder back,
// unless forced. A kill leaves what the same call removes.
func Remove(ctx context.Context, root, name string, force bool) error {
	unlock, err := lock(root)
	if err != nil {
		return err
	}
	defer unlock()
	if err := checkRemoval(ctx, root, name, force); err != nil {
		return err
	}
	// Go refuses to work with an entry whose folder is gone, but not with a
	// folder that has no entry.
	if err := delist(root, name); err != nil {
		return err
	}
	stage, err := newStage(root)
	if err != nil {
		return err
	}
	// Out of sight in one step: removing takes many.
	err = os.Rename(filepath.Join(root, "services", name), filepath.Join(stage, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.RemoveAll(stage)
}

func checkRemoval(ctx context.Context, root, name string, force bool) error {
	var refused Refused
	known, err := Exists(root, name)
	if err != nil {
		return err
	}
	if !known {
		return Unknown(root, name)
	}
	if force {
		return nil
	}
	if err := checkCallers(root, name, &refused); err != nil {
		return err
	}
	files, err := uncommitted(ctx, root, "services/"+name)
	switch {
	case err != nil:
		refused.add("git does not tell whether services/"+name+" has uncommitted changes", "mend that, or --force", err.Error())
	case len(files) > 0:
		refused.add("services/"+name+" has uncommitted changes, which git would not get back", "commit them, or --force", firstOf(files)...)
	}
	return refused.orNil()
}

// Unknown refuses a name that no service has.
func Unknown(root, name string) Refused {
	return Refused{{Problem: fmt.Sprintf("there is no service %q", name), Fix: "known are " + strings.Join(Services(root), ", ")}}
}

// Exists tells whether a service has a folder or, after a kill or a removal by
// hand, an entry in go.work alone.
func Exists(root, name string) (bool, error) {
	if catalog.CheckName(name) != nil {
		return false, nil
	}
	if _, err := os.Stat(filepath.Join(root, "services", name)); err == nil {
		return true, nil
	} else if !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	workspace, err := readWorkspace(root)
	return err == nil && enlisted(workspace, name), err
}

// Services are the names of the services that there are, as far as their
// folders tell; their descriptions may have mistakes.
func Services(root string) []string {
	// The pattern is a good one, and a folder that cannot be read holds none.
	files, _ := filepath.Glob(filepath.Join(root, "services", "*", catalog.File))
	var names []string
	for _, file := range files {
		names = append(names, filepath.Base(filepath.Dir(file)))
	}
	return names
}

func checkCallers(root, name string, refused *Refused) error {
	services, err := catalog.Load(root)
	var mistakes catalog.Mistakes
	if errors.As(err, &mistakes) {
		// Who calls whom is not known for certain then.
		refused.add("some service.yaml has mistakes, so it is not certain that nobody calls "+name, "mend them, or --force", mistakes.Error())
		return nil
	}
	if err != nil {
		return err
	}
	for _, s := range services {
		if slices.Contains(s.Calls, name) {
			refused.add(fmt.Sprintf("%s calls %s", s.Name, name), fmt.Sprintf("take %s out of calls in services/%s/%s, or --force", name, s.Name, catalog.File))
		}
	}
	return nil
}

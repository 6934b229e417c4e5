package scaffold

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"golang.org/x/mod/modfile"
)

// readWorkspace reads go.work, whose entries are "./services/NAME".
func readWorkspace(root string) (*modfile.WorkFile, error) {
	path := filepath.Join(root, "go.work")
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read the workspace: %w", err)
	}
	return modfile.ParseWork(path, content, nil)
}

func entryOf(name string) string { return "./services/" + name }

func enlisted(workspace *modfile.WorkFile, name string) bool {
	return slices.ContainsFunc(workspace.Use, func(u *modfile.Use) bool { return filepath.Clean(u.Path) == filepath.Join("services", name) })
}

// enlist adds a service to go.work, if it is not there.
func enlist(root, name string) error {
	workspace, err := readWorkspace(root)
	if err != nil || enlisted(workspace, name) {
		return err
	}
	if err := workspace.AddUse(entryOf(name), ""); err != nil {
		return fmt.Errorf("add %s to go.work: %w", entryOf(name), err)
	}
	return writeWorkspace(root, workspace)
}

// delist removes a service from go.work, if it is there.
func delist(root, name string) error {
	workspace, err := readWorkspace(root)
	if err != nil || !enlisted(workspace, name) {
		return err
	}
	for _, use := range slices.Clone(workspace.Use) {
		if filepath.Clean(use.Path) != filepath.Join("services", name) {
			continue
		}
		if err := workspace.DropUse(use.Path); err != nil {
			return fmt.Errorf("remove %s from go.work: %w", use.Path, err)
		}
	}
	return writeWorkspace(root, workspace)
}

func writeWorkspace(root string, workspace *modfile.WorkFile) error {
	workspace.SortBlocks()
	workspace.Cleanup()
	return replaceFile(root, filepath.Join(root, "go.work"), modfile.Format(workspace.Syntax))
}

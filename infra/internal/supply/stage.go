package supply

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// stage lays out the files that come from Go modules and the overlay, patched.
func (i image) stage(ctx context.Context, job *job) (string, error) {
	dir := filepath.Join(job.work, "stage")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	for _, m := range i.spec.ModuleFiles {
		from, err := moduleDir(ctx, job, i.dir, m.Module)
		if err != nil {
			return "", err
		}
		if err := copyTree(filepath.Join(from, filepath.FromSlash(m.From)), filepath.Join(dir, filepath.FromSlash(m.To))); err != nil {
			return "", err
		}
	}
	overlay := filepath.Join(i.dir, "rootfs")
	if _, err := os.Stat(overlay); err == nil {
		if err := copyTree(overlay, dir); err != nil {
			return "", err
		}
	}
	if err := writeUsers(dir, i.spec.Users); err != nil {
		return "", err
	}
	return dir, applyPatches(dir, i.spec.Patches)
}

// writeUsers writes passwd and group with root, nobody and the image's own users.
func writeUsers(dir string, users []specUser) error {
	if len(users) == 0 {
		return nil
	}
	passwd := "root:x:0:0:root:/root:/usr/sbin/nologin\n"
	group := "root:x:0:\n"
	for _, u := range append(users, specUser{Name: "nobody", UID: 65534, GID: 65534, Home: "/nonexistent"}) {
		passwd += fmt.Sprintf("%s:x:%d:%d:%s:%s:/usr/sbin/nologin\n", u.Name, u.UID, u.GID, u.Name, u.Home)
		group += fmt.Sprintf("%s:x:%d:\n", u.Name, u.GID)
	}
	etc := filepath.Join(dir, "etc")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(etc, "passwd"), []byte(passwd), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(etc, "group"), []byte(group), 0o644)
}

func applyPatches(dir string, patches []patch) error {
	for _, p := range patches {
		file := filepath.Join(dir, filepath.FromSlash(p.Path))
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if n := strings.Count(string(text), p.Old); n == 0 || (n > 1 && !p.All) {
			return fmt.Errorf("patch of %s: its old text stands there %d times: %q", p.Path, n, p.Old)
		}
		if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), p.Old, p.New)), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// moduleDir is the folder of a module that the build module in dir requires.
func moduleDir(ctx context.Context, job *job, dir, module string) (string, error) {
	if err := run(ctx, job.log, dir, goEnvironment(), "go", "mod", "download", module); err != nil {
		return "", err
	}
	text, err := output(ctx, job.log, dir, goEnvironment(), "go", "list", "-m", "-f", "{{.Dir}}", module)
	return strings.TrimSpace(string(text)), err
}

// copyTree copies a folder; files of the module cache are read-only, the copies are not.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(p string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, p)
		if err != nil {
			return err
		}
		target := filepath.Join(to, rel)
		if d.IsDir() {
			return os.MkdirAll(target, 0o755)
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		text, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		_ = os.Remove(target)
		return os.WriteFile(target, text, 0o644|info.Mode().Perm()&0o111)
	})
}

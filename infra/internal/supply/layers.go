package supply

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"kindling.internal/infra/internal/oci"
)

// imageSpec is an image.json: what an image is made of. See infra/supply/IMAGE.md.
type imageSpec struct {
	Name        string            `json:"name"` // the published image this one stands for
	Debian      *debianRoot       `json:"debian"`
	Binaries    map[string]string `json:"binaries"` // package by path in the image
	Ldflags     string            `json:"ldflags"`
	Links       map[string]string `json:"links"` // target by path
	Dirs        []specDir         `json:"dirs"`
	Owned       []specOwner       `json:"owned"` // files and folders that do not belong to root
	Users       []specUser        `json:"users"`
	ModuleFiles []moduleFiles     `json:"module_files"`
	Patches     []patch           `json:"patches"`
	Config      specConfig        `json:"config"`
}

type specDir struct {
	Path string `json:"path"`
	Mode string `json:"mode"` // octal
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
}

type specOwner struct {
	Path string `json:"path"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
}

type specUser struct {
	Name string `json:"name"`
	UID  int    `json:"uid"`
	GID  int    `json:"gid"`
	Home string `json:"home"`
}

// moduleFiles takes a folder of a Go module that the build module requires.
type moduleFiles struct {
	Module string `json:"module"`
	From   string `json:"from"`
	To     string `json:"to"`
}

// patch replaces text in a file of the image. Old must be there exactly once, or at least once
// when All is set, so that a changed upstream fails loudly.
type patch struct {
	Path string `json:"path"`
	Old  string `json:"old"`
	New  string `json:"new"`
	All  bool   `json:"all"`
}

type specConfig struct {
	Entrypoint []string `json:"entrypoint"`
	Cmd        []string `json:"cmd"`
	User       string   `json:"user"`
	Env        []string `json:"env"`
	Workdir    string   `json:"workdir"`
	Ports      []string `json:"ports"`
	StopSignal string   `json:"stop_signal"`
}

func readImageSpec(dir string) (imageSpec, error) {
	file, err := os.Open(filepath.Join(dir, "image.json"))
	if err != nil {
		return imageSpec{}, err
	}
	defer file.Close()
	decoder := json.NewDecoder(file)
	decoder.DisallowUnknownFields()
	var spec imageSpec
	if err := decoder.Decode(&spec); err != nil {
		return imageSpec{}, fmt.Errorf("%s: %w", file.Name(), err)
	}
	return spec, nil
}

// image puts a Debian root, compiled programs and an overlay together, as the OCI layout `image`
// in the part's folder.
type image struct {
	name string
	dir  string
	spec imageSpec
	zstd bool
}

func (i image) fingerprint(w io.Writer) error {
	fmt.Fprintf(w, "image zstd=%t\n", i.zstd)
	if err := hashInput(w, filepath.Join(i.dir, "image.json")); err != nil {
		return err
	}
	return hashOverlay(w, i.dir)
}

func hashOverlay(w io.Writer, dir string) error {
	overlay := filepath.Join(dir, "rootfs")
	if _, err := os.Stat(overlay); os.IsNotExist(err) {
		return nil
	}
	return hashTree(w, overlay)
}

func (i image) build(ctx context.Context, job *job) error {
	var layers []v1.Layer
	if i.spec.Debian != nil {
		layer, err := oci.Layer(filepath.Join(job.needs[i.name+"-root"], "root.tar"), i.zstd)
		if err != nil {
			return err
		}
		layers = append(layers, layer)
	}
	tree, err := i.tree(ctx, job)
	if err != nil {
		return err
	}
	top, err := oci.WriteLayer(filepath.Join(job.work, "top.tar"), tree, i.zstd)
	if err != nil {
		return err
	}
	built, err := oci.Image(i.spec.Config.oci(), append(layers, top)...)
	if err != nil {
		return err
	}
	return oci.WriteLayout(filepath.Join(job.out, "image"), built)
}

// tree is the top layer: later kinds of entry win over earlier ones.
func (i image) tree(ctx context.Context, job *job) (*oci.Tree, error) {
	tree := oci.NewTree()
	if i.spec.Debian == nil {
		tree.Dir("/tmp", 0o777|os.ModeSticky, 0, 0)
	}
	staged, err := i.stage(ctx, job)
	if err != nil {
		return nil, err
	}
	if err := tree.Copy("/", staged); err != nil {
		return nil, err
	}
	for name := range i.spec.Binaries {
		source := filepath.Join(job.needs[i.name+"-programs"], "bin", path.Base(name))
		if err := tree.File(name, 0o755, source); err != nil {
			return nil, err
		}
	}
	for name, target := range i.spec.Links {
		tree.Link(name, target)
	}
	if err := i.addDirs(tree); err != nil {
		return nil, err
	}
	for _, o := range i.spec.Owned {
		if !tree.Own(o.Path, o.UID, o.GID) {
			return nil, fmt.Errorf("image.json: owned names %s, which is not in the top layer", o.Path)
		}
	}
	return tree, nil
}

func (i image) addDirs(tree *oci.Tree) error {
	for _, d := range i.spec.Dirs {
		var mode uint32
		if _, err := fmt.Sscanf(d.Mode, "%o", &mode); err != nil {
			return fmt.Errorf("image.json: mode %q of %s is not octal", d.Mode, d.Path)
		}
		perm := os.FileMode(mode & 0o777)
		if mode&0o1000 != 0 {
			perm |= os.ModeSticky
		}
		tree.Dir(d.Path, perm, d.UID, d.GID)
	}
	return nil
}

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

func (c specConfig) oci() v1.Config {
	config := v1.Config{Entrypoint: c.Entrypoint, Cmd: c.Cmd, User: c.User, Env: c.Env, WorkingDir: c.Workdir, StopSignal: c.StopSignal}
	if len(config.Env) == 0 {
		config.Env = []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
	}
	for _, port := range c.Ports {
		if config.ExposedPorts == nil {
			config.ExposedPorts = map[string]struct{}{}
		}
		config.ExposedPorts[port] = struct{}{}
	}
	return config
}

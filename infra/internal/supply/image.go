package supply

import (
	"context"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"kindling.internal/infra/internal/oci"
)

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

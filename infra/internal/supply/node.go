package supply

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"kindling.internal/infra/internal/oci"
)

// KubernetesVersion is the version of both supplies' node images.
const KubernetesVersion = "v1.36.1"

// kubernetesPrograms are the names the multi-call binary is known by.
var kubernetesPrograms = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubeadm", "kubectl"}

// nodeImage is kind's node image: a Debian root, kind's own files, the Kubernetes programs, and
// the control plane's images already in containerd's store.
type nodeImage struct {
	infra string // folder of the infra module: its go.mod names kind's version
	dir   string // infra/supply/node
	spec  imageSpec
}

func (n nodeImage) fingerprint(w io.Writer) error {
	kind, err := kindVersion(n.infra)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "node %s kind %s layout 4\n", KubernetesVersion, kind)
	supply := filepath.Dir(n.dir)
	for _, input := range []string{"node/image.json", "netfilter/image.json", "local-path-provisioner/default-storage.yaml"} {
		if err := hashInput(w, filepath.Join(supply, filepath.FromSlash(input))); err != nil {
			return err
		}
	}
	return hashOverlay(w, n.dir)
}

// kindVersion reads kind's version from the tool's go.mod.
func kindVersion(infra string) (string, error) {
	text, err := os.ReadFile(filepath.Join(infra, "go.mod"))
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require ")); len(fields) >= 2 && fields[0] == "sigs.k8s.io/kind" {
			return fields[1], nil
		}
	}
	return "", fmt.Errorf("%s/go.mod does not require sigs.k8s.io/kind", infra)
}

func (n nodeImage) build(ctx context.Context, job *job) error {
	root, err := oci.Layer(filepath.Join(job.needs["node-root"], "root.tar"), false)
	if err != nil {
		return err
	}
	top, err := n.top(ctx, job)
	if err != nil {
		return err
	}
	store, err := n.imageStore(ctx, job)
	if err != nil {
		return err
	}
	built, err := oci.Image(n.spec.Config.oci(), root, top, store)
	if err != nil {
		return err
	}
	return oci.WriteLayout(filepath.Join(job.out, "image"), built)
}

// top is everything of the node that is not Debian's.
func (n nodeImage) top(ctx context.Context, job *job) (v1.Layer, error) {
	tree := oci.NewTree()
	if err := n.kindFiles(ctx, job, tree); err != nil {
		return nil, err
	}
	if err := n.nodePrograms(ctx, job, tree); err != nil {
		return nil, err
	}
	n.units(tree)
	storage := filepath.Join(filepath.Dir(n.dir), "local-path-provisioner", "default-storage.yaml")
	if err := tree.File("/kind/manifests/default-storage.yaml", 0o644, storage); err != nil {
		return nil, err
	}
	if err := tree.Copy("/", filepath.Join(n.dir, "rootfs")); err != nil {
		return nil, err
	}
	return oci.WriteLayer(filepath.Join(job.work, "top.tar"), tree, false)
}

// kindFiles adds the files that kind's module carries for its base image.
func (n nodeImage) kindFiles(ctx context.Context, job *job, tree *oci.Tree) error {
	dir, err := moduleDir(ctx, job, n.infra, "sigs.k8s.io/kind")
	if err != nil {
		return err
	}
	staged := filepath.Join(job.work, "kind")
	if err := copyTree(filepath.Join(dir, "images", "base", "files"), staged); err != nil {
		return err
	}
	for _, executables := range []string{"usr/local/bin", "kind/bin"} {
		entries, err := os.ReadDir(filepath.Join(staged, executables))
		if err != nil {
			return err
		}
		for _, e := range entries {
			if err := os.Chmod(filepath.Join(staged, executables, e.Name()), 0o755); err != nil {
				return err
			}
		}
	}
	tree.Bytes("/kind/version", 0o644, []byte(KubernetesVersion))
	return tree.Copy("/", staged)
}

func (n nodeImage) nodePrograms(ctx context.Context, job *job, tree *oci.Tree) error {
	files := map[string]string{
		"/usr/local/lib/kubernetes":              filepath.Join(job.needs["kubernetes"], "bin", "kubernetes"),
		"/usr/local/bin/containerd":              filepath.Join(job.needs["containerd"], "bin", "containerd"),
		"/usr/local/bin/containerd-shim-runc-v2": filepath.Join(job.needs["containerd"], "bin", "containerd-shim-runc-v2"),
		"/usr/local/bin/ctr":                     filepath.Join(job.needs["containerd"], "bin", "ctr"),
	}
	for name, source := range files {
		if err := tree.File(name, 0o755, source); err != nil {
			return err
		}
	}
	for _, name := range []string{"kubelet", "kubeadm", "kubectl"} {
		tree.Link("/usr/bin/"+name, "/usr/local/lib/kubernetes")
	}
	for _, plugin := range []string{"bridge", "host-local", "loopback", "portmap", "ptp"} {
		tree.Link("/opt/cni/bin/"+plugin, "/usr/lib/cni/"+plugin)
	}
	spec, err := baseSpec(ctx, job)
	tree.Bytes("/etc/containerd/cri-base.json", 0o644, spec)
	return err
}

// units enables and masks systemd units as kind's Dockerfile does.
func (n nodeImage) units(tree *oci.Tree) {
	for _, unit := range []string{"kubelet.service", "containerd.service", "undo-mount-hacks.service"} {
		tree.Link("/etc/systemd/system/multi-user.target.wants/"+unit, "/etc/systemd/system/"+unit)
	}
	tree.Link("/etc/systemd/system/systemd-binfmt.service", "/dev/null") // its registrations are the kernel's, shared with the host
	tree.Link("/usr/sbin/init", "/usr/lib/systemd/systemd")
	tree.Bytes("/etc/systemd/journald.conf.d/kind.conf", 0o644, []byte("[Journal]\nReadKMsg=no\n"))
	tree.Dir("/etc/kubernetes/manifests", 0o755, 0, 0)
	tree.Dir("/dev", 0o755, 0, 0)
	tree.Bytes("/etc/machine-id", 0o444, nil)
}

// baseSpec is the OCI runtime specification that containerd starts from: its default one with
// kind's hook added, which hides the host's product name, and without resource limits.
func baseSpec(ctx context.Context, job *job) ([]byte, error) {
	text, err := output(ctx, job.log, job.work, nil, filepath.Join(job.needs["containerd"], "bin", "ctr"), "oci", "spec")
	if err != nil {
		return nil, err
	}
	var spec map[string]any
	if err := json.Unmarshal(text, &spec); err != nil {
		return nil, fmt.Errorf("read what `ctr oci spec` printed: %w", err)
	}
	if process, ok := spec["process"].(map[string]any); ok {
		delete(process, "rlimits")
	}
	spec["hooks"] = map[string]any{"createContainer": []any{map[string]any{"path": "/kind/bin/mount-product-files.sh"}}}
	return json.MarshalIndent(spec, "", "  ")
}

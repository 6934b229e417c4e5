package supply

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"kindling.internal/infra/internal/oci"
)

// imageStore is /var/lib/containerd with the images that a node starts with.
func (n nodeImage) imageStore(ctx context.Context, job *job) (v1.Layer, error) {
	archive := filepath.Join(job.work, "images.tar")
	if err := n.writeImages(job, archive); err != nil {
		return nil, err
	}
	root := filepath.Join(job.work, "containerd")
	imagestore := filepath.Join(job.needs["containerd"], "bin", "imagestore")
	if err := run(ctx, job.log, job.work, nil, imagestore, root, archive); err != nil {
		return nil, err
	}
	tree := oci.NewTree()
	if err := tree.Copy("/var/lib/containerd", root); err != nil {
		return nil, err
	}
	return oci.WriteLayer(filepath.Join(job.work, "store.tar"), tree, false)
}

// programImage is an image in the store that holds one program.
type programImage struct {
	part, program, path string
	user                string // root when empty
	netfilter           bool   // it calls iptables and its kin
}

// nodeImages are the images in the store that are not Kubernetes' own, by reference.
var nodeImages = map[string]programImage{
	"registry.k8s.io/etcd:3.6.8-0":                     {part: "etcd", program: "etcd", path: "/usr/local/bin/etcd"},
	"registry.k8s.io/coredns/coredns:v1.14.2":          {part: "coredns", program: "coredns", path: "/coredns"},
	"registry.k8s.io/pause:3.10":                       {part: "pause", program: "pause", path: "/pause", user: "65535:65535"},
	"docker.io/cloudnativelabs/kube-router:v2.1.0":     {part: "kube-router", program: "kube-router", path: "/usr/local/bin/kube-router", netfilter: true},
	"docker.io/kindest/local-path-provisioner:v0.0.30": {part: "local-path-provisioner", program: "local-path-provisioner", path: "/usr/local/bin/local-path-provisioner", user: "65532:65532"},
	"docker.io/kindest/local-path-helper:v0.0.30":      {part: "local-path-provisioner", program: "local-path-helper", path: "/local-path-helper"},
}

// writeImages writes all images of the store as one archive. The four Kubernetes images share
// their layer, so that a node keeps and unpacks it once.
func (n nodeImage) writeImages(job *job, archive string) error {
	tools, err := oci.Layer(filepath.Join(job.needs["netfilter-root"], "root.tar"), true)
	if err != nil {
		return err
	}
	links, err := netfilterLinks(n.dir, job.work)
	if err != nil {
		return err
	}
	kubernetes, err := kubernetesLayer(job)
	if err != nil {
		return err
	}
	images := map[string]v1.Image{}
	for _, name := range kubernetesPrograms[:4] {
		layers := []v1.Layer{kubernetes}
		if name == "kube-proxy" {
			layers = []v1.Layer{tools, links, kubernetes}
		}
		if images["registry.k8s.io/"+name+":"+KubernetesVersion], err = oci.Image(programConfig("/usr/local/bin/"+name, ""), layers...); err != nil {
			return err
		}
	}
	for _, ref := range slices.Sorted(maps.Keys(nodeImages)) {
		i := nodeImages[ref]
		layer, err := programLayer(job, i.part, i.program, i.path)
		if err != nil {
			return err
		}
		layers := []v1.Layer{layer}
		if i.netfilter {
			layers = []v1.Layer{tools, links, layer}
		}
		if images[ref], err = oci.Image(programConfig(i.path, i.user), layers...); err != nil {
			return err
		}
	}
	return oci.WriteArchive(archive, images)
}

func programConfig(path, user string) v1.Config {
	config := specConfig{Entrypoint: []string{path}, User: user}.oci()
	config.WorkingDir = "/"
	return config
}

// netfilterLinks makes iptables mean its nftables flavour, which Debian's packages leave to
// alternatives that are set at installation.
func netfilterLinks(nodeDir, work string) (v1.Layer, error) {
	spec, err := readImageSpec(filepath.Join(filepath.Dir(nodeDir), "netfilter"))
	if err != nil {
		return nil, err
	}
	tree := oci.NewTree()
	for name, target := range spec.Links {
		tree.Link(name, target)
	}
	tree.Bytes("/etc/iproute2/rt_tables", 0o644, []byte("255 local\n254 main\n253 default\n0 unspec\n")) // kube-router adds its own
	return oci.WriteLayer(filepath.Join(work, "netfilter-links.tar"), tree, true)
}

func kubernetesLayer(job *job) (v1.Layer, error) {
	tree := oci.NewTree()
	if err := tree.File("/usr/local/lib/kubernetes", 0o755, filepath.Join(job.needs["kubernetes"], "bin", "kubernetes")); err != nil {
		return nil, err
	}
	for _, name := range kubernetesPrograms[:4] {
		tree.Link("/usr/local/bin/"+name, "/usr/local/lib/kubernetes")
	}
	tree.Dir("/tmp", 0o777|os.ModeSticky, 0, 0)
	return oci.WriteLayer(filepath.Join(job.work, "kubernetes.tar"), tree, true)
}

func programLayer(job *job, part, program, path string) (v1.Layer, error) {
	tree := oci.NewTree()
	if err := tree.File(path, 0o755, filepath.Join(job.needs[part], "bin", program)); err != nil {
		return nil, err
	}
	tree.Dir("/tmp", 0o777|os.ModeSticky, 0, 0)
	return oci.WriteLayer(filepath.Join(job.work, part+"-"+program+".tar"), tree, true)
}

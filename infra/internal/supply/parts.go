package supply

import (
	"fmt"
	"path"
	"path/filepath"
	"slices"
)

// Versions of parts that are stamped into programs or name a provider's folder in the mirror.
const (
	containerdVersion         = "2.3.4"
	kubernetesProviderVersion = "3.2.1"
	randomProviderVersion     = "3.9.0"
	kindProviderVersion       = "0.1.0"
	awsProviderVersion        = "6.47.1"
	googleProviderVersion     = "8.0.0"
	openTofuVersion           = "1.12.6"
)

// PolicyPart is the part that evaluates the rules for plans; its program is PolicyProgram.
const (
	PolicyPart    = "policy"
	PolicyProgram = "kindling-policy"
)

// OpenTofuPart is the part for hosts that have neither terraform nor tofu.
const OpenTofuPart = "opentofu"

// IngressController is the part of the ingress controller.
const IngressController = "ingress-nginx"

// IngressSyncRate is how often a second that controller may follow the cluster: it tells changes
// apart by milliseconds, published ones by seconds.
const IngressSyncRate = 2.0

// Workload images of the source supply, by the name that Terraform's `images` variable has.
var workloadImages = []string{IngressController, "metrics-server", "postgres", natsPart}

// natsPart keeps and hands out events. Nobody publishes it: its image also makes the stream.
const natsPart = "nats"

// needed are the parts that are built where a service needs something, by what it needs.
var needed = map[string]string{"messaging": natsPart}

// PartsFor are the parts that services need beside those that every environment uses.
func PartsFor(needs []string) []string {
	var parts []string
	for _, need := range needs {
		if part, ok := needed[need]; ok && !slices.Contains(parts, part) {
			parts = append(parts, part)
		}
	}
	return parts
}

// Parts are all parts of the source supply. root is the repository.
func Parts(root string) ([]Part, error) {
	infra := filepath.Join(root, "infra")
	dir := func(name string) string { return filepath.Join(infra, "supply", name) }
	parts := append(programParts(dir), providerParts(infra, dir)...)
	parts = append(parts, cloudProviderParts(dir)...)
	parts = append(parts, openTofu(dir))
	lock, err := readLockFile(root)
	if err != nil {
		return nil, err
	}
	node, err := nodeParts(infra, dir, lock)
	if err != nil {
		return nil, err
	}
	parts = append(parts, node...)
	for _, name := range append([]string{"registry"}, workloadImages...) {
		image, err := imageParts(name, dir(name), lock)
		if err != nil {
			return nil, err
		}
		parts = append(parts, image...)
	}
	return parts, nil
}

func programParts(dir func(string) string) []Part {
	const containerd = "github.com/containerd/containerd/v2"
	const version = "k8s.io/component-base/version"
	return []Part{
		{Name: "kubernetes", About: "Kubernetes " + KubernetesVersion + ", all programs in one", Weight: 600, recipe: programs{
			dir: dir("kubernetes"), commands: map[string]string{"kubernetes": "."},
			ldflags: fmt.Sprintf("-X %[1]s.gitVersion=%[2]s -X %[1]s.gitMajor=1 -X %[1]s.gitMinor=36 -X %[1]s.gitTreeState=clean -X %[1]s.buildDate=2026-05-12T00:00:00Z", version, KubernetesVersion)}},
		{Name: "containerd", About: "containerd " + containerdVersion, Weight: 130, recipe: programs{
			dir: dir("containerd"), tags: "no_btrfs no_zfs no_devmapper",
			ldflags: "-X " + containerd + "/version.Version=" + containerdVersion,
			commands: map[string]string{"containerd": containerd + "/cmd/containerd", "ctr": containerd + "/cmd/ctr",
				"containerd-shim-runc-v2": containerd + "/cmd/containerd-shim-runc-v2", "imagestore": "./imagestore"}}},
		{Name: "kube-router", About: "kube-router v2.1.0: pod network and NetworkPolicies", Weight: 150, After: "kubernetes", recipe: programs{
			dir: dir("kube-router"), commands: map[string]string{"kube-router": "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"},
			ldflags: "-X github.com/cloudnativelabs/kube-router/v2/pkg/version.Version=v2.1.0"}},
		{Name: "etcd", About: "etcd 3.6.8", Weight: 40, After: "kubernetes", recipe: programs{
			dir: dir("etcd"), commands: map[string]string{"etcd": "."}}},
		{Name: "coredns", About: "CoreDNS v1.14.2", Weight: 80, After: "kubernetes", recipe: programs{
			dir: dir("coredns"), commands: map[string]string{"coredns": "."}}},
		{Name: "pause", About: "pause 3.10", Weight: 1, recipe: programs{
			dir: dir("pause"), commands: map[string]string{"pause": "."}}},
		{Name: "local-path-provisioner", About: "local-path-provisioner v0.0.30 and its helper", Weight: 20, After: "kubernetes", recipe: programs{
			dir: dir("local-path-provisioner"), ldflags: "-X main.VERSION=v0.0.30",
			commands: map[string]string{"local-path-provisioner": "github.com/rancher/local-path-provisioner", "local-path-helper": "./helper"}}},
		{Name: PolicyPart, About: "evaluates the rules for plans, with OPA 1.22.3", Weight: 30, recipe: programs{
			dir: dir("policy"), commands: map[string]string{PolicyProgram: "."}}},
	}
}

func providerParts(infra string, dir func(string) string) []Part {
	provider := func(name, version, about string, weight int, after string, recipe programs) Part {
		recipe.commands = map[string]string{providerBinary(name, version): recipe.commands["main"]}
		recipe.ldflags = fmt.Sprintf("-X main.Version=%[1]s -X main.version=%[1]s", version)
		return Part{Name: "provider-" + name, About: about + " " + version, Weight: weight, After: after, recipe: recipe}
	}
	in := func(p string) string { return filepath.Join(infra, filepath.FromSlash(p)) }
	return []Part{
		provider("kubernetes", kubernetesProviderVersion, "Terraform provider kubernetes", 120, "", programs{
			dir: dir("provider-kubernetes"), commands: map[string]string{"main": "github.com/hashicorp/terraform-provider-kubernetes"}}),
		provider("random", randomProviderVersion, "Terraform provider random", 15, "provider-kind", programs{
			dir: dir("provider-random"), commands: map[string]string{"main": "github.com/terraform-providers/terraform-provider-random"}}),
		provider("kind", kindProviderVersion, "Terraform provider kind", 30, "kubernetes", programs{
			dir: infra, commands: map[string]string{"main": "./cmd/terraform-provider-kind"},
			inputs: []string{in("go.mod"), in("go.sum"), in("cmd/terraform-provider-kind"), in("internal/provider"), in("internal/kindcluster")}}),
	}
}

// cloudProviderParts are the providers of clouds, each a thousand packages that few need.
func cloudProviderParts(dir func(string) string) []Part {
	const aws = "github.com/hashicorp/terraform-provider-aws"
	const google = "github.com/hashicorp/terraform-provider-google"
	return []Part{
		{Name: "provider-aws", About: "Terraform provider aws " + awsProviderVersion + ", for environments on EKS", Weight: 3000, Cloud: true, recipe: programs{
			dir: dir("provider-aws"), commands: map[string]string{providerBinary("aws", awsProviderVersion): aws},
			ldflags: "-X " + aws + "/version.ProviderVersion=" + awsProviderVersion}},
		{Name: "provider-google", About: "Terraform provider google " + googleProviderVersion + ", for environments on GKE", Weight: 500, Cloud: true, recipe: programs{
			dir: dir("provider-google"), commands: map[string]string{providerBinary("google", googleProviderVersion): google},
			ldflags: "-X " + google + "/version.ProviderVersion=" + googleProviderVersion}},
	}
}

func openTofu(dir func(string) string) Part {
	const module = "github.com/opentofu/opentofu"
	return Part{Name: OpenTofuPart, About: "OpenTofu " + openTofuVersion + ", for hosts without terraform", Weight: 240, Optional: true, recipe: programs{
		dir: dir("opentofu"), commands: map[string]string{"tofu": module + "/cmd/tofu"}, ldflags: "-X " + module + "/version.dev=no"}}
}

func nodeParts(infra string, dir func(string) string, lock lockFile) ([]Part, error) {
	spec, err := readImageSpec(dir("node"))
	if err != nil {
		return nil, err
	}
	netfilter, err := readImageSpec(dir("netfilter"))
	if err != nil {
		return nil, err
	}
	return []Part{
		{Name: "node-root", About: "Debian root of the node", Weight: 200, recipe: spec.Debian.pinned(lock)},
		{Name: "netfilter-root", About: "Debian's iptables, for kube-proxy and kube-router", Weight: 50, recipe: netfilter.Debian.pinned(lock)},
		{Name: "node", About: "kind node image, Kubernetes " + KubernetesVersion, Weight: 10,
			Needs:  []string{"node-root", "netfilter-root", "kubernetes", "containerd", "kube-router", "etcd", "coredns", "pause", "local-path-provisioner"},
			recipe: nodeImage{infra: infra, dir: dir("node"), spec: spec}},
	}, nil
}

// imageParts are the parts of an image.json: its Debian root, its programs, and the image.
func imageParts(name, dir string, lock lockFile) ([]Part, error) {
	spec, err := readImageSpec(dir)
	if err != nil {
		return nil, err
	}
	var parts []Part
	var needs []string
	if spec.Debian != nil {
		parts = append(parts, Part{Name: name + "-root", About: "Debian root of " + name, Weight: 60, recipe: spec.Debian.pinned(lock)})
		needs = append(needs, name+"-root")
	}
	if len(spec.Binaries) > 0 {
		commands := make(map[string]string, len(spec.Binaries))
		for file, pkg := range spec.Binaries {
			commands[path.Base(file)] = pkg
		}
		parts = append(parts, Part{Name: name + "-programs", About: "programs of " + name, Weight: 70, After: "kubernetes",
			recipe: programs{dir: dir, commands: commands, ldflags: spec.Ldflags}})
		needs = append(needs, name+"-programs")
	}
	// The engine loads the registry itself, and one older than Docker 23 reads no Zstandard.
	return append(parts, Part{Name: name, About: "image " + spec.Name, Weight: 5, Needs: needs, Optional: name == natsPart,
		recipe: image{name: name, dir: dir, spec: spec, zstd: name != "registry"}}), nil
}

// Finished are the parts that every environment uses; what they are made from is built on the way.
var Finished = []string{"node", "registry", IngressController, "metrics-server", "postgres",
	"provider-kubernetes", "provider-random", "provider-kind", PolicyPart}

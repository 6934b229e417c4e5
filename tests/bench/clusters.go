package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// environment keeps the benchmark's clusters apart from a user's.
var environment = []string{"TF_VAR_name=bench", "TF_VAR_http_port=19080", "TF_VAR_https_port=19443", "TF_VAR_registry_port=15009"}

// site is a checkout, and the variables that set its environment dev apart.
type site struct {
	dir       string
	variables []string
}

func (b *bench) site() site { return site{b.copy, environment} }

// kindling runs the tool of a site and returns what it printed.
func (b *bench) kindling(ctx context.Context, s site, args ...string) (string, error) {
	return b.command(ctx, s.dir, s.variables, ".kindling/bin/kindling", args...)
}

// engineImages gives the engine the images of nodes and of registries, and names them.
func (b *bench) engineImages(ctx context.Context) (node, registry string, err error) {
	text, err := b.kindling(ctx, b.site(), "supply", "load")
	if err != nil {
		return "", "", err
	}
	images := strings.Fields(text)
	if len(images) != 2 {
		return "", "", fmt.Errorf("supply load printed %q, not two images", text)
	}
	return images[0], images[1], nil
}

func (b *bench) upAt(ctx context.Context, s site) error {
	_, err := b.kindling(ctx, s, "up", "--env", "dev")
	return err
}

func (b *bench) downAt(ctx context.Context, s site) error {
	_, err := b.kindling(ctx, s, "down", "--env", "dev")
	return err
}

func (b *bench) up(ctx context.Context) error { return b.upAt(ctx, b.site()) }

func (b *bench) down(ctx context.Context) error { return b.downAt(ctx, b.site()) }

// removeAfter takes the environment down, also when the benchmark was interrupted.
func (b *bench) removeAfter(ctx context.Context) {
	b.cleanUp(func() error { return b.down(context.WithoutCancel(ctx)) })
}

// serviceNames are the services that a checkout describes.
func serviceNames(dir string) ([]string, error) {
	files, err := filepath.Glob(filepath.Join(dir, "services", "*", "service.yaml"))
	names := make([]string, len(files))
	for i, file := range files {
		names[i] = filepath.Base(filepath.Dir(file))
	}
	return names, err
}

// node is the only node of the benchmark's cluster.
const node = "bench-control-plane"

// kubectlCommand prepares the node's own kubectl: this machine need not have one.
func kubectlCommand(ctx context.Context, args ...string) *exec.Cmd {
	return exec.CommandContext(ctx, "docker", append([]string{"exec", "--interactive", node, "kubectl", "--kubeconfig=/etc/kubernetes/admin.conf"}, args...)...)
}

func kubectl(ctx context.Context, args ...string) (string, error) {
	return output(kubectlCommand(ctx, args...))
}

// cleanUp removes what a benchmark has made, and tells what stays.
func (b *bench) cleanUp(remove func() error) {
	if err := remove(); err != nil {
		fmt.Fprintln(b.log, "bench: something may be left:", err)
	}
}

// bare is kind's own command and a cluster without anything in it.
type bare struct {
	b                      *bench
	program, config, image string
}

const bareCluster = "bench-bare"

func (k bare) create(ctx context.Context) error {
	_, err := k.b.command(ctx, k.b.temp, nil, k.program, "create", "cluster", "--name", bareCluster, "--image", k.image, "--config", k.config,
		"--kubeconfig", filepath.Join(k.b.temp, "kubeconfig"), "--wait", "120s")
	return err
}

// remove works also when the benchmark was interrupted, and when there is no cluster.
func (k bare) remove(ctx context.Context) error {
	_, err := k.b.command(context.WithoutCancel(ctx), k.b.temp, nil, k.program, "delete", "cluster", "--name", bareCluster)
	return err
}

// upCold compares a whole environment with kind's bare cluster, from the same node image.
func upCold(ctx context.Context, b *bench) (result, error) {
	kind, err := b.kind(ctx)
	if err != nil {
		return result{}, err
	}
	if err := b.warm(ctx); err != nil {
		return result{}, err
	}
	defer b.removeAfter(ctx)
	remove := func() error { return kind.remove(ctx) }
	defer b.cleanUp(remove)
	return b.ratiosWith(func(int) error { return b.up(ctx) }, func() error { return b.down(ctx) },
		func(int) error { return kind.create(ctx) }, remove)
}

// warm fills the caches that up-cold presupposes: parts, images in the engine, compiled services.
func (b *bench) warm(ctx context.Context) error {
	if err := b.up(ctx); err != nil {
		return err
	}
	return b.down(ctx)
}

// kind builds kind's own command from the version that the tool uses, and a configuration that
// adapts its node to this host as the provider does.
func (b *bench) kind(ctx context.Context) (bare, error) {
	program := filepath.Join(b.temp, "kind")
	if _, err := b.command(ctx, filepath.Join(b.copy, "infra"), []string{"GOWORK=off"}, "go", "build", "-o", program, "sigs.k8s.io/kind"); err != nil {
		return bare{}, err
	}
	image, _, err := b.engineImages(ctx)
	if err != nil {
		return bare{}, err
	}
	config := filepath.Join(b.temp, "kind.yaml")
	text := "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\ncontainerdConfigPatches:\n- |-\n  [plugins.\"io.containerd.cri.v1.runtime\"]\n    restrict_oom_score_adj = true\n"
	if _, statErr := os.Stat("/sys/fs/cgroup/cgroup.controllers"); statErr != nil { // cgroup v1
		text += "nodes:\n- role: control-plane\n  kubeadmConfigPatches:\n  - |\n    kind: KubeletConfiguration\n    failCgroupV1: false\n"
	}
	return bare{b, program, config, image}, os.WriteFile(config, []byte(text), 0o644)
}

// upNoop divides runs that find nothing to do by the cold one before them.
func upNoop(ctx context.Context, b *bench) (result, error) {
	if err := b.warm(ctx); err != nil {
		return result{}, err
	}
	defer b.removeAfter(ctx)
	cold, err := timed(func() error { return b.up(ctx) })
	if err != nil {
		return result{}, err
	}
	var ratios, noops []float64
	for range b.pairs {
		noop, err := timed(func() error { return b.up(ctx) })
		if err != nil {
			return result{}, err
		}
		ratios, noops = append(ratios, noop/cold), append(noops, noop)
	}
	return result{median: fmt.Sprintf("%.3f", median(ratios)), worst: fmt.Sprintf("%.3f", slices.Max(ratios)),
		raw: fmt.Sprintf("%s / %.1f s", figures(noops), cold)}, nil
}

// supplyCold compiles everything twice from nothing, once whole and once Kubernetes' own seven
// commands: tens of minutes a pair.
func supplyCold(ctx context.Context, b *bench) (result, error) {
	fresh := func(name string) []string {
		return []string{"GOCACHE=" + filepath.Join(b.temp, name+"-go"), "KINDLING_CACHE=" + filepath.Join(b.temp, name+"-parts")}
	}
	commands := []string{"build", "-trimpath", "-gcflags=all=-dwarf=false", "-ldflags=-s -w", "-o", filepath.Join(b.temp, "kubernetes") + "/"}
	for _, name := range []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet", "kubeadm", "kubectl"} {
		commands = append(commands, "k8s.io/kubernetes/cmd/"+name)
	}
	pairs := b.pairs
	b.pairs = 1 // one pair takes an hour on two processors
	defer func() { b.pairs = pairs }()
	return b.ratios(func(int) error {
		_, err := b.command(ctx, b.copy, fresh("whole"), ".kindling/bin/kindling", "supply", "build")
		return err
	}, func(int) error {
		env := append(fresh("kubernetes"), "GOWORK=off", "CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOGC=off", "GOMEMLIMIT=3GiB")
		_, err := b.command(ctx, filepath.Join(b.copy, "infra", "supply", "kubernetes"), env, "go", commands...)
		return err
	})
}

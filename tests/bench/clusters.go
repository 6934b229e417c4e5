package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// environment keeps the benchmark's clusters apart from a user's.
var environment = []string{"TF_VAR_name=bench", "TF_VAR_http_port=19080", "TF_VAR_https_port=19443", "TF_VAR_registry_port=15009"}

func (b *bench) up(ctx context.Context) error {
	_, err := b.command(ctx, b.copy, environment, ".kindling/bin/kindling", "up", "--env", "dev")
	return err
}

func (b *bench) down(ctx context.Context) error {
	_, err := b.command(ctx, b.copy, environment, ".kindling/bin/kindling", "down", "--env", "dev")
	return err
}

// cleanUp removes what a benchmark has made, and tells what stays.
func (b *bench) cleanUp(remove func() error) {
	if err := remove(); err != nil {
		fmt.Fprintln(b.log, "bench: something may be left:", err)
	}
}

// upCold compares a whole environment with kind's bare cluster, from the same node image.
func upCold(ctx context.Context, b *bench) (result, error) {
	kind, config, image, err := b.kind(ctx)
	if err != nil {
		return result{}, err
	}
	if err := b.warm(ctx); err != nil {
		return result{}, err
	}
	defer b.cleanUp(func() error { return b.down(context.WithoutCancel(ctx)) })
	remove := func() error {
		_, err := b.command(context.WithoutCancel(ctx), b.temp, nil, kind, "delete", "cluster", "--name", "bench-bare")
		return err
	}
	defer b.cleanUp(remove)
	return b.ratiosWith(func() error { return b.up(ctx) }, func() error { return b.down(ctx) }, func() error {
		_, err := b.command(ctx, b.temp, nil, kind, "create", "cluster", "--name", "bench-bare", "--image", image, "--config", config,
			"--kubeconfig", filepath.Join(b.temp, "kubeconfig"), "--wait", "120s")
		return err
	}, remove)
}

// warm fills the caches that up-cold presupposes: parts, images in the engine, compiled services.
func (b *bench) warm(ctx context.Context) error {
	if err := b.up(ctx); err != nil {
		return err
	}
	return b.down(ctx)
}

// ratiosWith is ratios with a clean-up, not measured, after each.
func (b *bench) ratiosWith(a, afterA, other, afterOther func() error) (result, error) {
	var ratios, as, bs []float64
	for pair := range b.pairs {
		x, err := timed(a)
		if err != nil {
			return result{}, err
		}
		if err := afterA(); err != nil {
			return result{}, err
		}
		y, err := timed(other)
		if err != nil {
			return result{}, err
		}
		if err := afterOther(); err != nil {
			return result{}, err
		}
		fmt.Fprintf(b.log, "bench: pair %d: %.1f s / %.1f s = %.2f\n", pair+1, x, y, x/y)
		ratios, as, bs = append(ratios, x/y), append(as, x), append(bs, y)
	}
	return result{median: fmt.Sprintf("%.2f", median(ratios)), worst: fmt.Sprintf("%.2f", slices.Max(ratios)), raw: seconds(as) + " / " + seconds(bs) + " s"}, nil
}

// kind builds kind's own command from the version that the tool uses, and a configuration that
// adapts its node to this host as the provider does.
func (b *bench) kind(ctx context.Context) (program, config, image string, err error) {
	program = filepath.Join(b.temp, "kind")
	if _, err = b.command(ctx, filepath.Join(b.copy, "infra"), []string{"GOWORK=off"}, "go", "build", "-o", program, "sigs.k8s.io/kind"); err != nil {
		return "", "", "", err
	}
	images, err := b.command(ctx, b.copy, nil, ".kindling/bin/kindling", "supply", "load")
	if err != nil {
		return "", "", "", err
	}
	config = filepath.Join(b.temp, "kind.yaml")
	text := "kind: Cluster\napiVersion: kind.x-k8s.io/v1alpha4\ncontainerdConfigPatches:\n- |-\n  [plugins.\"io.containerd.cri.v1.runtime\"]\n    restrict_oom_score_adj = true\n"
	if _, statErr := os.Stat("/sys/fs/cgroup/cgroup.controllers"); statErr != nil { // cgroup v1
		text += "nodes:\n- role: control-plane\n  kubeadmConfigPatches:\n  - |\n    kind: KubeletConfiguration\n    failCgroupV1: false\n"
	}
	return program, config, strings.Fields(images)[0], os.WriteFile(config, []byte(text), 0o644)
}

// upNoop divides runs that find nothing to do by the cold one before them.
func upNoop(ctx context.Context, b *bench) (result, error) {
	if err := b.warm(ctx); err != nil {
		return result{}, err
	}
	defer b.cleanUp(func() error { return b.down(context.WithoutCancel(ctx)) })
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
		raw: fmt.Sprintf("%s / %.1f s", seconds(noops), cold)}, nil
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

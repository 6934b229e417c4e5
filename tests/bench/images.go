package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// service is the one that is edited and built.
const service = "catalog"

type built struct {
	Digest      string `json:"digest"`
	Bytes       int64  `json:"bytes"`
	BinaryBytes int64  `json:"binary_bytes"`
}

func (b *bench) build(ctx context.Context, dir string, env []string, args ...string) (built, error) {
	text, err := b.command(ctx, dir, env, ".kindling/bin/kindling", append([]string{"build", service, "--output", "json"}, args...)...)
	if err != nil {
		return built{}, err
	}
	var list []built
	if err := json.Unmarshal([]byte(text), &list); err != nil || len(list) != 1 {
		return built{}, fmt.Errorf("build printed %q: %w", text, err)
	}
	return list[0], nil
}

// edit changes the service's program, so that it has to be compiled and linked again.
func (b *bench) edit(mark string) error {
	text := fmt.Sprintf("package main\n\nimport \"os\"\n\nfunc init() { _ = os.Setenv(\"BENCH\", %q) }\n", mark)
	return os.WriteFile(filepath.Join(b.copy, "services", service, "bench.go"), []byte(text), 0o644)
}

// imageRatio compares an image's build and push with the compiler alone.
func imageRatio(ctx context.Context, b *bench) (result, error) {
	registry, stop, err := b.registry(ctx)
	if err != nil {
		return result{}, err
	}
	defer stop()
	defer os.Remove(filepath.Join(b.copy, "services", service, "bench.go"))
	if _, err := b.build(ctx, b.copy, nil, "--push", registry); err != nil { // fills the caches of both
		return result{}, err
	}
	return b.ratios(func(pair int) error {
		if err := b.edit(fmt.Sprintf("image %d", pair)); err != nil {
			return err
		}
		_, err := b.build(ctx, b.copy, nil, "--push", registry)
		return err
	}, func(pair int) error {
		if err := b.edit(fmt.Sprintf("plain %d", pair)); err != nil {
			return err
		}
		return b.compile(ctx)
	})
}

// compile builds the service's program with the flags that its image has.
func (b *bench) compile(ctx context.Context) error {
	_, err := b.command(ctx, filepath.Join(b.copy, "services", service), []string{"GOWORK=off", "CGO_ENABLED=0"},
		"go", "build", "-trimpath", "-buildvcs=false", "-tags=nomsgpack", "-ldflags=-s -w", "-o", filepath.Join(b.temp, "program"), ".")
	return err
}

// registry runs the project's registry in a container of its own, on a free port.
func (b *bench) registry(ctx context.Context) (host string, stop func(), err error) {
	_, image, err := b.engineImages(ctx)
	if err != nil {
		return "", nil, err
	}
	id, err := b.command(ctx, b.copy, nil, "docker", "run", "-d", "--rm", "-p", "127.0.0.1::5000", image)
	if err != nil {
		return "", nil, err
	}
	id = strings.TrimSpace(id)
	stop = func() { _, _ = b.command(context.WithoutCancel(ctx), b.copy, nil, "docker", "rm", "-f", "-v", id) }
	address, err := b.command(ctx, b.copy, nil, "docker", "port", id, "5000/tcp")
	if err != nil {
		stop()
		return "", nil, err
	}
	_, port, _ := strings.Cut(strings.TrimSpace(address), ":")
	return "localhost:" + port, stop, nil
}

func imageSize(ctx context.Context, b *bench) (result, error) {
	image, err := b.build(ctx, b.copy, nil)
	if err != nil {
		return result{}, err
	}
	over := fmt.Sprintf("%.2f MB", float64(image.Bytes-image.BinaryBytes)/1e6)
	return result{median: over, worst: over, raw: fmt.Sprintf("%.1f − %.1f MB", float64(image.Bytes)/1e6, float64(image.BinaryBytes)/1e6)}, nil
}

// imageDigest builds the service in two folders, each with build caches of its own.
func imageDigest(ctx context.Context, b *bench) (result, error) {
	digests := map[string]int{}
	const builds = 2
	for i := range builds {
		dir, err := b.copyCheckout(ctx, fmt.Sprintf("digest-%d", i))
		if err != nil {
			return result{}, err
		}
		env := []string{"GOCACHE=" + filepath.Join(b.temp, fmt.Sprintf("go-%d", i)), "KINDLING_CACHE=" + filepath.Join(b.temp, fmt.Sprintf("cache-%d", i))}
		image, err := b.build(ctx, dir, env)
		if err != nil {
			return result{}, err
		}
		digests[image.Digest]++
	}
	same := 0
	for _, n := range digests {
		same = max(same, n)
	}
	text := fmt.Sprintf("%d of %d", same, builds)
	return result{median: text, worst: text, raw: fmt.Sprint(digests)}, nil
}

var ratioMetric = regexp.MustCompile(`([\d.]+) ratio\b`)

// kitRatio runs kit's own benchmark, which alternates the two handlers.
func kitRatio(ctx context.Context, b *bench) (result, error) {
	var ratios []float64
	for range b.pairs {
		text, err := b.command(ctx, filepath.Join(b.copy, "services", "kit"), []string{"GOWORK=off"}, "go", "test", "./server", "-run", "^$", "-bench", "Kit", "-benchtime", "200x")
		if err != nil {
			return result{}, err
		}
		match := ratioMetric.FindStringSubmatch(text)
		if match == nil {
			return result{}, fmt.Errorf("kit's benchmark printed no ratio: %s", text)
		}
		ratio, err := strconv.ParseFloat(match[1], 64)
		if err != nil {
			return result{}, err
		}
		ratios = append(ratios, ratio)
	}
	return result{median: fmt.Sprintf("%.2f", median(ratios)), worst: fmt.Sprintf("%.2f", slices.Min(ratios)), raw: figures(ratios)}, nil
}

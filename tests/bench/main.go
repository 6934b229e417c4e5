// Command bench measures what docs/benchmarks.md tells: ratios of two things that are measured in
// turns in one run, so that they hold when the machine's speed drifts. It drives the tool as a
// user does, and never gates a test run.
//
// Usage: bench [-pairs N] [NAME...]; without names, every benchmark that needs no cluster.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// benchmark is one row of the table.
type benchmark struct {
	name    string
	divided string // what is divided by what
	bar     string
	slow    bool // makes clusters or compiles for minutes: only run when it is named
	run     func(context.Context, *bench) (result, error)
}

var benchmarks = []benchmark{
	{"image", "build and push one service image / go build of the same service, after an edit", "≤ 1.15", false, imageRatio},
	{"image-size", "image bytes − binary bytes", "≤ 2.5 MB", false, imageSize},
	{"image-digest", "two clean builds in different folders give the same digest", "all", true, imageDigest},
	{"kit", "requests/s of a kit service with all middleware / a bare net/http handler", "≥ 0.85", false, kitRatio},
	{"up-cold", "make up until every service answers / kind create cluster until its node is ready", "≤ 1.6", true, upCold},
	{"up-noop", "a second make up / the first", "≤ 0.05", true, upNoop},
	{"up-change", "from a handler's edit through make up to its new answer at the ingress / go build after such an edit", "≤ 3", true, upChange},
	{"pod-start", "a bare pod of a service from its creation until it is ready / a pause pod without probes", "≤ 1.3", true, podStart},
	{"rollout-wait", "from a rollout's first pod until up ends / until the last new pod is ready", "≤ 1.1", true, rolloutWait},
	{"plan-scale", "a plan with nothing to do with four times the services / with those of the checkout", "≤ 1.5", true, planScale},
	{"ingress", "requests/s through the ingress / straight to a pod of the service", "≥ 0.6", true, ingressRatio},
	{"memory", "memory of the environment's containers at rest / of a bare kind cluster's", "≤ 1.6, each service ≤ 25 MiB", true, memoryRatio},
	{"lost-requests", "requests that fail while a service is rolled out and back, and the ingress controller restarted", "0", true, lostRequests},
	{"supply-cold", "all parts with empty build caches / Kubernetes' seven commands alone", "≤ 2.0", true, supplyCold},
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, out, errs io.Writer) int {
	if len(args) > 0 && args[0] == "load" {
		if err := load(ctx, args[1:], out, errs); err != nil {
			fmt.Fprintln(errs, "bench load:", err)
			return 1
		}
		return 0
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(errs)
	pairs := flags.Int("pairs", 5, "pairs of measurements")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	chosen, err := choose(flags.Args())
	if err != nil || *pairs < 1 {
		fmt.Fprintln(errs, "bench:", err)
		return 2
	}
	b, err := newBench(ctx, *pairs, errs)
	if err != nil {
		fmt.Fprintln(errs, "bench:", err)
		return 1
	}
	defer b.close()
	return b.all(ctx, chosen, out)
}

func choose(names []string) ([]benchmark, error) {
	var chosen []benchmark
	for _, c := range benchmarks {
		if slices.Contains(names, c.name) || (len(names) == 0 && !c.slow) {
			chosen = append(chosen, c)
		}
	}
	if len(names) > 0 && len(chosen) != len(names) {
		var known []string
		for _, c := range benchmarks {
			known = append(known, c.name)
		}
		return nil, fmt.Errorf("there are the benchmarks %s", strings.Join(known, ", "))
	}
	return chosen, nil
}

// all runs benchmarks and prints a row of a Markdown table for each.
func (b *bench) all(ctx context.Context, chosen []benchmark, out io.Writer) int {
	code := 0
	fmt.Fprintf(out, "%s · %s\n\n", time.Now().UTC().Format("2006-01-02"), machine())
	fmt.Fprintln(out, "| name | what is divided by what | bar | median | worst | raw |\n|---|---|---|---|---|---|")
	for _, c := range chosen {
		fmt.Fprintf(b.log, "bench: %s\n", c.name)
		r, err := c.run(ctx, b)
		if err != nil {
			fmt.Fprintf(b.log, "bench: %s failed: %v\n", c.name, err)
			code = 1
			continue
		}
		fmt.Fprintf(out, "| %s | %s | %s | %s | %s | %s |\n", c.name, c.divided, c.bar, r.median, r.worst, r.raw)
	}
	return code
}

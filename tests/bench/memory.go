package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"
)

const mebibyte = 1 << 20

// How long clusters rest before their memory is read, and between two readings.
const (
	restBefore  = time.Minute
	restBetween = 10 * time.Second
)

// memoryRatio compares the memory of all containers of the environment at rest with that of a bare
// cluster of kind at rest. It counts what no file backs, as control groups do: heaps, stacks and
// what PostgreSQL's processes share, but not files that the kernel keeps in memory and could drop.
// The raw column has the pod of a service that uses most.
func memoryRatio(ctx context.Context, b *bench) (result, error) {
	kind, err := b.kind(ctx)
	if err != nil {
		return result{}, err
	}
	engine, err := b.engine(ctx)
	if err != nil {
		return result{}, err
	}
	defer b.removeAfter(ctx)
	if err := b.up(ctx); err != nil {
		return result{}, err
	}
	defer b.cleanUp(func() error { return kind.remove(ctx) })
	if err := kind.create(ctx); err != nil {
		return result{}, err
	}
	if err := rest(ctx, restBefore); err != nil {
		return result{}, err
	}
	var largest serviceMemory
	s, err := b.inTurns("MiB", func(int) (float64, error) {
		found, err := b.largestService(ctx)
		if err != nil {
			return 0, err
		}
		if found.bytes > largest.bytes {
			largest = found
		}
		return b.resident(ctx, engine, "network=kindling-bench")
	}, func(int) (float64, error) {
		used, err := b.resident(ctx, engine, "label=io.x-k8s.kind.cluster="+bareCluster)
		if err != nil {
			return 0, err
		}
		return used, rest(ctx, restBetween)
	})
	if err != nil {
		return result{}, err
	}
	row := s.lowerIsBetter()
	row.raw += fmt.Sprintf("; largest service: %s %.1f MiB", largest.name, largest.bytes/mebibyte)
	return row, nil
}

func rest(ctx context.Context, duration time.Duration) error {
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(duration):
		return nil
	}
}

// engine is a client of the container engine's API, whatever address is asked.
func (b *bench) engine(ctx context.Context) (*http.Client, error) {
	text, err := b.command(ctx, b.temp, nil, "docker", "context", "inspect", "--format", "{{.Endpoints.docker.Host}}")
	if err != nil {
		return nil, err
	}
	socket, isSocket := strings.CutPrefix(strings.TrimSpace(text), "unix://")
	if !isSocket {
		return nil, fmt.Errorf("the engine is at %s, not at a socket of this machine", strings.TrimSpace(text))
	}
	var dialer net.Dialer
	return &http.Client{Timeout: time.Minute, Transport: &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		},
	}}, nil
}

// resident is the memory of all containers that a filter of docker ps finds, in MiB.
func (b *bench) resident(ctx context.Context, engine *http.Client, filter string) (float64, error) {
	text, err := b.command(ctx, b.temp, nil, "docker", "ps", "--quiet", "--no-trunc", "--filter", filter)
	if err != nil {
		return 0, err
	}
	containers := strings.Fields(text)
	if len(containers) == 0 {
		return 0, fmt.Errorf("no container runs with %s", filter)
	}
	var sum float64
	for _, id := range containers {
		bytes, err := anonymous(ctx, engine, id)
		if err != nil {
			return 0, err
		}
		sum += bytes
	}
	return sum / mebibyte, nil
}

// anonymous asks the engine for the bytes of a container's memory that no file backs. In the lists
// of control groups shared memory is among them, which their figures rss and anon leave out.
func anonymous(ctx context.Context, engine *http.Client, id string) (float64, error) {
	status, text, err := get(ctx, engine, "http://engine/containers/"+id+"/stats?stream=false&one-shot=true")
	if err != nil {
		return 0, err
	}
	var report struct {
		Memory struct {
			Stats map[string]float64 `json:"stats"`
		} `json:"memory_stats"`
	}
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		return 0, fmt.Errorf("the engine answered %d: %s: %w", status, text, err)
	}
	for _, prefix := range []string{"total_", ""} { // of control groups of version 1, whose other figures leave out what is nested, and 2
		active, has := report.Memory.Stats[prefix+"active_anon"]
		if has {
			return active + report.Memory.Stats[prefix+"inactive_anon"], nil
		}
	}
	return 0, fmt.Errorf("the engine tells no memory of container %s: %d: %s", id, status, text)
}

// serviceMemory is the memory of a service's pod, as the kubelet tells it: anonymous memory.
type serviceMemory struct {
	name  string
	bytes float64
}

// largestService asks the kubelet which pod of a service uses most.
func (b *bench) largestService(ctx context.Context) (serviceMemory, error) {
	services, err := serviceNames(b.copy)
	if err != nil {
		return serviceMemory{}, err
	}
	text, err := kubectl(ctx, "get", "--raw", "/api/v1/nodes/"+node+"/proxy/stats/summary")
	if err != nil {
		return serviceMemory{}, err
	}
	var report struct {
		Pods []struct {
			PodRef     struct{ Namespace string }
			Containers []struct {
				Name   string
				Memory struct{ RSSBytes float64 }
			}
		}
	}
	if err := json.Unmarshal([]byte(text), &report); err != nil {
		return serviceMemory{}, err
	}
	var largest serviceMemory
	for _, pod := range report.Pods {
		for _, c := range pod.Containers {
			if pod.PodRef.Namespace == "apps" && slices.Contains(services, c.Name) && c.Memory.RSSBytes > largest.bytes {
				largest = serviceMemory{c.Name, c.Memory.RSSBytes}
			}
		}
	}
	if largest.name == "" {
		return largest, fmt.Errorf("the kubelet tells no memory of %s", strings.Join(services, ", "))
	}
	return largest, nil
}

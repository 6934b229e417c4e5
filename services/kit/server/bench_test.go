package server_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/health"
)

// benchmarkBody is as long as one product of the catalog, in bytes.
var benchmarkBody = []byte(`{"id":"0193a000-0000-7000-8000-000000000001","sku":"candle-beeswax","name":"Beeswax candle",` +
	`"price":{"amount":890,"currency":"EUR"},"version":1,"created_at":"2026-01-01T00:00:00Z","updated_at":"2026-01-01T00:00:00Z"}`)

const benchmarkType = "application/json; charset=utf-8"

// batch is how many requests each side answers before it is the other's turn.
const batch = 500

// BenchmarkKitAgainstBare compares a service with all middleware, its access
// log written to a file descriptor as in a container, with a net/http handler
// of the same body. The two take turns, so that a busy machine slows both.
// It reports requests/s of each, the median of the turns' ratios, and the
// ratio of the processor time that both spent, which noise hardly moves.
func BenchmarkKitAgainstBare(b *testing.B) {
	bare, kit := serve(b, bareHandler()), serve(b, kitHandler(b))
	batchOf(b, bare)
	batchOf(b, kit)
	var ratios []float64
	var bareTotal, kitTotal cost
	b.ResetTimer()
	for range b.N {
		one, other := batchOf(b, bare), batchOf(b, kit)
		bareTotal, kitTotal = bareTotal.plus(one), kitTotal.plus(other)
		ratios = append(ratios, one.wall.Seconds()/other.wall.Seconds())
	}
	slices.Sort(ratios)
	b.ReportMetric(float64(b.N*batch)/bareTotal.wall.Seconds(), "bare-requests/s")
	b.ReportMetric(float64(b.N*batch)/kitTotal.wall.Seconds(), "kit-requests/s")
	b.ReportMetric(ratios[len(ratios)/2], "ratio")
	b.ReportMetric(bareTotal.cpu.Seconds()/kitTotal.cpu.Seconds(), "cpu-ratio")
	b.ReportMetric(0, "ns/op")
}

func bareHandler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", benchmarkType)
		_, _ = w.Write(benchmarkBody)
	})
	return mux
}

func kitHandler(b *testing.B) http.Handler {
	b.Helper()
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(b, err)
	b.Cleanup(func() { _ = out.Close() })
	config := limits()
	config.RequestTimeout = 10 * time.Second
	r := router(b, out, config, health.New())
	r.GET("/products/:id", func(c *gin.Context) { c.Data(http.StatusOK, benchmarkType, benchmarkBody) })
	return r
}

func serve(b *testing.B, handler http.Handler) (url string) {
	b.Helper()
	server := httptest.NewServer(handler)
	b.Cleanup(server.Close)
	return server.URL + "/products/1"
}

// cost is what a number of requests took.
type cost struct{ wall, cpu time.Duration }

func (c cost) plus(other cost) cost { return cost{c.wall + other.wall, c.cpu + other.cpu} }

// callers keep their connections, as a balancer does.
var callers = &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}}

func batchOf(b *testing.B, url string) cost {
	b.Helper()
	var left atomic.Int64
	left.Store(batch)
	start, cpu := time.Now(), processorTime(b)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for left.Add(-1) >= 0 {
				if err := get(callers, url); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	return cost{time.Since(start), processorTime(b) - cpu}
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

package server_test

import (
	"io"
	"net"
	"net/http"
	"os"
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

// BenchmarkBare is a net/http handler with nothing around it.
func BenchmarkBare(b *testing.B) {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /products/{id}", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", benchmarkType)
		_, _ = w.Write(benchmarkBody)
	})
	load(b, mux)
}

// BenchmarkKit is the same body behind all middleware; access log records are
// written to a file descriptor, as in a container.
func BenchmarkKit(b *testing.B) {
	out, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	require.NoError(b, err)
	defer out.Close()
	config := limits()
	config.RequestTimeout = 10 * time.Second
	r := router(b, out, config, health.New())
	r.GET("/products/:id", func(c *gin.Context) { c.Data(http.StatusOK, benchmarkType, benchmarkBody) })
	load(b, r)
}

// load asks over loopback on kept connections, from as many callers as there
// are cores times four.
func load(b *testing.B, handler http.Handler) {
	b.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(b, err)
	server := &http.Server{Handler: handler, ReadHeaderTimeout: time.Second}
	go func() { _ = server.Serve(listener) }()
	defer server.Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	url := "http://" + listener.Addr().String() + "/products/1"
	b.SetParallelism(4)
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		for pb.Next() {
			response, err := client.Get(url)
			if err != nil {
				b.Error(err)
				return
			}
			_, _ = io.Copy(io.Discard, response.Body)
			_ = response.Body.Close()
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
}

// Package metrics measures requests and the Go runtime for Prometheus.
package metrics

import (
	"net/http"
	"runtime"
	"strconv"
	"sync"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// unmatched is the route label of requests that no route took. Their paths
// are not a label: anybody could make as many series as they like.
const unmatched = "unmatched"

// Metrics is a program's own registry with what every service measures.
type Metrics struct {
	// Registry takes further collectors of the service.
	Registry *prometheus.Registry

	inFlight prometheus.Gauge
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec

	mu     sync.RWMutex
	series map[seriesKey]series
}

type seriesKey struct {
	route, method string
	status        int
}

type series struct {
	requests prometheus.Counter
	duration prometheus.Observer
}

// New returns the metrics of the named service at a version.
func New(service, version string) *Metrics {
	labels := []string{"route", "method", "status"}
	m := &Metrics{
		Registry: prometheus.NewRegistry(),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_requests_in_flight", Help: "Requests that are being answered now.",
		}),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total", Help: "Requests that were answered.",
		}, labels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "http_request_duration_seconds", Help: "Time from the first handler to the end of the answer.",
			Buckets: prometheus.DefBuckets,
		}, labels),
		series: map[seriesKey]series{},
	}
	build := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "build_info", Help: "1, with what is running as labels.",
		ConstLabels: prometheus.Labels{"service": service, "version": version, "go_version": runtime.Version()},
	})
	build.Set(1)
	m.Registry.MustRegister(m.inFlight, m.requests, m.duration, build,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

// Handler serves the registry in Prometheus' formats.
func (m *Metrics) Handler() http.Handler {
	return promhttp.HandlerFor(m.Registry, promhttp.HandlerOpts{})
}

// Started counts a request that is being answered from now on.
func (m *Metrics) Started() { m.inFlight.Inc() }

// Answered counts the request as answered after the given time.
func (m *Metrics) Answered(c *gin.Context, took time.Duration) {
	m.inFlight.Dec()
	s := m.seriesOf(seriesKey{routeOf(c), methodOf(c), c.Writer.Status()})
	s.requests.Inc()
	s.duration.Observe(took.Seconds())
}

// seriesOf looks label values up once: Prometheus' own look-up hashes three
// strings for each of the two metrics.
func (m *Metrics) seriesOf(key seriesKey) series {
	m.mu.RLock()
	found, ok := m.series[key]
	m.mu.RUnlock()
	if ok {
		return found
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	status := strconv.Itoa(key.status)
	made := series{
		requests: m.requests.WithLabelValues(key.route, key.method, status),
		duration: m.duration.WithLabelValues(key.route, key.method, status),
	}
	m.series[key] = made
	return made
}

func routeOf(c *gin.Context) string {
	if route := c.FullPath(); route != "" {
		return route
	}
	return unmatched
}

func methodOf(c *gin.Context) string {
	switch method := c.Request.Method; method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut,
		http.MethodPatch, http.MethodDelete, http.MethodOptions:
		return method
	}
	return "OTHER"
}

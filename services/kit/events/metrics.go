package events

import "github.com/prometheus/client_golang/prometheus"

// metrics are labelled by the filter of a handler, not by subject: anybody
// could make as many subjects as they like.
type metrics struct {
	published *prometheus.CounterVec
	handled   *prometheus.CounterVec
	parked    *prometheus.CounterVec
	duration  *prometheus.HistogramVec
	connected prometheus.Gauge
}

func newMetrics(registry prometheus.Registerer) *metrics {
	m := &metrics{
		published: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "events_published_total", Help: "Events that were to be published.",
		}, []string{"type", "result"}),
		handled: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "events_handled_total", Help: "Tries to handle an event that have ended.",
		}, []string{"filter", "result"}),
		parked: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "events_parked_total", Help: "Events that are not tried again.",
		}, []string{"filter"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "events_handle_duration_seconds", Help: "Time that a handler took.", Buckets: prometheus.DefBuckets,
		}, []string{"filter"}),
		connected: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "events_connected", Help: "1 while the broker is connected.",
		}),
	}
	registry.MustRegister(m.published, m.handled, m.parked, m.duration, m.connected)
	return m
}

// prepare makes the series of a handler, so that their first event is seen as
// a change.
func (m *metrics) prepare(filter string) {
	m.handled.WithLabelValues(filter, "done")
	m.handled.WithLabelValues(filter, "failed")
	m.parked.WithLabelValues(filter)
}

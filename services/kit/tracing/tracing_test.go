package tracing_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/trace"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"kindling.internal/services/kit/tracing"
)

const parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

// ask sends a request with a trace context and returns the one that the
// handler saw.
func ask(config tracing.Config, status int) trace.SpanContext {
	gin.SetMode(gin.ReleaseMode)
	var seen trace.SpanContext
	router := gin.New()
	router.Use(tracing.Middleware(config))
	router.GET("/products/:id", func(c *gin.Context) {
		seen = trace.SpanContextFromContext(c.Request.Context())
		c.Status(status)
	})
	request := httptest.NewRequest(http.MethodGet, "/products/1", nil)
	request.Header.Set("Traceparent", parent)
	router.ServeHTTP(httptest.NewRecorder(), request)
	return seen
}

func TestTraceContextPassesThroughWithoutAnEndpoint(t *testing.T) {
	stop, err := tracing.Start(t.Context(), tracing.Config{}, "catalog", "v1", "test")
	require.NoError(t, err)
	defer func() { require.NoError(t, stop(context.Background())) }()
	assert.Equal(t, "0af7651916cd43dd8448eb211c80319c", ask(tracing.Config{}, 200).TraceID().String())
}

func TestSpansReachTheCollector(t *testing.T) {
	before := otel.GetTracerProvider()
	defer otel.SetTracerProvider(before)
	received := make(chan *collector.ExportTraceServiceRequest, 1)
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/v1/traces", r.URL.Path)
		body, err := io.ReadAll(r.Body)
		assert.NoError(t, err)
		var export collector.ExportTraceServiceRequest
		assert.NoError(t, proto.Unmarshal(body, &export))
		received <- &export
	}))
	defer server.Close()
	config := tracing.Config{Endpoint: server.URL, Ratio: 1}
	stop, err := tracing.Start(t.Context(), config, "catalog", "v1", "test")
	require.NoError(t, err)
	seen := ask(config, 503)
	require.NoError(t, stop(context.Background()), "the end sends what is queued")

	spans := (<-received).ResourceSpans[0]
	assert.Contains(t, spans.Resource.String(), "catalog")
	span := spans.ScopeSpans[0].Spans[0]
	assert.Equal(t, "GET /products/:id", span.Name)
	id := seen.TraceID()
	assert.Equal(t, id[:], span.TraceId)
	assert.NotZero(t, span.ParentSpanId, "the caller's span is the parent")
	assert.Equal(t, "STATUS_CODE_ERROR", span.Status.Code.String())
}

// Package tracing follows requests across services: W3C trace context in and
// out always, spans exported by OTLP over HTTP where an endpoint is set.
package tracing

import (
	"context"
	"fmt"

	"github.com/gin-gonic/gin"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"
)

const scope = "kindling.internal/services/kit/tracing"

// Config says where spans go. Without an endpoint none are recorded, and
// trace context still passes through.
type Config struct {
	// Endpoint is the collector's base URL, such as http://collector:4318.
	Endpoint string `mapstructure:"endpoint" env:"OTEL_EXPORTER_OTLP_ENDPOINT" validate:"omitempty,url"`
	// Ratio is the share of new traces that is recorded, from 0 to 1.
	Ratio float64 `mapstructure:"ratio" default:"1" validate:"min=0,max=1"`
}

// Start installs propagation and, when an endpoint is set, the exporter. The
// returned function sends what is still queued and must be called at the end.
func Start(ctx context.Context, config Config, service, version, environment string) (func(context.Context) error, error) {
	otel.SetTextMapPropagator(propagation.NewCompositeTextMapPropagator(propagation.TraceContext{}, propagation.Baggage{}))
	if config.Endpoint == "" {
		return func(context.Context) error { return nil }, nil
	}
	exporter, err := otlptracehttp.New(ctx, otlptracehttp.WithEndpointURL(config.Endpoint+"/v1/traces"))
	if err != nil {
		return nil, fmt.Errorf("trace exporter for %s: %w", config.Endpoint, err)
	}
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter),
		sdk.WithSampler(sdk.ParentBased(sdk.TraceIDRatioBased(config.Ratio))),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", service),
			attribute.String("service.version", version),
			attribute.String("deployment.environment.name", environment),
		)),
	)
	otel.SetTracerProvider(provider)
	return provider.Shutdown, nil
}

// Tracer returns the kit's tracer of the installed provider.
func Tracer() trace.Tracer { return otel.Tracer(scope) }

// Middleware takes up the caller's trace and records one server span a
// request when spans are exported.
func Middleware(config Config) gin.HandlerFunc {
	if config.Endpoint == "" {
		return passThrough
	}
	return record
}

// passThrough keeps the caller's trace context for logs and further calls. A
// request without one costs a look at its headers.
func passThrough(c *gin.Context) {
	if c.Request.Header["Traceparent"] == nil {
		return
	}
	ctx := otel.GetTextMapPropagator().Extract(c.Request.Context(), propagation.HeaderCarrier(c.Request.Header))
	c.Request = c.Request.WithContext(ctx)
}

func record(c *gin.Context) {
	ctx := otel.GetTextMapPropagator().Extract(c.Request.Context(), propagation.HeaderCarrier(c.Request.Header))
	name := c.Request.Method
	if route := c.FullPath(); route != "" {
		name += " " + route
	}
	ctx, span := Tracer().Start(ctx, name, trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
		attribute.String("http.request.method", c.Request.Method),
		attribute.String("http.route", c.FullPath()),
		attribute.String("url.path", c.Request.URL.Path),
	))
	defer span.End()
	c.Request = c.Request.WithContext(ctx)
	c.Next()
	status := c.Writer.Status()
	span.SetAttributes(attribute.Int("http.response.status_code", status))
	if status >= 500 {
		span.SetStatus(codes.Error, "")
	}
}

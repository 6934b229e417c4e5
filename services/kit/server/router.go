package server

import (
	"fmt"
	"log/slog"

	"github.com/gin-gonic/gin"

	"kindling.internal/services/kit/health"
	"kindling.internal/services/kit/metrics"
	"kindling.internal/services/kit/problem"
	"kindling.internal/services/kit/tracing"
)

// Parts are what the middleware works with.
type Parts struct {
	Logger  *slog.Logger
	Health  *health.Health
	Metrics *metrics.Metrics
	Tracing tracing.Config
}

// NewRouter returns an engine with probes, metrics and all middleware, ready
// for the service's routes. It fails when a trusted proxy is not a network.
func NewRouter(config Config, parts Parts) (*gin.Engine, error) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	router.HandleMethodNotAllowed = true
	// A gin.Context that is taken for a context must not wait for ever.
	router.ContextWithFallback = true
	if err := router.SetTrustedProxies(config.TrustedProxies); err != nil {
		return nil, fmt.Errorf("server.trusted_proxies: %w", err)
	}
	// Before the middleware: probes are neither logged nor measured.
	router.GET("/livez", gin.WrapF(parts.Health.Live))
	router.GET("/readyz", gin.WrapF(parts.Health.Ready))
	router.GET("/metrics", gin.WrapH(parts.Metrics.Handler()))

	// Outermost first. Recover stands inside observe (metrics and access
	// log), so that a panic is measured and logged as the 500 it became.
	router.Use(
		requestID,
		tracing.Middleware(parts.Tracing),
		observe(parts.Metrics, parts.Logger),
		problem.Recover(parts.Logger),
		problem.Middleware(parts.Logger),
		bodyLimit(config.BodyLimit),
		timeout(config.RequestTimeout),
	)
	router.NoRoute(problem.Handle(problem.NotFound))
	router.NoMethod(problem.Handle(problem.MethodNotAllowed))
	return router, nil
}

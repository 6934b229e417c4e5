package server

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"

	"kindling.internal/services/kit/metrics"
	"kindling.internal/services/kit/requestid"
)

func requestID(c *gin.Context) {
	id := requestid.Accept(c.Request.Header.Get(requestid.Header))
	c.Writer.Header().Set(requestid.Header, id)
	c.Request = c.Request.WithContext(requestid.NewContext(c.Request.Context(), id))
}

// observe measures every request and writes one record of it after it was
// answered. Metrics and access log share two looks at the clock, and the
// record has no source line: together a third of what they would cost.
func observe(measured *metrics.Metrics, logger *slog.Logger) gin.HandlerFunc {
	handler := logger.Handler()
	return func(c *gin.Context) {
		start := time.Now()
		measured.Started()
		ctx, path := c.Request.Context(), c.Request.URL.Path
		c.Next()
		took := time.Since(start)
		measured.Answered(c, took)
		if !handler.Enabled(ctx, slog.LevelInfo) {
			return
		}
		record := slog.NewRecord(start.Add(took), slog.LevelInfo, "request", 0)
		record.AddAttrs(
			slog.String("method", c.Request.Method),
			slog.String("path", path),
			slog.Int("status", c.Writer.Status()),
			slog.Int("bytes", max(0, c.Writer.Size())),
			slog.Float64("seconds", took.Seconds()),
			slog.String("client", c.ClientIP()),
		)
		// A log that cannot be written has nowhere to be reported.
		_ = handler.Handle(ctx, record)
	}
}

// bodyLimit fails the read of a body that is larger than limit bytes.
func bodyLimit(limit int64) gin.HandlerFunc {
	return func(c *gin.Context) {
		if c.Request.ContentLength != 0 {
			c.Request.Body = http.MaxBytesReader(c.Writer, c.Request.Body, limit)
		}
	}
}

// timeout ends the request's context. Handlers must heed it: nothing is cut
// off from outside, so an answer is never half written by two.
func timeout(limit time.Duration) gin.HandlerFunc {
	return func(c *gin.Context) {
		ctx := newLazyDeadline(c.Request.Context(), time.Now().Add(limit))
		defer ctx.cancel()
		c.Request = c.Request.WithContext(ctx)
		c.Next()
	}
}

package problem

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/gin-gonic/gin"

	"kindling.internal/services/kit/requestid"
)

// statusClientClosed is what nginx logs for a caller that went away. Nobody
// receives it; it keeps such requests apart from failures in the metrics.
const statusClientClosed = 499

// Handler answers a request or returns why it cannot.
type Handler func(c *gin.Context) error

// Handle lets Gin call a Handler. The error is left for Middleware.
func Handle(handler Handler) gin.HandlerFunc {
	return func(c *gin.Context) {
		if err := handler(c); err != nil {
			_ = c.Error(err)
			c.Abort()
		}
	}
}

// Middleware writes the last error of a request as a problem, unless an
// answer has begun. Causes of 5xx answers are logged with the request.
func Middleware(logger *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		c.Next()
		if len(c.Errors) > 0 {
			respond(c, logger, c.Errors.Last().Err)
		}
	}
}

// Recover turns a panic into a 500. The panic and its stack are logged.
func Recover(logger *slog.Logger) gin.HandlerFunc {
	return func(c *gin.Context) {
		defer func() {
			cause := recover()
			if cause == nil {
				return
			}
			if cause == http.ErrAbortHandler {
				panic(cause)
			}
			c.Abort()
			logger.ErrorContext(c.Request.Context(), "handler panicked", "panic", fmt.Sprint(cause), "stack", string(debug.Stack()))
			respond(c, logger, fmt.Errorf("panic: %v", cause))
		}()
		c.Next()
	}
}

func respond(c *gin.Context, logger *slog.Logger, err error) {
	p := *From(err)
	ctx := c.Request.Context()
	if p.Status >= http.StatusInternalServerError {
		logger.ErrorContext(ctx, "request failed", "status", p.Status, "error", err)
	}
	if c.Writer.Written() {
		return
	}
	p.Instance = c.Request.URL.Path
	p.RequestID = requestid.FromContext(ctx)
	p.Write(c.Writer)
}

// From returns the problem that err is or wraps. Of any other error only the
// kind is told.
func From(err error) *Problem {
	var p *Problem
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &tooLarge):
		return New(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", tooLarge.Limit)
	case errors.Is(err, context.DeadlineExceeded):
		return Unavailable(time.Second, "the answer took too long").Because(err)
	case errors.Is(err, context.Canceled):
		return New(statusClientClosed, "the caller went away").Named("client-closed", "Client closed request").Because(err)
	}
	return New(http.StatusInternalServerError, "the service failed; its log has the reason under the request id").Because(err)
}

// NotFound answers requests that match no route.
func NotFound(c *gin.Context) error {
	return New(http.StatusNotFound, "there is nothing at %s", c.Request.URL.Path)
}

// MethodNotAllowed answers requests whose path is known for other methods,
// which Gin has put in the Allow header.
func MethodNotAllowed(c *gin.Context) error {
	return New(http.StatusMethodNotAllowed, "%s takes %s", c.Request.URL.Path, c.Writer.Header().Get("Allow"))
}

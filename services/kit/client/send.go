package client

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"kindling.internal/services/kit/requestid"
	"kindling.internal/services/kit/tracing"
)

func newTransport() *http.Transport {
	return &http.Transport{
		DialContext:         (&net.Dialer{Timeout: time.Second, KeepAlive: 15 * time.Second}).DialContext,
		MaxIdleConnsPerHost: 16,
		// Below the server's idle timeout, so that the caller lets go first.
		IdleConnTimeout: 60 * time.Second,
	}
}

// send makes one attempt. Answers that tell of unavailability are errors, so
// that the breaker counts them.
func (c *Client) send(request *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(request.Context(), c.config.Timeout)
	ctx, span := tracing.Tracer().Start(ctx, request.Method+" "+c.name, trace.WithSpanKind(trace.SpanKindClient))
	defer span.End()
	response, err := c.roundTrip(ctx, request)
	if err != nil {
		cancel()
		span.SetStatus(codes.Error, err.Error())
		return nil, err
	}
	span.SetAttributes(attribute.Int("http.response.status_code", response.StatusCode))
	response.Body = cancelOnClose{response.Body, cancel}
	return response, nil
}

func (c *Client) roundTrip(ctx context.Context, request *http.Request) (*http.Response, error) {
	outgoing := request.Clone(ctx)
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			return nil, fmt.Errorf("body of the request: %w", err)
		}
		outgoing.Body = body
	}
	if id := requestid.FromContext(ctx); id != "" {
		outgoing.Header.Set(requestid.Header, id)
	}
	otel.GetTextMapPropagator().Inject(ctx, propagation.HeaderCarrier(outgoing.Header))
	response, err := c.http.Do(outgoing)
	if err != nil {
		return nil, err
	}
	if unavailable(response.StatusCode) {
		defer response.Body.Close()
		return nil, c.statusError(response)
	}
	return response, nil
}

func unavailable(status int) bool {
	return status >= http.StatusInternalServerError || status == http.StatusTooManyRequests
}

func repeatable(request *http.Request) bool {
	if request.Body != nil && request.Body != http.NoBody && request.GetBody == nil {
		return false
	}
	switch request.Method {
	case http.MethodGet, http.MethodHead, http.MethodOptions, http.MethodPut, http.MethodDelete:
		return true
	}
	return request.Header.Get("Idempotency-Key") != ""
}

// cancelOnClose ends the attempt's context when its answer has been read.
type cancelOnClose struct {
	io.ReadCloser
	cancel context.CancelFunc
}

func (b cancelOnClose) Close() error {
	defer b.cancel()
	return b.ReadCloser.Close()
}

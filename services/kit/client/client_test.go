package client_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"kindling.internal/services/kit/client"
	"kindling.internal/services/kit/requestid"
	"kindling.internal/services/kit/tracing"
)

var patient = client.Config{Timeout: time.Second, Attempts: 3, OpenAfter: 100, OpenFor: time.Minute}

// service answers with the given statuses in turn, the last one for ever, and
// counts how often it was asked.
func service(t *testing.T, statuses ...int) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		turn := min(int(asked.Add(1)), len(statuses)) - 1
		w.WriteHeader(statuses[turn])
		_, _ = w.Write([]byte(`{"detail":"as told","name":"ada"}`))
	}))
	t.Cleanup(server.Close)
	return server.URL, asked
}

func newClient(t *testing.T, url string, config client.Config) *client.Client {
	t.Helper()
	made, err := client.New("catalog", url, config)
	require.NoError(t, err)
	return made
}

func TestReadIsRepeatedUntilItSucceeds(t *testing.T) {
	url, asked := service(t, 503, 429, 200)
	var got struct{ Name string }
	require.NoError(t, newClient(t, url, patient).GetJSON(t.Context(), "/x", nil, &got))
	assert.Equal(t, "ada", got.Name)
	assert.EqualValues(t, 3, asked.Load())
}

func TestReadGivesUpAfterItsAttempts(t *testing.T) {
	url, asked := service(t, 500)
	err := newClient(t, url, patient).GetJSON(t.Context(), "/x", nil, nil)
	require.ErrorIs(t, err, client.ErrUnavailable)
	require.ErrorContains(t, err, "catalog answered 500: as told")
	assert.EqualValues(t, 3, asked.Load())
}

func TestRefusalIsNotRepeated(t *testing.T) {
	url, asked := service(t, 404)
	err := newClient(t, url, patient).GetJSON(t.Context(), "/x", nil, nil)
	var status *client.StatusError
	require.ErrorAs(t, err, &status)
	assert.Equal(t, 404, status.Status)
	assert.NotErrorIs(t, err, client.ErrUnavailable)
	assert.EqualValues(t, 1, asked.Load())
}

func TestWriteIsRepeatedOnlyWithAnIdempotencyKey(t *testing.T) {
	for key, want := range map[string]int32{"": 1, "k-1": 3} {
		url, asked := service(t, 503, 503, 200)
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader("{}"))
		require.NoError(t, err)
		if key != "" {
			request.Header.Set("Idempotency-Key", key)
		}
		response, err := newClient(t, url, patient).Do(request)
		if err == nil {
			require.NoError(t, response.Body.Close())
		}
		assert.Equal(t, key != "", err == nil)
		assert.Equal(t, want, asked.Load())
	}
}

func TestBreakerStopsAskingAServiceThatFails(t *testing.T) {
	url, asked := service(t, 500)
	hasty := patient
	hasty.Attempts, hasty.OpenAfter = 1, 2
	c := newClient(t, url, hasty)
	for range 5 {
		require.ErrorIs(t, c.GetJSON(t.Context(), "/x", nil, nil), client.ErrUnavailable)
	}
	assert.EqualValues(t, 2, asked.Load())
}

func TestSlowServiceIsUnavailableAndAnImpatientCallerIsNotItsFault(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer server.Close()
	hasty := patient
	hasty.Timeout, hasty.Attempts = 10*time.Millisecond, 2
	require.ErrorIs(t, newClient(t, server.URL, hasty).GetJSON(t.Context(), "/x", nil, nil), client.ErrUnavailable)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := newClient(t, server.URL, patient).GetJSON(ctx, "/x", nil, nil)
	require.ErrorIs(t, err, context.Canceled)
	assert.NotErrorIs(t, err, client.ErrUnavailable)
}

func TestRequestAndTraceArePassedOn(t *testing.T) {
	stop, err := tracing.Start(t.Context(), tracing.Config{}, "test", "v1", "test")
	require.NoError(t, err)
	defer func() { require.NoError(t, stop(context.Background())) }()
	headers := make(chan http.Header, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		headers <- r.Header
		_, _ = w.Write([]byte(`{}`))
	}))
	defer server.Close()
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}, TraceFlags: 1})
	ctx := trace.ContextWithSpanContext(requestid.NewContext(t.Context(), "r-1"), span)
	require.NoError(t, newClient(t, server.URL, patient).GetJSON(ctx, "/x", nil, &struct{}{}))
	got := <-headers
	assert.Equal(t, "r-1", got.Get("X-Request-Id"))
	assert.Contains(t, got.Get("Traceparent"), span.TraceID().String())
}

func TestAddressMustBeAURL(t *testing.T) {
	_, err := client.New("catalog", "catalog", patient)
	require.ErrorContains(t, err, `"catalog" is not a URL such as http://catalog`)
}

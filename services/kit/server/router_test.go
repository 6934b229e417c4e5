package server_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/health"
	"kindling.internal/services/kit/log"
	"kindling.internal/services/kit/metrics"
	"kindling.internal/services/kit/problem"
	"kindling.internal/services/kit/server"
)

// limits are small, so that tests reach them.
func limits() server.Config {
	return server.Config{
		ShutdownTimeout: 10 * time.Second, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second,
		WriteTimeout: 10 * time.Second, IdleTimeout: time.Minute, RequestTimeout: 50 * time.Millisecond,
		BodyLimit: 64, TrustedProxies: []string{"192.0.2.0/24"},
	}
}

func router(t testing.TB, out io.Writer, config server.Config, checks *health.Health) *gin.Engine {
	t.Helper()
	logger, _ := log.New(out, log.Config{Level: "info", Format: "json"})
	made, err := server.NewRouter(config, server.Parts{Logger: logger, Health: checks, Metrics: metrics.New("test", "v1")})
	require.NoError(t, err)
	return made
}

type greeting struct {
	Name string `json:"name" validate:"required"`
}

func withRoutes(t testing.TB, out io.Writer) *gin.Engine {
	t.Helper()
	r := router(t, out, limits(), health.New())
	r.GET("/greetings/:name", func(c *gin.Context) { c.JSON(http.StatusOK, greeting{c.Param("name")}) })
	r.POST("/greetings", problem.Handle(func(c *gin.Context) error {
		var body greeting
		return problem.Bind(c, &body)
	}))
	r.GET("/fails", problem.Handle(func(*gin.Context) error { return errors.New("password is hunter2") }))
	r.GET("/panics", func(*gin.Context) { panic("hunter2") })
	r.GET("/hangs", problem.Handle(func(c *gin.Context) error {
		<-c.Done()
		return c.Err()
	}))
	return r
}

func do(r http.Handler, method, path, body string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("X-Request-Id", "r-1")
	request.Header.Set("X-Forwarded-For", "203.0.113.7")
	recorder := httptest.NewRecorder()
	r.ServeHTTP(recorder, request)
	return recorder
}

func TestEveryFailureIsAProblem(t *testing.T) {
	cases := []struct {
		name, method, path, body string
		status                   int
		detail                   string
	}{
		{"unknown path", "GET", "/nothing", "", 404, "there is nothing at /nothing"},
		{"wrong method", "DELETE", "/greetings", "", 405, "/greetings takes POST"},
		{"unknown error", "GET", "/fails", "", 500, "its log has the reason"},
		{"panic", "GET", "/panics", "", 500, "its log has the reason"},
		{"no answer in time", "GET", "/hangs", "", 503, "took too long"},
		{"large body", "POST", "/greetings", `{"name":"` + strings.Repeat("x", 100) + `"}`, 413, "larger than 64 bytes"},
		{"no JSON", "POST", "/greetings", `{`, 400, "not valid JSON"},
		{"missing field", "POST", "/greetings", `{}`, 422, "one of the values"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			recorder := do(withRoutes(t, io.Discard), c.method, c.path, c.body)
			assert.Equal(t, c.status, recorder.Code)
			assert.Equal(t, "application/problem+json", recorder.Header().Get("Content-Type"))
			var got problem.Problem
			require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &got))
			assert.Equal(t, c.status, got.Status)
			assert.Contains(t, got.Detail, c.detail)
			assert.Equal(t, "r-1", got.RequestID)
			assert.Equal(t, c.path, got.Instance)
			assert.NotContains(t, recorder.Body.String(), "hunter2")
		})
	}
}

func TestCauseOfAFailureIsLoggedWithItsRequest(t *testing.T) {
	for path, message := range map[string]string{"/fails": "request failed", "/panics": "handler panicked"} {
		var out bytes.Buffer
		do(withRoutes(t, &out), "GET", path, "")
		record := recordOf(t, out.String(), message)
		assert.Contains(t, record["error"].(string)+record["panic"].(string), "hunter2")
		assert.Equal(t, "r-1", record["request_id"])
	}
}

func TestEveryRequestIsLoggedAndMeasuredWithTheStatusItGot(t *testing.T) {
	var out bytes.Buffer
	r := withRoutes(t, &out)
	assert.Equal(t, "r-1", do(r, "GET", "/greetings/ada", "").Header().Get("X-Request-Id"))
	do(r, "GET", "/panics", "")
	do(r, "GET", "/made-up/1", "")

	record := recordOf(t, out.String(), "request")
	assert.Equal(t, "/greetings/ada", record["path"])
	assert.EqualValues(t, 200, record["status"])
	assert.Equal(t, "203.0.113.7", record["client"], "httptest's address is a trusted proxy")

	text := do(r, "GET", "/metrics", "").Body.String()
	for _, series := range []string{
		`http_requests_total{method="GET",route="/greetings/:name",status="200"} 1`,
		`http_requests_total{method="GET",route="/panics",status="500"} 1`,
		`http_requests_total{method="GET",route="unmatched",status="404"} 1`,
		`http_request_duration_seconds_count{method="GET",route="/panics",status="500"} 1`,
		`http_requests_in_flight 0`,
		`service="test",version="v1"} 1`,
		`go_goroutines`,
	} {
		assert.Contains(t, text, series)
	}
}

func TestProbesAreNeitherLoggedNorMeasured(t *testing.T) {
	var out bytes.Buffer
	r := withRoutes(t, &out)
	assert.Equal(t, 200, do(r, "GET", "/livez", "").Code)
	assert.Equal(t, 200, do(r, "GET", "/readyz", "").Code)
	assert.Empty(t, out.String())
	assert.NotContains(t, do(r, "GET", "/metrics", "").Body.String(), "livez")
}

// recordOf returns the first record with a message; string fields that are
// missing read "".
func recordOf(t *testing.T, output, message string) map[string]any {
	t.Helper()
	for line := range strings.Lines(output) {
		record := map[string]any{"error": "", "panic": ""}
		require.NoError(t, json.Unmarshal([]byte(line), &record))
		if record["msg"] == message {
			return record
		}
	}
	t.Fatalf("no record %q in %s", message, output)
	return nil
}

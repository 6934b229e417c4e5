package health_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/health"
)

func ask(t *testing.T, handler http.HandlerFunc) (int, health.Report) {
	t.Helper()
	recorder := httptest.NewRecorder()
	handler(recorder, httptest.NewRequest(http.MethodGet, "/", nil))
	var report health.Report
	require.NoError(t, json.Unmarshal(recorder.Body.Bytes(), &report))
	return recorder.Code, report
}

func TestReadinessNamesTheFailingCheckAndWhy(t *testing.T) {
	h := health.New()
	h.Add("store", func(context.Context) error { return errors.New("connection refused") })
	h.Add("queue", func(context.Context) error { return nil })
	status, report := ask(t, h.Ready)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, map[string]string{"store": "connection refused", "queue": "ok"}, report.Checks)
	status, _ = ask(t, h.Live)
	assert.Equal(t, http.StatusOK, status, "a service that waits for its store must not be restarted")
}

func TestChecksRunSideBySide(t *testing.T) {
	h := health.New()
	meet := make(chan struct{})
	h.Add("first", func(context.Context) error { meet <- struct{}{}; return nil })
	h.Add("second", func(context.Context) error { <-meet; return nil })
	status, _ := ask(t, h.Ready)
	assert.Equal(t, http.StatusOK, status)
}

func TestCheckThatHangsOrPanicsIsReported(t *testing.T) {
	h := health.New()
	h.Add("hangs", func(context.Context) error { select {} })
	h.Add("panics", func(context.Context) error { panic("nil map") })
	status, report := ask(t, h.Ready)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Contains(t, report.Checks["hangs"], "no answer in time")
	assert.Contains(t, report.Checks["panics"], "nil map")
}

func TestPassingAnswerIsKeptAndAFailingOneIsNot(t *testing.T) {
	h := health.New()
	var calls atomic.Int32
	failing := errors.New("not yet")
	h.Add("store", func(context.Context) error {
		if calls.Add(1) < 3 {
			return failing
		}
		return nil
	})
	for _, want := range []int{503, 503, 200, 200, 200} {
		status, _ := ask(t, h.Ready)
		assert.Equal(t, want, status)
	}
	assert.EqualValues(t, 3, calls.Load())
}

func TestWhoAsksWhileChecksRunGetsTheirAnswer(t *testing.T) {
	h := health.New()
	var rounds atomic.Int64
	running, end := make(chan struct{}, 1), make(chan struct{})
	h.Add("store", func(context.Context) error {
		if rounds.Add(1) == 1 {
			running <- struct{}{}
			<-end
		}
		return errors.New("away")
	})
	answers := make(chan health.Report, 3)
	go func() { answers <- h.Report(t.Context()) }()
	<-running
	for range 2 {
		go func() { answers <- h.Report(t.Context()) }()
	}
	time.Sleep(100 * time.Millisecond) // time enough to ask
	close(end)
	for range 3 {
		assert.Equal(t, "away", (<-answers).Checks["store"])
	}
	assert.EqualValues(t, 1, rounds.Load())
}

func TestDrainingIsNotReadyButAlive(t *testing.T) {
	h := health.New()
	h.Drain()
	status, report := ask(t, h.Ready)
	assert.Equal(t, http.StatusServiceUnavailable, status)
	assert.Equal(t, "draining", report.Status)
	status, _ = ask(t, h.Live)
	assert.Equal(t, http.StatusOK, status)
}

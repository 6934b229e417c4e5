package server_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/health"
	"kindling.internal/services/kit/server"
)

// running is a server under test.
type running struct {
	url  string
	done chan error
}

func start(ctx context.Context, t *testing.T, s *server.Server) running {
	t.Helper()
	address := make(chan net.Addr, 1)
	s.OnListen = func(a net.Addr) { address <- a }
	s.Logger = slog.New(slog.DiscardHandler)
	r := running{done: make(chan error, 1)}
	go func() { r.done <- s.Run(ctx) }()
	select {
	case a := <-address:
		r.url = "http://127.0.0.1:" + portOf(t, a)
	case err := <-r.done:
		t.Fatal("did not start: ", err)
	}
	return r
}

func portOf(t *testing.T, address net.Addr) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address.String())
	require.NoError(t, err)
	return port
}

func TestNoRequestIsLostWhileTheServerStops(t *testing.T) {
	checks := health.New()
	config := limits()
	config.RequestTimeout = 10 * time.Second
	config.DrainDelay = 300 * time.Millisecond
	r := router(t, io.Discard, config, checks)
	entered, release := make(chan struct{}), make(chan struct{})
	r.GET("/slow", func(c *gin.Context) {
		close(entered)
		<-release
		c.String(http.StatusOK, "late")
	})
	r.GET("/quick", func(c *gin.Context) { c.String(http.StatusOK, "ok") })

	var closed atomic.Bool
	run := start(t.Context(), t, &server.Server{Config: config, Handler: r, Health: checks, Close: []func(context.Context) error{
		func(context.Context) error { closed.Store(true); return nil },
	}})
	slow := make(chan error, 1)
	go func() { slow <- get(http.DefaultClient, run.url+"/slow") }()
	<-entered

	// Callers that keep their connections and leave, as a balancer does, when
	// readiness says no.
	var callers sync.WaitGroup
	var answered, afterSignal atomic.Int64
	for range 8 {
		callers.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			var leave time.Time
			for leave.IsZero() || time.Now().Before(leave) {
				if !assert.NoError(t, get(client, run.url+"/quick")) {
					return
				}
				answered.Add(1)
				if !checks.Draining() {
					continue
				}
				afterSignal.Add(1)
				if leave.IsZero() {
					// Half the drain delay stands for the time it takes to notice.
					leave = time.Now().Add(config.DrainDelay / 2)
				}
			}
		})
	}
	require.Eventually(t, func() bool { return answered.Load() > 500 }, 10*time.Second, time.Millisecond)
	require.NoError(t, syscall.Kill(syscall.Getpid(), syscall.SIGTERM))
	callers.Wait()
	assert.Positive(t, afterSignal.Load(), "requests are taken after the signal")
	assert.False(t, closed.Load(), "resources are closed after the last request")

	close(release)
	require.NoError(t, <-slow, "a request under way is answered")
	require.NoError(t, <-run.done, "a clean stop is no error")
	assert.True(t, closed.Load())
}

func TestDrainingAsksCallersToLetGoOfTheirConnections(t *testing.T) {
	checks := health.New()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r := router(t, io.Discard, limits(), checks)
	r.GET("/quick", func(c *gin.Context) { c.String(http.StatusOK, "ok") })
	run := start(ctx, t, &server.Server{Config: limits(), Handler: r, Health: checks})

	response, err := http.Get(run.url + "/quick")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.False(t, response.Close)
	checks.Drain()
	response, err = http.Get(run.url + "/quick")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	assert.True(t, response.Close)
	assert.Equal(t, http.StatusOK, response.StatusCode)
	cancel()
	require.NoError(t, <-run.done)
}

func TestStopThatTakesTooLongIsAnErrorAndStillClosesResources(t *testing.T) {
	checks := health.New()
	ctx, cancel := context.WithCancel(t.Context())
	config := limits()
	config.ShutdownTimeout = 20 * time.Millisecond
	entered := make(chan struct{})
	stuck := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { close(entered); <-r.Context().Done() })
	closed := make(chan struct{})
	run := start(ctx, t, &server.Server{Config: config, Handler: stuck, Health: checks, Close: []func(context.Context) error{
		func(context.Context) error { close(closed); return errors.New("disk full") },
	}})
	go func() { _ = get(http.DefaultClient, run.url) }()
	<-entered
	cancel()
	err := <-run.done
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.ErrorContains(t, err, "disk full")
	<-closed
}

func TestPortInUseSaysWhatToDo(t *testing.T) {
	listener, err := net.Listen("tcp", ":0")
	require.NoError(t, err)
	defer listener.Close()
	config := limits()
	config.Port = listener.Addr().(*net.TCPAddr).Port
	s := server.Server{Config: config, Handler: http.NotFoundHandler(), Health: health.New(), Logger: slog.New(slog.DiscardHandler)}
	require.ErrorContains(t, s.Run(t.Context()), "SERVER_PORT chooses another port")
}

func get(client *http.Client, url string) error {
	response, err := client.Get(url)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		return err
	}
	if response.StatusCode != http.StatusOK {
		return errors.New(response.Status)
	}
	return nil
}

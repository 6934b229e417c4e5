package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"kindling.internal/services/kit/health"
)

// Server serves a handler until it is told to stop.
type Server struct {
	Config  Config
	Handler http.Handler
	Health  *health.Health
	Logger  *slog.Logger
	// OnListen is called with the address once connections are taken.
	OnListen func(net.Addr)
	// Close releases resources, first to last, after the last request.
	Close []func(context.Context) error
}

// Run serves until ctx ends or the process gets SIGTERM or an interrupt, and
// then stops in this order: readiness says no, requests are taken for the
// drain delay, requests under way end, resources close. It returns nil after
// a clean stop. A second signal ends the process at once.
func (s *Server) Run(ctx context.Context) error {
	ctx, stop := signal.NotifyContext(ctx, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	limitMemory(s.Logger)
	serveErr := s.serve(ctx, stop)
	closeCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.Config.ShutdownTimeout)
	defer cancel()
	errs := []error{serveErr}
	for _, release := range s.Close {
		errs = append(errs, release(closeCtx))
	}
	return errors.Join(errs...)
}

func (s *Server) serve(ctx context.Context, restoreSignals func()) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", ":"+strconv.Itoa(s.Config.Port))
	if err != nil {
		return fmt.Errorf("listen (SERVER_PORT chooses another port): %w", err)
	}
	server := &http.Server{
		Handler:           s.leaving(s.Handler),
		ReadHeaderTimeout: s.Config.ReadHeaderTimeout,
		ReadTimeout:       s.Config.ReadTimeout,
		WriteTimeout:      s.Config.WriteTimeout,
		IdleTimeout:       s.Config.IdleTimeout,
		ErrorLog:          slog.NewLogLogger(s.Logger.Handler(), slog.LevelWarn),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	s.Logger.Info("listening", "address", listener.Addr().String())
	if s.OnListen != nil {
		s.OnListen(listener.Addr())
	}
	select {
	case err := <-failed:
		return fmt.Errorf("serve: %w", err)
	case <-ctx.Done():
	}
	restoreSignals()
	return s.drain(context.WithoutCancel(ctx), server)
}

func (s *Server) drain(ctx context.Context, server *http.Server) error {
	delay := s.Config.drainDelay()
	s.Logger.Info("stopping: readiness says no, requests are still taken", "drain_delay", delay.String())
	s.Health.Drain()
	if delay > 0 {
		<-time.After(delay)
	}
	ctx, cancel := context.WithTimeout(ctx, s.Config.ShutdownTimeout)
	defer cancel()
	if err := server.Shutdown(ctx); err != nil {
		return fmt.Errorf("requests were still under way after %s (SERVER_SHUTDOWN_TIMEOUT): %w", s.Config.ShutdownTimeout, err)
	}
	s.Logger.Info("stopped: every request was answered")
	return nil
}

// leaving asks callers to let go of their connection with the answer once the
// server is draining: a kept connection that the server closes by itself may
// have the next request on its way.
func (s *Server) leaving(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Health.Draining() {
			w.Header().Set("Connection", "close")
		}
		next.ServeHTTP(w, r)
	})
}

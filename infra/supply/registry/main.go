// Command registry serves an OCI image registry over HTTP, from a folder, in
// which a tag is never moved to another digest.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.LookupEnv, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "registry:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing left to undo
	}
}

// drainTime is how long pushes and pulls may go on after a signal; docker
// kills a container 10 s after it was told to stop.
const drainTime = 8 * time.Second

// run serves until ctx ends and the requests under way have been answered.
func run(ctx context.Context, args []string, environment func(string) (string, bool), stderr io.Writer) error {
	options, err := parseOptions(args, environment, stderr)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	if options.check {
		return check(ctx, options.address)
	}
	listener, err := net.Listen("tcp", options.address)
	if err != nil {
		return fmt.Errorf("listen on %s: %w", options.address, err)
	}
	return serve(ctx, listener, options, slog.New(slog.NewTextHandler(stderr, nil)))
}

func serve(ctx context.Context, listener net.Listener, options options, log *slog.Logger) error {
	// Requests outlive the signal, so the registry does not get ctx.
	registry, err := newRegistry(context.WithoutCancel(ctx), options, log)
	if err != nil {
		return errors.Join(err, listener.Close())
	}
	defer registry.close()
	server := &http.Server{Handler: registry, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	log.Info("serving", "address", listener.Addr().String(), "root", options.root, "delete", options.deletes)
	select {
	case err := <-served:
		return fmt.Errorf("serve on %s: %w", listener.Addr(), err)
	case <-ctx.Done():
	}
	log.Info("stopping", "drain", drainTime.String())
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return fmt.Errorf("requests were cut off after %s: %w", drainTime, errors.Join(err, server.Close()))
	}
	return nil
}

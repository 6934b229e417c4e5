// Command terraform-provider-kind is the Terraform provider for kind clusters.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"

	"kindling.internal/infra/internal/kindcluster"
	"kindling.internal/infra/internal/provider"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "terraform-provider-kind:", err)
		os.Exit(1)
	}
}

// run serves the provider until Terraform ends it, or is no longer there.
func run(ctx context.Context, args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("terraform-provider-kind", flag.ContinueOnError)
	flags.SetOutput(stderr)
	debug := flags.Bool("debug", false, "serve for a debugger and print how Terraform reaches it")
	if err := flags.Parse(args); err != nil {
		return err
	}
	// A killed Terraform leaves nobody to read the log. A Go program dies of
	// writing to such a standard error, in the middle of cleaning up.
	signal.Ignore(syscall.SIGPIPE)
	lifetime := provider.NewLifetime(ctx)
	served := make(chan error, 1)
	go func() {
		opts := providerserver.ServeOpts{Address: provider.Address, Debug: *debug}
		served <- providerserver.Serve(ctx, provider.New(lifetime, kindcluster.New()), opts)
	}()
	select {
	case err := <-served:
		return err
	case <-orphaned(os.Getppid(), os.Getppid, time.Second):
		lifetime.End()
		return errors.New("terraform was killed; what was under way has been cancelled and cleaned up")
	}
}

// orphaned is closed when parent is no longer this process's parent. A killed
// Terraform does not end its plugins, and one that went on would make a
// cluster that no state knows of.
func orphaned(parent int, current func() int, interval time.Duration) <-chan struct{} {
	gone := make(chan struct{})
	go func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for range ticker.C {
			if current() != parent {
				close(gone)
				return
			}
		}
	}()
	return gone
}

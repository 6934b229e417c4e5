// Command kindling brings the services of this repository to Kubernetes and keeps them there.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"kindling.internal/infra/internal/cli"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := cli.Run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

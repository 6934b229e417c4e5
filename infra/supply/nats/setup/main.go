// Command messaging-setup makes the stream of an environment, or corrects it. It may run any number
// of times.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Getenv, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "messaging-setup:", err)
		os.Exit(1)
	}
}

// run waits until the servers serve, and then makes the stream what it should be.
func run(ctx context.Context, environment func(string) string, stdout io.Writer) error {
	o, err := readOptions(environment)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, o.wait)
	defer cancel()
	connection, err := connect(ctx, o)
	if err != nil {
		return err
	}
	defer connection.Close()
	done, err := ensure(ctx, connection, o.stream)
	if err != nil {
		return err
	}
	fmt.Fprintf(stdout, "stream %s: %s\n", o.stream.Name, done)
	return nil
}

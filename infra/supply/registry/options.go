package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"time"
)

// options is what the program can be told, each by a flag or a variable of
// the environment; the flag wins.
type options struct {
	address string // host:port to listen on
	root    string // folder of the images
	deletes bool   // whether manifests and blobs may be deleted
	check   bool   // ask a running registry for its health instead of serving
}

func parseOptions(args []string, environment func(string) (string, bool), stderr io.Writer) (options, error) {
	o := options{address: ":5000", root: "/var/lib/registry"}
	if value, found := environment("REGISTRY_ADDRESS"); found {
		o.address = value
	}
	if value, found := environment("REGISTRY_ROOT"); found {
		o.root = value
	}
	if value, found := environment("REGISTRY_DELETE"); found {
		deletes, err := strconv.ParseBool(value)
		if err != nil {
			return o, fmt.Errorf("REGISTRY_DELETE is %q; it must be true or false", value)
		}
		o.deletes = deletes
	}
	flags := flag.NewFlagSet("registry", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.StringVar(&o.address, "address", o.address, "`host:port` to listen on (REGISTRY_ADDRESS)")
	flags.StringVar(&o.root, "root", o.root, "`folder` of the images (REGISTRY_ROOT)")
	flags.BoolVar(&o.deletes, "delete", o.deletes, "allow manifests and blobs to be deleted (REGISTRY_DELETE)")
	flags.BoolVar(&o.check, "check", false, "ask the registry at the address for its health, and exit")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if flags.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	return o, nil
}

// check fails when the registry that listens on address does not serve.
func check(ctx context.Context, address string) error {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("read the address: %w", err)
	}
	if host == "" || net.ParseIP(host).IsUnspecified() {
		host = "127.0.0.1"
	}
	ctx, cancel := context.WithTimeout(ctx, 3*time.Second)
	defer cancel()
	url := "http://" + net.JoinHostPort(host, port) + healthPath
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("the registry does not answer: %w", err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 512))
		return fmt.Errorf("the registry is not healthy: %s: %s", response.Status, text)
	}
	return nil
}

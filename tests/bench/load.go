package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"
)

// newClient makes a client that dials the address whatever a URL names, and keeps at most so many
// connections. It trusts the certificate authority in the file, or with an empty name the system's.
// It speaks HTTP/1.1, in which a connection carries one request at a time.
func newClient(address, authority string, connections int) (*http.Client, error) {
	settings := &tls.Config{MinVersion: tls.VersionTLS12}
	if authority != "" {
		text, err := os.ReadFile(authority)
		if err != nil {
			return nil, err
		}
		settings.RootCAs = x509.NewCertPool()
		if !settings.RootCAs.AppendCertsFromPEM(text) {
			return nil, fmt.Errorf("%s has no certificate", authority)
		}
	}
	dialer := net.Dialer{Timeout: 5 * time.Second}
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{
		DialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
		TLSClientConfig: settings, MaxConnsPerHost: connections, MaxIdleConnsPerHost: connections,
		DisableCompression: true,
	}}, nil
}

// get asks once and returns the status and the body.
func get(ctx context.Context, client *http.Client, url string) (status int, body string, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	response, err := client.Do(request)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return response.StatusCode, string(text), err
}

// load is the hidden mode in which this program runs in a node: it asks as often as it is told,
// and prints how many requests a second that were.
func load(ctx context.Context, args []string, out, errs io.Writer) error {
	flags := flag.NewFlagSet("bench load", flag.ContinueOnError)
	flags.SetOutput(errs)
	url := flags.String("url", "", "what is asked; it has to answer 200")
	address := flags.String("address", "", "host and port that are dialed, whatever the URL names")
	requests := flags.Int("requests", 1000, "how many")
	connections := flags.Int("connections", 1, "connections, which are kept alive")
	if err := flags.Parse(args); err != nil {
		return err
	}
	client, err := newClient(*address, "", *connections)
	if err != nil {
		return err
	}
	if _, err := throughput(ctx, client, *url, *requests/10, *connections); err != nil { // makes the connections
		return err
	}
	rate, err := throughput(ctx, client, *url, *requests, *connections)
	fmt.Fprintf(out, "%.1f\n", rate)
	return err
}

// throughput asks as fast as answers come and returns requests/s. Any answer but 200 ends it.
func throughput(ctx context.Context, client *http.Client, url string, requests, connections int) (float64, error) {
	group, ctx := errgroup.WithContext(ctx)
	var asked atomic.Int64
	start := time.Now()
	for range connections {
		group.Go(func() error {
			for asked.Add(1) <= int64(requests) {
				status, body, err := get(ctx, client, url)
				if err != nil {
					return err
				}
				if status != http.StatusOK {
					return fmt.Errorf("%s answered %d: %s", url, status, body)
				}
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(requests) / time.Since(start).Seconds(), err
}

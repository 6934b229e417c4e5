package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// asker asks services as a browser on this machine does that trusts the local authority: names
// in .localhost are this machine, whatever its resolver says.
func asker(certificate string) func(ctx context.Context, url string) (int, error) {
	var client *http.Client
	return func(ctx context.Context, url string) (int, error) {
		if client == nil { // the certificate is made by the first up
			client = askingClient(certificate)
		}
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return 0, err
		}
		answer, err := client.Do(request)
		if err != nil {
			return 0, err
		}
		defer answer.Body.Close()
		return answer.StatusCode, nil
	}
}

// askTimeout is longer than a service may take that asks another one in vain, several times, before
// it answers without it.
const askTimeout = 15 * time.Second

func askingClient(certificate string) *http.Client {
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if text, err := os.ReadFile(certificate); err == nil {
		roots.AppendCertsFromPEM(text)
	}
	dialer := &net.Dialer{Timeout: 2 * time.Second}
	return &http.Client{
		Timeout:       askTimeout,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig:   &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
			DisableKeepAlives: true, // each answer comes from the configuration of its moment
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				if host, port, err := net.SplitHostPort(address); err == nil && (host == "localhost" || strings.HasSuffix(host, ".localhost")) {
					address = net.JoinHostPort("127.0.0.1", port)
				}
				return dialer.DialContext(ctx, network, address)
			},
		},
	}
}

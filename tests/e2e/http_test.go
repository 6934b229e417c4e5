package e2e

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// answer is what a service said.
type answer struct {
	status int
	header http.Header
	body   string
}

// client trusts the environment's certificate authority and no other. Names that end in
// .localhost are 127.0.0.1 for it, as for browsers, whatever this machine's resolver says.
func (e *environment) client(t *testing.T) *http.Client {
	t.Helper()
	authority, err := os.ReadFile(e.status(t).CA)
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	require.True(t, trusted.AppendCertsFromPEM(authority))
	dial := func(ctx context.Context, network, address string) (net.Conn, error) {
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			return nil, err
		}
		if !strings.HasSuffix(host, ".localhost") {
			return nil, errors.New("a service's URL names " + host)
		}
		return (&net.Dialer{}).DialContext(ctx, network, net.JoinHostPort("127.0.0.1", port))
	}
	transport := &http.Transport{DialContext: dial, TLSClientConfig: &tls.Config{RootCAs: trusted, MinVersion: tls.VersionTLS12}}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport, Timeout: 10 * time.Second,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// ask sends a request; a body is sent as JSON.
func ask(ctx context.Context, client *http.Client, method, url string, body any) (answer, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, url, content)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, header: response.Header, body: string(text)}, err
}

// mustAsk requires a status.
func mustAsk(t *testing.T, client *http.Client, status int, method, url string, body any) answer {
	t.Helper()
	got, err := ask(t.Context(), client, method, url, body)
	require.NoError(t, err)
	require.Equal(t, status, got.status, "%s %s: %s", method, url, got.body)
	return got
}

// statusReport is what `kindling status --output json` tells.
type statusReport struct {
	Environment string
	CA          string `json:"ca_certificate"`
	Services    []struct {
		Name, Version, Image, Digest, Message string
		URLs                                  []string
		Ready, Desired                        int
	}
	Platform []struct {
		Kind, Namespace, Name, Part, Message string
		Ready, Desired                       int
		Done, Started                        bool
	}
}

// status asks the tool what runs, whether all is well or not.
func (e *environment) status(t *testing.T) statusReport {
	t.Helper()
	var report statusReport
	readJSON(t, e.kindling(t, "status", "--env", e.name, "--output", "json").stdout, &report)
	return report
}

// serviceURLs are the services' addresses over HTTPS, as the tool tells them, and over HTTP.
func (e *environment) serviceURLs(t *testing.T) []string {
	t.Helper()
	var urls []string
	for _, service := range e.status(t).Services {
		for _, url := range service.URLs {
			secure := fmt.Sprintf("https://shop.localhost:%d/", e.httpsPort)
			require.True(t, strings.HasPrefix(url, secure), url)
			urls = append(urls, url, fmt.Sprintf("http://shop.localhost:%d/", e.httpPort)+strings.TrimPrefix(url, secure))
		}
	}
	require.Len(t, urls, 2*len(e.serviceNames(t)), "each service has a route")
	return urls
}

// everyServiceAnswers requires 200 of every service over HTTP and HTTPS, at once: `up` has waited.
func (e *environment) everyServiceAnswers(t *testing.T) {
	t.Helper()
	client := e.client(t)
	for _, url := range e.serviceURLs(t) {
		mustAsk(t, client, http.StatusOK, http.MethodGet, url, nil)
	}
}

// serviceNames are the services that the checkout describes.
func (e *environment) serviceNames(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(e.path("services"))
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if _, err := os.Stat(e.path("services", entry.Name(), "service.yaml")); err == nil {
			names = append(names, entry.Name())
		}
	}
	require.NotEmpty(t, names)
	return names
}

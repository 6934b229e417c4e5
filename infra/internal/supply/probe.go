package supply

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// Probe asks container registries whether they can be reached from here.
type Probe struct {
	URLs   []string // the registries' /v2/
	Client *http.Client
	Within time.Duration // for all of them together
}

// Published asks the registries that the modules' published images come from, through the proxy
// that the environment names (HTTPS_PROXY, NO_PROXY).
func Published() Probe {
	return Probe{
		URLs:   []string{"https://registry.k8s.io/v2/", "https://registry-1.docker.io/v2/"},
		Client: &http.Client{Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true}},
		Within: 2 * time.Second,
	}
}

// String is what a successful probe found.
func (p Probe) String() string {
	names := make([]string, 0, len(p.URLs))
	for _, u := range p.URLs {
		names = append(names, host(u))
	}
	if len(names) == 1 {
		return names[0] + " answers"
	}
	return strings.Join(names, " and ") + " answer"
}

// Ask returns nil when every registry answers as one, and otherwise which does not and why.
func (p Probe) Ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, p.Within)
	defer cancel()
	group, ctx := errgroup.WithContext(ctx)
	for _, u := range p.URLs {
		group.Go(func() error { return p.ask(ctx, u) })
	}
	return group.Wait()
}

// ask makes sure that it is a registry that answers, and not a proxy's page: the API version
// header comes with every answer of /v2/, also with the one that asks for a login. See "API
// version check" in distribution's HTTP API V2.
func (p Probe) ask(ctx context.Context, u string) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, u, nil)
	if err != nil {
		return err
	}
	response, err := p.Client.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %s", host(u), p.reason(err))
	}
	response.Body.Close()
	known := response.StatusCode == http.StatusOK || response.StatusCode == http.StatusUnauthorized
	if !known || !strings.HasPrefix(response.Header.Get("Docker-Distribution-Api-Version"), "registry/2") {
		return fmt.Errorf("%s: no registry answers (%s)", host(u), response.Status)
	}
	return nil
}

// reason is the innermost cause of a failed request, without addresses and layers.
func (p Probe) reason(err error) string {
	var lookup *net.DNSError
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Sprintf("no answer in %s", p.Within)
	case errors.As(err, &lookup):
		return strings.TrimSpace(lookup.Err[strings.LastIndex(lookup.Err, ":")+1:]) // without the resolver's address
	}
	for inner := errors.Unwrap(err); inner != nil; inner = errors.Unwrap(inner) {
		err = inner
	}
	return err.Error()
}

// host is a registry as people write it.
func host(u string) string {
	parsed, err := url.Parse(u)
	if err != nil {
		return u
	}
	return strings.TrimPrefix(parsed.Host, "registry-1.")
}

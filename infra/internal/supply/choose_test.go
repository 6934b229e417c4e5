package supply

import (
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// probe asks a server over TLS, as Published asks the real ones.
func probe(t *testing.T, handler http.Handler) Probe {
	t.Helper()
	server := httptest.NewTLSServer(handler)
	t.Cleanup(server.Close)
	return Probe{URLs: []string{server.URL + "/v2/"}, Client: server.Client(), Within: 2 * time.Second}
}

func standIn() http.Handler {
	return registry.New(registry.Logger(log.New(io.Discard, "", 0)))
}

// answer is a server that answers everything in one way.
func answer(status int, header string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		if header != "" {
			w.Header().Set("Docker-Distribution-API-Version", header)
		}
		w.WriteHeader(status)
	})
}

func TestAutoTakesUpstreamWhenARegistryAnswers(t *testing.T) {
	p := probe(t, standIn())
	for _, setting := range []string{"", "auto"} {
		choice, err := Choose(t.Context(), setting, "", p)
		require.NoError(t, err)
		assert.Equal(t, Upstream, choice.Kind)
		assert.Equal(t, host(p.URLs[0])+" answers", choice.Why)
	}
}

func TestAutoTakesSourceWhenNoRegistryAnswers(t *testing.T) {
	page := probe(t, answer(http.StatusOK, ""))
	two := probe(t, standIn())
	two.URLs = append(two.URLs, "https://"+unused(t)+"/v2/")
	for name, c := range map[string]struct {
		probe Probe
		why   string
	}{
		"a proxy's page":     {page, "no registry answers (200 OK)"},
		"a proxy's refusal":  {probe(t, answer(http.StatusForbidden, "")), "no registry answers (403 Forbidden)"},
		"a broken registry":  {probe(t, answer(http.StatusBadGateway, "registry/2.0")), "no registry answers (502 Bad Gateway)"},
		"an old registry":    {probe(t, answer(http.StatusOK, "registry/1.0")), "no registry answers (200 OK)"},
		"a forged identity":  {Probe{URLs: page.URLs, Client: &http.Client{}, Within: 2 * time.Second}, "certificate"},
		"nothing listening":  {Probe{URLs: []string{"https://" + unused(t) + "/v2/"}, Client: &http.Client{}, Within: 2 * time.Second}, "connection refused"},
		"one of two answers": {two, "connection refused"},
	} {
		t.Run(name, func(t *testing.T) {
			choice, err := Choose(t.Context(), "auto", "", c.probe)
			require.NoError(t, err)
			assert.Equal(t, Source, choice.Kind)
			assert.Contains(t, choice.Why, c.why)
		})
	}
}

func TestARegistryThatWantsALoginAnswers(t *testing.T) {
	require.NoError(t, probe(t, answer(http.StatusUnauthorized, "registry/2.0")).Ask(t.Context()))
}

func TestARegistryMayRedirectToAnother(t *testing.T) {
	p := probe(t, standIn())
	front := httptest.NewTLSServer(http.RedirectHandler(p.URLs[0], http.StatusTemporaryRedirect))
	t.Cleanup(front.Close)
	p.Client.Transport.(*http.Transport).TLSClientConfig.RootCAs.AddCert(front.Certificate())
	p.URLs = []string{front.URL + "/v2/"}
	require.NoError(t, p.Ask(t.Context()))
}

func TestASilentRegistryIsGivenUp(t *testing.T) {
	done := make(chan struct{})
	p := probe(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(func() { close(done) }) // before the server is closed
	p.Within = 50 * time.Millisecond
	require.EqualError(t, p.Ask(t.Context()), host(p.URLs[0])+": no answer in 50ms")
}

func TestAHostWithoutAnAddressIsToldInAFewWords(t *testing.T) {
	for said, want := range map[string]string{
		"no such host": "docker.io: no such host",
		"dial udp 192.0.2.1:53: connect: network is unreachable": "docker.io: network is unreachable",
	} {
		dial := func(context.Context, string, string) (net.Conn, error) {
			return nil, &net.DNSError{Err: said, Name: "registry-1.docker.io", Server: "192.0.2.1:53"}
		}
		p := Published()
		p.Client = &http.Client{Transport: &http.Transport{DialContext: dial}}
		p.URLs = p.URLs[1:]
		require.EqualError(t, p.Ask(t.Context()), want)
	}
}

func TestTheUsersProxyIsAsked(t *testing.T) {
	var asked []string
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked = append(asked, r.Method+" "+r.Host)
		w.WriteHeader(http.StatusForbidden)
	}))
	t.Cleanup(proxy.Close)
	address, err := url.Parse(proxy.URL)
	require.NoError(t, err)
	p := Published()
	p.URLs = p.URLs[:1]
	assert.NotNil(t, p.Client.Transport.(*http.Transport).Proxy, "HTTPS_PROXY counts")
	p.Client = &http.Client{Transport: &http.Transport{Proxy: http.ProxyURL(address)}}
	require.EqualError(t, p.Ask(t.Context()), "registry.k8s.io: Forbidden")
	assert.Equal(t, []string{"CONNECT registry.k8s.io:443"}, asked)
}

func TestAStandingClusterKeepsItsSupply(t *testing.T) {
	silent := Probe{URLs: []string{"https://192.0.2.1/v2/"}, Client: &http.Client{Transport: refuse{t}}, Within: time.Second}
	for _, standing := range []Kind{Upstream, Source} {
		choice, err := Choose(t.Context(), "auto", standing, silent)
		require.NoError(t, err)
		assert.Equal(t, Choice{Kind: standing, Why: "the cluster was made with it"}, choice)
	}
}

func TestASettingIsObeyedAndNobodyAsked(t *testing.T) {
	silent := Probe{URLs: []string{"https://192.0.2.1/v2/"}, Client: &http.Client{Transport: refuse{t}}, Within: time.Second}
	for _, kind := range []Kind{Upstream, Source} {
		choice, err := Choose(t.Context(), string(kind), "source", silent)
		require.NoError(t, err)
		assert.Equal(t, Choice{Kind: kind, Why: "KINDLING_SUPPLY says so"}, choice)
	}
	_, err := Choose(t.Context(), "online", "", silent)
	var wrong *SettingError
	require.ErrorAs(t, err, &wrong)
	assert.EqualError(t, err, `KINDLING_SUPPLY is "online", it can be auto, upstream or source`)
}

func TestACancelledChoiceChoosesNothing(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := Choose(ctx, "", "", probe(t, standIn()))
	require.ErrorIs(t, err, context.Canceled)
}

func TestUpstreamBuildsOnlyWhatNobodyPublishes(t *testing.T) {
	assert.Equal(t, []string{"registry", "provider-kind", "policy"}, Upstream.Parts())
	assert.Equal(t, Finished, Source.Parts())
}

// refuse fails the test when anybody is asked.
type refuse struct{ t *testing.T }

func (r refuse) RoundTrip(request *http.Request) (*http.Response, error) {
	r.t.Errorf("%s was asked", request.URL)
	return nil, errors.New("refused")
}

// unused is an address of this machine on which nothing listens.
func unused(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}

func TestAnEnvironmentInACloudNeedsNoImages(t *testing.T) {
	messaging := []string{"messaging"}
	assert.Equal(t, []string{PolicyPart}, Upstream.PartsOn("eks", messaging))
	assert.Equal(t, []string{"provider-kubernetes", "provider-random", "provider-aws", PolicyPart}, Source.PartsOn("eks", messaging))
	assert.Equal(t, []string{"provider-kubernetes", "provider-random", "provider-google", PolicyPart}, Source.PartsOn("gke", nil))
}

func TestAPartForFewServicesIsBuiltWhereOneNeedsIt(t *testing.T) {
	messaging := []string{"database", "messaging"}
	assert.Equal(t, Finished, Source.PartsOn("kind", []string{"database"}))
	assert.Equal(t, Finished, Source.PartsOn("", nil))
	assert.Equal(t, append(slices.Clone(Finished), "nats"), Source.PartsOn("kind", messaging))
	assert.Equal(t, append(Upstream.Parts(), "nats"), Upstream.PartsOn("kind", messaging), "nobody publishes it")
}

package e2e

import (
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWithoutANetwork brings dev up in a network namespace without routes, on a cache that holds
// nothing but what an archive brought, in an engine that the tool has to start and that has no
// images. The archive comes from the cache of whoever runs the test, Go's modules from theirs.
func TestWithoutANetwork(t *testing.T) {
	requireNoNetwork(t)
	e := &environment{name: "dev", cluster: "e2e", httpPort: 18080, httpsPort: 18443, registryPort: 15001}
	newCopy(t, e)
	require.Zero(t, e.run(t, coldLimit, "make", "tool").code)

	archive := filepath.Join(t.TempDir(), "parts.tar.zst")
	r := e.kindling(t, "supply", "export", archive)
	require.Zero(t, r.code, r.text())
	t.Setenv("KINDLING_CACHE", t.TempDir())
	r = e.kindling(t, "supply", "import", archive)
	require.Zero(t, r.code, r.text())

	r = e.run(t, warmLimit, "make", "up", "env=dev")
	require.Zero(t, r.code, "up without a network failed:\n%s", r.text())
	t.Logf("up took %s", r.elapsed)
	assert.Contains(t, r.stderr, "starting dockerd")
	assert.Contains(t, r.stderr, "source ·", "the published registries do not answer")
	e.everyServiceAnswers(t)
	mustAsk(t, e.client(t), http.StatusNotFound, http.MethodGet, e.url("/api/nothing"), nil)
	e.plansAreEmpty(t)
	e.downLeavesNothing(t)
}

// requireNoNetwork fails where anything but this machine can be reached: tests/run.sh starts this
// test in a namespace of its own.
func requireNoNetwork(t *testing.T) {
	t.Helper()
	interfaces, err := net.Interfaces()
	require.NoError(t, err)
	for _, i := range interfaces {
		require.NotZero(t, i.Flags&net.FlagLoopback, "there is a network interface %s; run make test only=offline", i.Name)
	}
}

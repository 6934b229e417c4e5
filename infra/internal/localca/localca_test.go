package localca

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestACertificateIsTrustedByWhoTrustsTheAuthority(t *testing.T) {
	authority, dir := Authority{Dir: t.TempDir()}, t.TempDir()
	made, err := authority.Issue(dir, []string{"shop.localhost"})
	require.NoError(t, err)
	assert.True(t, made)

	server := httptest.NewUnstartedServer(http.NotFoundHandler())
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key"))
	require.NoError(t, err)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{pair}}
	server.StartTLS()
	defer server.Close()

	roots := x509.NewCertPool()
	text, err := os.ReadFile(authority.Certificate())
	require.NoError(t, err)
	require.True(t, roots.AppendCertsFromPEM(text))
	dial := func(name string) error {
		connection, err := tls.Dial("tcp", server.Listener.Addr().String(), &tls.Config{RootCAs: roots, ServerName: name})
		if err == nil {
			connection.Close()
		}
		return err
	}
	assert.NoError(t, dial("shop.localhost"))
	assert.ErrorContains(t, dial("other.localhost"), "other.localhost")
}

func TestASecondIssueForTheSameNamesChangesNothing(t *testing.T) {
	authority, dir := Authority{Dir: t.TempDir()}, t.TempDir()
	_, err := authority.Issue(dir, []string{"b.localhost", "a.localhost"})
	require.NoError(t, err)
	made, err := authority.Issue(dir, []string{"a.localhost"})
	require.NoError(t, err)
	assert.False(t, made, "the names are covered")
	made, err = authority.Issue(dir, []string{"a.localhost", "c.localhost"})
	require.NoError(t, err)
	assert.True(t, made, "c.localhost is new")
}

func TestACertificateOfAnotherAuthorityIsReplaced(t *testing.T) {
	dir := t.TempDir()
	_, err := Authority{Dir: t.TempDir()}.Issue(dir, []string{"a.localhost"})
	require.NoError(t, err)
	made, err := Authority{Dir: t.TempDir()}.Issue(dir, []string{"a.localhost"})
	require.NoError(t, err)
	assert.True(t, made)
}

func TestAKeyThatIsGoneIsMadeAnew(t *testing.T) {
	authority, dir := Authority{Dir: t.TempDir()}, t.TempDir()
	_, err := authority.Issue(dir, []string{"a.localhost"})
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(dir, "tls.key")))
	made, err := authority.Issue(dir, []string{"a.localhost"})
	require.NoError(t, err)
	assert.True(t, made)
}

func TestADamagedAuthorityIsNotSilentlyReplaced(t *testing.T) {
	authority := Authority{Dir: t.TempDir()}
	_, err := authority.Issue(t.TempDir(), []string{"a.localhost"})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(authority.Dir, "ca.key"), []byte("?"), 0o600))
	_, err = authority.Issue(t.TempDir(), []string{"a.localhost"})
	assert.ErrorContains(t, err, "remove ca.crt and ca.key")
}

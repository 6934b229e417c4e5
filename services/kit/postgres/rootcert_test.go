package postgres_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/postgres"
	"kindling.internal/services/kit/postgres/postgrestest"
)

// name is the one name in the server's certificate; the server's address is not in it.
const name = "localhost"

func TestTheServersCertificateIsVerified(t *testing.T) {
	authority, other := newAuthority(t), newAuthority(t)
	server := postgrestest.New(t)
	certificate, key := authority.certify(t, name)
	server.UseTLS(t, certificate, key)
	server.Start(t)
	own, another := file(t, authority.certificate), file(t, other.certificate)
	both := file(t, bytes.Join([][]byte{other.certificate, authority.certificate}, nil))

	const unknown = "certificate signed by unknown authority"
	for _, c := range []struct{ title, mode, roots, host, refused string }{
		{title: "its authority and its name", mode: "verify-full", roots: own, host: name},
		{title: "its authority among others", mode: "verify-full", roots: both, host: name},
		{title: "another authority", mode: "verify-full", roots: another, host: name, refused: unknown},
		{title: "the machine's authorities", mode: "verify-full", roots: "system", host: name, refused: unknown},
		{title: "another name", mode: "verify-full", roots: own, host: server.Config().Host, refused: "cannot validate certificate for 127.0.0.1"},
		{title: "another name when only the authority counts", mode: "verify-ca", roots: own, host: server.Config().Host},
		{title: "another authority when only the authority counts", mode: "verify-ca", roots: another, host: name, refused: unknown},
		{title: "nothing is verified", mode: "require", host: server.Config().Host},
	} {
		t.Run(c.title, func(t *testing.T) {
			config := server.Config()
			config.SSLMode, config.SSLRootCert, config.Host = c.mode, c.roots, c.host
			database, err := postgres.Open(t.Context(), config, migrations, slog.New(slog.DiscardHandler))
			require.NoError(t, err)
			defer func() { require.NoError(t, database.Close(context.Background())) }()

			var encrypted bool
			err = database.Pool.QueryRow(t.Context(), "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()").Scan(&encrypted)
			if c.refused != "" {
				require.ErrorContains(t, err, c.refused)
				assert.ErrorContains(t, database.Check(t.Context()), c.refused, "readiness tells why")
				return
			}
			require.NoError(t, err)
			assert.True(t, encrypted)
		})
	}
}

func TestSettingsThatWouldVerifyNothingStopTheStart(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "ca.crt")
	page := file(t, []byte("<html>not found</html>"))
	for _, c := range []struct{ title, mode, roots, want string }{
		{"a file that is not there", "verify-full", missing, "database settings: sslrootcert: open " + missing + ": no such file or directory"},
		{"a file without a certificate", "verify-ca", page, "database settings: sslrootcert: " + page + " holds no certificate in PEM form"},
		{"verify-full without authorities", "verify-full", "", `sslmode verify-full needs sslrootcert`},
		{"verify-ca without authorities", "verify-ca", "", `sslmode verify-ca needs sslrootcert`},
		{"any certificate of the machine's authorities", "verify-ca", "system", "sslrootcert system needs sslmode verify-full"},
		{"authorities that nobody looks at", "prefer", page, "sslrootcert is for sslmode verify-ca or verify-full, and sslmode is prefer"},
	} {
		t.Run(c.title, func(t *testing.T) {
			_, err := postgres.Open(t.Context(), postgres.Config{
				Host: "127.0.0.1", Port: 1, Name: "shop", User: "shop", SSLMode: c.mode, SSLRootCert: c.roots, MaxConns: 2,
			}, migrations, slog.New(slog.DiscardHandler))
			require.ErrorContains(t, err, c.want)
		})
	}
}

// authority signs certificates; its own is in PEM form.
type authority struct {
	certificate []byte
	parsed      *x509.Certificate
	key         *ecdsa.PrivateKey
}

func newAuthority(t *testing.T) authority {
	t.Helper()
	key := newKey(t)
	template := unsigned("an authority")
	template.IsCA, template.BasicConstraintsValid, template.KeyUsage = true, true, x509.KeyUsageCertSign
	made, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	parsed, err := x509.ParseCertificate(made)
	require.NoError(t, err)
	return authority{certificate: encode("CERTIFICATE", made), parsed: parsed, key: key}
}

// certify returns a server's certificate for a name, and its key, both in PEM form.
func (a authority) certify(t *testing.T, name string) (certificate, key []byte) {
	t.Helper()
	own := newKey(t)
	template := unsigned("a server")
	template.DNSNames, template.ExtKeyUsage = []string{name}, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	made, err := x509.CreateCertificate(rand.Reader, template, a.parsed, own.Public(), a.key)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(own)
	require.NoError(t, err)
	return encode("CERTIFICATE", made), encode("PRIVATE KEY", encoded)
}

func unsigned(subject string) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: subject},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
}

func newKey(t *testing.T) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	return key
}

func encode(kind string, bytes []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: bytes})
}

func file(t *testing.T, text []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ca.crt")
	require.NoError(t, os.WriteFile(path, text, 0o600))
	return path
}

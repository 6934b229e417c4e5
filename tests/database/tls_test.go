package database

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The certificate of the server carries the name localhost and not its address, as that of a managed
// server which is reached by an address does.
func TestTheServerIsVerifiedBeforeItLearnsAPassword(t *testing.T) {
	folder, port := publicFolder(t), freePort(t)
	own, key := selfSigned(t, folder, "own")
	other, _ := selfSigned(t, folder, "other")
	s := start(t, "-c listen_addresses=127.0.0.1", "-p "+port, "-c ssl=on", "-c ssl_cert_file="+own, "-c ssl_key_file="+key)

	for _, c := range []struct{ title, mode, roots, host, refused string }{
		{title: "its authority and its name", mode: "verify-full", roots: own, host: "localhost"},
		{title: "its authority, by its address", mode: "verify-ca", roots: own, host: "127.0.0.1"},
		{title: "another authority", mode: "verify-full", roots: other, host: "localhost", refused: "certificate verify failed"},
		{title: "another authority, by its address", mode: "verify-ca", roots: other, host: "127.0.0.1", refused: "certificate verify failed"},
		{title: "another name", mode: "verify-full", roots: own, host: "127.0.0.1", refused: "does not match host name"},
		{title: "no file", mode: "verify-full", roots: filepath.Join(folder, "none"), host: "localhost", refused: "does not exist"},
	} {
		t.Run(c.title, func(t *testing.T) {
			began := time.Now()
			said, err := s.setUp("postgres", "shop", "first-one", "PGHOST="+c.host, "PGPORT="+port, "PGSSLMODE="+c.mode, "PGSSLROOTCERT="+c.roots)
			if c.refused == "" {
				require.NoError(t, err, said)
				return
			}
			require.Error(t, err)
			assert.Contains(t, said, c.refused)
			assert.NotContains(t, said, "first-one")
			assert.Less(t, time.Since(began), 5*time.Second, "it must not wait for what stays wrong")
		})
	}
}

// publicFolder is one that the server's account can read, too.
func publicFolder(t *testing.T) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "tls")
	require.NoError(t, err)
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	require.NoError(t, os.Chmod(folder, 0o755))
	return folder
}

// selfSigned makes a certificate for localhost, which is its own authority, and its key, and returns
// their files.
func selfSigned(t *testing.T, folder, name string) (certificate, key string) {
	t.Helper()
	made, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "a server"}, DNSNames: []string{"localhost"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	signed, err := x509.CreateCertificate(rand.Reader, template, template, made.Public(), made)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(made)
	require.NoError(t, err)
	certificate, key = filepath.Join(folder, name+".crt"), filepath.Join(folder, name+".key")
	require.NoError(t, os.WriteFile(certificate, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: signed}), 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded}), 0o600))
	if os.Getuid() == 0 { // then the server is another account's, which has to own its key
		owner, err := user.Lookup("postgres")
		require.NoError(t, err)
		uid, err := strconv.Atoi(owner.Uid)
		require.NoError(t, err)
		for _, file := range []string{certificate, key} {
			require.NoError(t, os.Chown(file, uid, -1))
		}
	}
	return certificate, key
}

func freePort(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	_, port, err := net.SplitHostPort(listener.Addr().String())
	require.NoError(t, err)
	return port
}

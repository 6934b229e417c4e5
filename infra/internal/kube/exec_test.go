package kube

import (
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// guardedServer is an API server that knows one namespace, for those who bring the token.
func guardedServer(t *testing.T, token string) Config {
	t.Helper()
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.Header.Get("Authorization") != "Bearer "+token {
			w.WriteHeader(http.StatusUnauthorized)
			fmt.Fprint(w, `{"kind": "Status", "apiVersion": "v1", "status": "Failure", "message": "Unauthorized", "reason": "Unauthorized", "code": 401}`)
			return
		}
		fmt.Fprint(w, `{"kind": "Namespace", "apiVersion": "v1", "metadata": {"name": "kube-system", "uid": "0c1d"}}`)
	}))
	t.Cleanup(server.Close)
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return Config{Endpoint: server.URL, CA: ca}
}

// plugin writes a credential plugin that prints the token, if it is told which cluster it is for.
func plugin(t *testing.T, token string) *Exec {
	t.Helper()
	path := filepath.Join(t.TempDir(), "plugin")
	text := `#!/bin/sh
case "$1 $KUBERNETES_EXEC_INFO" in "get-token "*'"server"'*) ;; *) echo "asked for: $1 $KUBERNETES_EXEC_INFO" >&2; exit 1 ;; esac
echo '{"kind": "ExecCredential", "apiVersion": "client.authentication.k8s.io/v1beta1", "status": {"token": "` + token + `"}}'
`
	require.NoError(t, os.WriteFile(path, []byte(text), 0o755))
	return &Exec{APIVersion: "client.authentication.k8s.io/v1beta1", Command: path, Args: []string{"get-token"}}
}

func TestACommandsTokenLetsIn(t *testing.T) {
	config := guardedServer(t, "let-me-in")
	config.Exec = plugin(t, "let-me-in")
	c, err := New(config)
	require.NoError(t, err)
	uid, err := c.NamespaceUID(t.Context(), "kube-system")
	require.NoError(t, err)
	assert.Equal(t, "0c1d", uid)
}

func TestAWrongTokenIsARefusal(t *testing.T) {
	config := guardedServer(t, "let-me-in")
	config.Exec = plugin(t, "another")
	c, err := New(config)
	require.NoError(t, err)
	_, err = c.NamespaceUID(t.Context(), "kube-system")
	var unreachable *UnreachableError
	assert.NotErrorAs(t, err, &unreachable)
	assert.ErrorContains(t, err, "Unauthorized")
}

func TestACommandThatIsNotInstalledIsNamed(t *testing.T) {
	config := guardedServer(t, "let-me-in")
	config.Exec = &Exec{APIVersion: "client.authentication.k8s.io/v1beta1", Command: "no-such-cloud"}
	c, err := New(config)
	require.NoError(t, err)
	_, err = c.NamespaceUID(t.Context(), "kube-system")
	assert.ErrorContains(t, err, "no-such-cloud")
}

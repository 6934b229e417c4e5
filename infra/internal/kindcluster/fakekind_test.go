package kindcluster

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"net/http/httptest"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// fakeKind makes nodes in a fakeDocker and serves an API for them.
type fakeKind struct {
	docker      *fakeDocker
	server      *fakeServer
	config      *v1alpha4.Cluster
	environment map[string]string
	err         error
	silent      bool // announces no step
	hang        chan struct{}
}

func (k *fakeKind) create(config *v1alpha4.Cluster, environment map[string]string, kubeconfig string, step Progress) error {
	k.config, k.environment = config, environment
	count := map[string]int{}
	for _, node := range config.Nodes {
		count[string(node.Role)]++
		name := fmt.Sprintf("%s-%s", config.Name, node.Role)
		if n := count[string(node.Role)]; n > 1 {
			name = fmt.Sprintf("%s%d", name, n)
		}
		k.docker.node(config.Name, name, string(node.Role), node.Image, environment["KIND_EXPERIMENTAL_DOCKER_NETWORK"])
		k.server.addNode(name)
	}
	if !k.silent {
		step("Writing configuration")
		step("Starting control-plane")
	}
	if k.hang != nil {
		// kind goes on until what it waits for is gone.
		for {
			k.docker.mu.Lock()
			left := len(k.docker.containers)
			k.docker.mu.Unlock()
			if left == 0 {
				return errors.New("the container is gone")
			}
			select {
			case k.hang <- struct{}{}:
			case <-time.After(time.Millisecond):
			}
		}
	}
	if k.err != nil {
		return k.err
	}
	return os.WriteFile(kubeconfig, []byte(k.server.kubeconfig()), 0o600)
}

func (k *fakeKind) kubeconfig(string) (string, error) {
	if k.server == nil {
		return "", errors.New("no admin.conf")
	}
	return k.server.kubeconfig(), nil
}

// fakeServer is an API server with a certificate of its own that asks for a
// client certificate.
type fakeServer struct {
	*httptest.Server
	mu      sync.Mutex
	uid     string
	nodes   map[string]string // name to the reason why it is not ready
	renewed map[string]time.Time
	cert    []byte
	key     []byte
}

func newFakeServer(t *testing.T, uid string) *fakeServer {
	t.Helper()
	s := &fakeServer{uid: uid, nodes: map[string]string{}, renewed: map[string]time.Time{}}
	s.Server = httptest.NewTLSServer(s)
	t.Cleanup(s.Close)
	s.cert, s.key = keyPair(t)
	return s
}

func (s *fakeServer) addNode(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.nodes[name], s.renewed[name] = "", time.Now()
}

func (s *fakeServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []any{}
	switch r.URL.Path {
	case "/api/v1/namespaces/kube-system":
		_ = json.NewEncoder(w).Encode(map[string]any{"metadata": map[string]any{"uid": s.uid}})
		return
	case "/api/v1/nodes":
		for name, reason := range s.nodes {
			status := "True"
			if reason != "" {
				status = "False"
			}
			conditions := []any{map[string]any{"type": "MemoryPressure", "status": "False"}, map[string]any{"type": "Ready", "status": status, "message": reason}}
			items = append(items, map[string]any{"metadata": map[string]any{"name": name}, "status": map[string]any{"conditions": conditions}})
		}
	case "/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases":
		for name, renewed := range s.renewed {
			items = append(items, map[string]any{"metadata": map[string]any{"name": name}, "spec": map[string]any{"renewTime": renewed.Format(time.RFC3339Nano)}})
		}
	default:
		http.NotFound(w, r)
		return
	}
	_ = json.NewEncoder(w).Encode(map[string]any{"items": items})
}

func (s *fakeServer) credentials() Credentials {
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	return Credentials{Endpoint: s.URL, CACertificate: string(authority), ClientCertificate: string(s.cert), ClientKey: string(s.key)}
}

func (s *fakeServer) kubeconfig() string {
	c := s.credentials()
	encode := func(text string) string { return base64.StdEncoding.EncodeToString([]byte(text)) }
	return fmt.Sprintf(`apiVersion: v1
kind: Config
clusters: [{name: kind-dev, cluster: {server: %q, certificate-authority-data: %q}}]
users: [{name: kind-dev, user: {client-certificate-data: %q, client-key-data: %q}}]
`, c.Endpoint, encode(c.CACertificate), encode(c.ClientCertificate), encode(c.ClientKey))
}

func keyPair(t *testing.T) (cert, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "admin"}, NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: encoded})
}

package e2e

import (
	"archive/zip"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestWithPublishedParts brings dev up with the supply that builds nothing which is published, on
// stand-ins for what the network has: a registry that serves images under their published names,
// and a network mirror of Terraform's registry. What they serve was built here, so the digests
// differ from the published ones; how nodes and Terraform get at it does not.
func TestWithPublishedParts(t *testing.T) {
	e := &environment{name: "dev", cluster: "e2e", httpPort: 18080, httpsPort: 18443, registryPort: 15001}
	newCopy(t, e)
	require.Zero(t, e.run(t, coldLimit, "make", "tool").code)
	require.Zero(t, e.kindling(t, "supply", "providers").code)
	s := e.startStandIn(t)
	s.serveImages(t, e)
	s.serveProviders(t, e)

	t.Setenv("KINDLING_SUPPLY", "upstream")
	r := e.run(t, warmLimit, "make", "up", "env=dev")
	require.Zero(t, r.code, "up failed:\n%s", r.text())
	assert.Contains(t, r.stderr, "upstream ·")
	assert.NoFileExists(t, e.path("environments", "dev", "workloads", "supply.auto.tfvars.json"), "nothing is overridden")
	e.everyServiceAnswers(t)
	e.plansAreEmpty(t)
	s.wasAsked(t, e)
	e.downLeavesNothing(t)
}

// standIn stands for the published registries.
type standIn struct {
	container string // of the registry
	host      string // as this machine reaches it
	inside    string // as nodes reach it

	mu    sync.Mutex
	asked []string // of the provider mirror
}

// standInName is no name of a cluster's parts: the stand-in is older than the cluster and outlives it.
const standInName = "kindling-standin"

// startStandIn runs the project's registry in a container of the tests, at the address of the
// engine's own bridge: this machine and the nodes reach that, and nobody else.
func (e *environment) startStandIn(t *testing.T) *standIn {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), e.tool(), "supply", "load").Output()
	require.NoError(t, err)
	images := strings.Fields(string(out))
	require.Len(t, images, 2)
	s := &standIn{container: standInName}
	bridge := docker(t, "network", "inspect", "bridge", "--format", "{{(index .IPAM.Config 0).Gateway}}")
	if bridge == "" {
		bridge = "172.17.0.1"
	}
	_ = exec.Command("docker", "rm", "--force", "--volumes", s.container).Run() // of a run that was killed
	docker(t, "run", "--detach", "--rm", "--name", s.container,
		"--publish", "127.0.0.1:25002:5000", "--publish", bridge+":25002:5000", images[1])
	t.Cleanup(func() { _ = exec.Command("docker", "rm", "--force", "--volumes", s.container).Run() })
	s.host, s.inside = "localhost:25002", "http://"+bridge+":25002"
	until(t, "the stand-in answers", time.Minute, func() error {
		response, err := http.Get("http://" + s.host + "/v2/")
		if err == nil {
			err = response.Body.Close()
		}
		return err
	})
	node := s.host + "/docker.io/kindest/node:standin"
	docker(t, "tag", images[0], node)
	docker(t, "push", "--quiet", node)
	digest := docker(t, "image", "inspect", node, "--format", "{{range .RepoDigests}}{{println .}}{{end}}")
	docker(t, "rmi", node)
	for line := range strings.Lines(digest) {
		if strings.HasPrefix(line, s.host) {
			t.Setenv("TF_VAR_node_image", strings.TrimSpace(line))
		}
	}
	require.NotEmpty(t, os.Getenv("TF_VAR_node_image"), digest)
	return s
}

func docker(t *testing.T, args ...string) string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "docker", args...).CombinedOutput()
	require.NoError(t, err, "docker %s: %s", strings.Join(args, " "), out)
	return strings.TrimSpace(string(out))
}

// serveImages stores the third-party images in the stand-in and makes the nodes ask it for the
// registries that publish them.
func (s *standIn) serveImages(t *testing.T, e *environment) {
	t.Helper()
	r := e.kindling(t, "supply", "push", s.host, "--output", "json")
	require.Zero(t, r.code, r.text())
	t.Setenv("TF_VAR_images", r.stdout)
	var images map[string]string
	readJSON(t, r.stdout, &images)
	mirrors := map[string][]string{}
	for _, reference := range images {
		registry, _, _ := strings.Cut(reference, "/")
		mirrors[registry] = []string{s.inside + "/v2/" + registry}
	}
	require.Len(t, mirrors, 2, "images come from two registries")
	text, err := json.Marshal(mirrors)
	require.NoError(t, err)
	t.Setenv("TF_VAR_registry_mirrors", string(text))
}

// serveProviders serves the providers that were built here by Terraform's network mirror protocol.
func (s *standIn) serveProviders(t *testing.T, e *environment) {
	t.Helper()
	built := e.path(".kindling", "providers")
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, request.URL.Path)
		s.mu.Unlock()
		if path.Ext(request.URL.Path) == ".json" {
			w.Header().Set("Content-Type", "application/json")
		}
		if err := serveProvider(w, built, strings.TrimPrefix(request.URL.Path, "/")); err != nil {
			http.Error(w, err.Error(), http.StatusNotFound)
		}
	}))
	certificate, authority := selfSigned(t)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{certificate}}
	server.StartTLS()
	t.Cleanup(server.Close)
	t.Setenv("SSL_CERT_FILE", authority)
	t.Setenv("KINDLING_PROVIDER_MIRROR", server.URL+"/")
}

// serveProvider answers one request: HOST/NAMESPACE/TYPE/index.json lists versions, VERSION.json
// where the archives lie, and VERSION.zip is one. See "Provider Network Mirror Protocol" in
// Terraform's documentation.
func serveProvider(w io.Writer, built, name string) error {
	folder, file := filepath.Join(built, filepath.FromSlash(path.Dir(name))), path.Base(name)
	platform := runtime.GOOS + "_" + runtime.GOARCH
	if file == "index.json" {
		versions, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		known := map[string]struct{}{}
		for _, version := range versions {
			known[version.Name()] = struct{}{}
		}
		return json.NewEncoder(w).Encode(map[string]any{"versions": known})
	}
	if version, ok := strings.CutSuffix(file, ".json"); ok {
		return json.NewEncoder(w).Encode(map[string]any{"archives": map[string]any{platform: map[string]string{"url": version + ".zip"}}})
	}
	programs, err := filepath.Glob(filepath.Join(folder, strings.TrimSuffix(file, ".zip"), platform, "terraform-provider-*"))
	if err != nil || len(programs) != 1 {
		return fmt.Errorf("%s: %d programs %w", name, len(programs), err)
	}
	content, err := os.ReadFile(programs[0])
	if err != nil {
		return err
	}
	archive := zip.NewWriter(w)
	header := &zip.FileHeader{Name: filepath.Base(programs[0]), Method: zip.Store}
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err == nil {
		_, err = entry.Write(content)
	}
	if err != nil {
		return err
	}
	return archive.Close()
}

// selfSigned makes a certificate for this machine, and a file with it for those who trust it.
func selfSigned(t *testing.T) (tls.Certificate, string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "the tests' provider mirror"},
		NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "authority.pem")
	require.NoError(t, os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644))
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, file
}

// wasAsked requires that providers and images came from the stand-ins: the images are in no other
// registry that can be reached.
func (s *standIn) wasAsked(t *testing.T, e *environment) {
	t.Helper()
	s.mu.Lock()
	asked := fmt.Sprint(s.asked)
	s.mu.Unlock()
	for _, provider := range []string{"kubernetes", "random"} {
		assert.Contains(t, asked, "/hashicorp/"+provider+"/", "Terraform asked for it")
	}
	var images map[string]string
	readJSON(t, os.Getenv("TF_VAR_images"), &images)
	require.Len(t, images, 3)
	for _, reference := range images {
		name, digest, _ := strings.Cut(reference, "@")
		repository, _, _ := strings.Cut(name, ":")
		assert.False(t, hasManifest(t, fmt.Sprintf("localhost:%d", e.registryPort), repository, digest), "the local registry has %s", reference)
		assert.True(t, hasManifest(t, s.host, repository, digest), "the stand-in has no %s", reference)
	}
	running := e.mustKubectl(t, "get", "pods", "--all-namespaces", "--output=jsonpath={.items[*].spec.containers[*].image}")
	for _, reference := range images {
		assert.Contains(t, running, reference)
	}
}

// hasManifest asks a registry for an image.
func hasManifest(t *testing.T, registry, repository, digest string) bool {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodHead, "http://"+registry+"/v2/"+repository+"/manifests/"+digest, nil)
	require.NoError(t, err)
	request.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Contains(t, []int{http.StatusOK, http.StatusNotFound}, response.StatusCode)
	return response.StatusCode == http.StatusOK
}

package kindcluster

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMirrorsAreWrittenAsContainerdReadsThem(t *testing.T) {
	files := mirrorFiles(map[string][]string{
		"registry.k8s.io": {"http://dev-registry:5000/v2/registry.k8s.io"},
		"docker.io":       {"http://first:5000/", "https://second"},
		"localhost:5001":  {"http://dev-registry:5000"},
	})
	contents := map[string]string{}
	for _, file := range files {
		contents[file.path] = string(file.content)
	}
	assert.Equal(t, map[string]string{
		"/etc/containerd/certs.d/registry.k8s.io/hosts.toml": `server = "https://registry.k8s.io"

[host."http://dev-registry:5000/v2/registry.k8s.io"]
  capabilities = ["pull", "resolve"]
  override_path = true
`,
		"/etc/containerd/certs.d/docker.io/hosts.toml": `server = "https://registry-1.docker.io"

[host."http://first:5000"]
  capabilities = ["pull", "resolve"]

[host."https://second"]
  capabilities = ["pull", "resolve"]
`,
		"/etc/containerd/certs.d/localhost:5001/hosts.toml": `server = "http://dev-registry:5000"

[host."http://dev-registry:5000"]
  capabilities = ["pull", "resolve"]
`,
	}, contents)
}

func TestManifestsMustBeObjects(t *testing.T) {
	assert.NoError(t, CheckManifest("---\napiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\n# nothing\n"))
	for text, says := range map[string]string{
		"":                "it has no document",
		"# only a remark": "it has no document",
		"apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n---\nkind: X": "document 2 lacks",
		"a: [": "document 1: ",
	} {
		assert.ErrorContains(t, CheckManifest(text), says, text)
	}
}

func TestAuditPoliciesMustBeWhatTheAPIServerTakes(t *testing.T) {
	assert.NoError(t, CheckAuditPolicy("apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: None\n"))
	assert.ErrorContains(t, CheckAuditPolicy("apiVersion: audit.k8s.io/v1beta1\nkind: Policy"), `it is a "Policy" of "audit.k8s.io/v1beta1"`)
	assert.ErrorContains(t, CheckAuditPolicy("apiVersion: audit.k8s.io/v1\nkind: Policy"), "it has no rules")
	assert.Error(t, CheckAuditPolicy("a: ["))
}

func TestAKubeconfigIsTakenApart(t *testing.T) {
	server := newFakeServer(t, "uid")
	credentials, err := parseKubeconfig(server.kubeconfig())
	require.NoError(t, err)
	expected := server.credentials()
	expected.Kubeconfig = server.kubeconfig()
	assert.Equal(t, expected, credentials)

	for text, says := range map[string]string{
		"clusters: []":                   "0 clusters and 0 users instead of one each",
		"clusters: [{}]\nusers: [{}]":    "certificate-authority-data is not base64 text",
		"clusters: not a list at all: x": "read the kubeconfig",
	} {
		_, err := parseKubeconfig(text)
		assert.ErrorContains(t, err, says)
	}
}

func TestDockersSilenceIsToldFromACommandThatFailed(t *testing.T) {
	var failure *Failure
	for stderr, cause := range map[string]string{
		"Cannot connect to the Docker daemon at unix:///var/run/docker.sock.":                              "the docker engine does not answer",
		"permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.": "this user may not use the docker engine",
	} {
		require.ErrorAs(t, explainDocker([]string{"ps"}, stderr, errors.New("exit status 1")), &failure)
		assert.Equal(t, cause, failure.Cause)
		assert.NotEmpty(t, failure.Next)
	}
	require.ErrorAs(t, explainDocker([]string{"ps"}, "", exec.ErrNotFound), &failure)
	assert.Equal(t, "the docker command is not on PATH", failure.Cause)

	err := explainDocker([]string{"network", "rm", "x", "y"}, "Error: No such network: x", errors.New("exit status 1"))
	assert.EqualError(t, err, "docker network rm x: Error: No such network: x")
	assert.True(t, isMissing(err))
}

// The lines are of a real /proc/net/tcp and tcp6, on a little-endian machine.
const (
	procTCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1389 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4242 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:1234 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0
`
	procTCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4244 1 0 100 0 0 10 0
   1: 00000000000000000000000001000000:0051 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4245 1 0 100 0 0 10 0
`
)

func TestTheHolderOfAPortIsFoundInTheProcessFileSystem(t *testing.T) {
	b := newBench(t)
	process := filepath.Join(b.engine.proc, "77")
	for _, folder := range []string{filepath.Join(b.engine.proc, "net"), filepath.Join(process, "fd")} {
		require.NoError(t, os.MkdirAll(folder, 0o755))
	}
	for name, text := range map[string]string{"net/tcp": procTCP, "net/tcp6": procTCP6, "77/comm": "nginx\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(b.engine.proc, name), []byte(text), 0o600))
	}
	require.NoError(t, os.Symlink("socket:[4244]", filepath.Join(process, "fd", "6")))

	for port, holder := range map[int32]string{80: "nginx (pid 77)", 5001: "a process of user 1000", 8080: "", 81: "", 82: ""} {
		found, _ := b.engine.holder(t.Context(), PortMapping{HostPort: port, ListenAddress: "127.0.0.1", Protocol: "TCP"})
		assert.Equal(t, holder, found, "port %d", port)
	}

	require.NoError(t, os.WriteFile(filepath.Join(process, "comm"), []byte("docker-proxy\n"), 0o600))
	b.docker.containers["web"] = &fakeContainer{publishes: "80"}
	found, _ := b.engine.holder(t.Context(), PortMapping{HostPort: 80, ListenAddress: "127.0.0.1", Protocol: "TCP"})
	assert.Equal(t, "the container web", found)
}

func TestAnAddressThatTheHostLacksIsSaid(t *testing.T) {
	_, err := bindable(PortMapping{HostPort: 8080, ListenAddress: "203.0.113.7", Protocol: "TCP"})
	assert.ErrorContains(t, err, "this host has no address 203.0.113.7 to publish port 8080 on")
}

func TestAPortIsFoundFreeOrTakenForItsProtocol(t *testing.T) {
	free, err := bindable(PortMapping{HostPort: 0, ListenAddress: "127.0.0.1", Protocol: "UDP"})
	require.NoError(t, err)
	assert.True(t, free)
}

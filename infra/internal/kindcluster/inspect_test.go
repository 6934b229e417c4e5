package kindcluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// made returns a bench with a complete cluster dev.
func made(t *testing.T, spec Spec) (*bench, Observation) {
	t.Helper()
	b := newBench(t)
	o, err := b.engine.Create(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	return b, o
}

func TestInspectTellsARunningClusterWithTwoDockerCommands(t *testing.T) {
	b, created := made(t, twoNodes())
	b.docker.commands = nil
	o, err := b.engine.Inspect(t.Context(), "dev", created.Credentials)
	require.NoError(t, err)
	assert.Equal(t, created, o)
	assert.Len(t, b.docker.commands, 2, "reading must be quick: %s", b.docker.commands)
}

func TestInspectReadsCredentialsThatTheCallerDoesNotHave(t *testing.T) {
	b, created := made(t, oneNode())
	o, err := b.engine.Inspect(t.Context(), "dev", Credentials{})
	require.NoError(t, err)
	assert.Equal(t, created, o)
}

func TestInspectTellsAGoneCluster(t *testing.T) {
	o, err := newBench(t).engine.Inspect(t.Context(), "dev", Credentials{})
	require.NoError(t, err)
	assert.Equal(t, Observation{State: StateGone}, o)
}

func TestInspectTellsAStoppedClusterByOneStoppedNode(t *testing.T) {
	b, created := made(t, twoNodes())
	worker := b.docker.containers["dev-worker"]
	worker.State.Running, worker.State.Status, worker.State.ExitCode = false, "exited", 137
	o, err := b.engine.Inspect(t.Context(), "dev", created.Credentials)
	require.NoError(t, err)
	assert.Equal(t, StateStopped, o.State)
	assert.EqualError(t, o.Cause, "container dev-worker does not run: exited, exit code 137")
	assert.True(t, o.HasNode("dev-worker"))
}

func TestInspectTellsAHalfMadeCluster(t *testing.T) {
	b := newBench(t)
	require.NoError(t, b.engine.ensureNetwork(t.Context(), "kindling-dev", "dev"))
	b.docker.node("dev", "dev-control-plane", RoleControlPlane, "node:1", "kindling-dev")
	o, err := b.engine.Inspect(t.Context(), "dev", Credentials{})
	require.NoError(t, err)
	assert.Equal(t, StateHalfMade, o.State)
}

func TestInspectTellsAnUnreachableClusterAndWhy(t *testing.T) {
	b, created := made(t, oneNode())
	b.server.Close()
	o, err := b.engine.Inspect(t.Context(), "dev", created.Credentials)
	require.NoError(t, err)
	assert.Equal(t, StateUnreachable, o.State)
	assert.ErrorContains(t, o.Cause, "the containers of cluster dev run, but its API server does not answer at "+b.server.URL)
	assert.ErrorContains(t, o.Cause, "connection refused")
}

func TestAForeignClusterThatIsSilentIsNotHalfMade(t *testing.T) {
	b := newBench(t)
	b.kind.server = nil
	b.docker.networks["kind"] = &network{Name: "kind"}
	b.docker.node("dev", "dev-control-plane", RoleControlPlane, "node:1", "kind")
	o, err := b.engine.Inspect(t.Context(), "dev", Credentials{})
	require.NoError(t, err)
	assert.Equal(t, StateUnreachable, o.State)
	assert.ErrorContains(t, o.Cause, "no admin.conf")
}

func TestAClusterThatWasRecreatedIsReadWithItsOwnCredentials(t *testing.T) {
	b, _ := made(t, oneNode())
	stale := newFakeServer(t, "uid-0").credentials()
	stale.Endpoint = b.server.URL // the same port, another authority
	other, _ := keyPair(t)
	stale.CACertificate = string(other)
	o, err := b.engine.Inspect(t.Context(), "dev", stale)
	require.NoError(t, err)
	assert.Equal(t, StateRunning, o.State)
	assert.Equal(t, b.server.credentials().CACertificate, o.Credentials.CACertificate)
}

func TestAnAPIServerWhoseContainerJustStartedIsGivenAMoment(t *testing.T) {
	b, created := made(t, oneNode())
	b.engine.grace = 5 * time.Second
	silent := newFakeServer(t, "uid-1")
	created.Credentials.Endpoint = silent.URL
	silent.Close()
	b.docker.containers["dev-control-plane"].State.StartedAt = time.Now().Add(-b.engine.grace + 30*time.Millisecond)
	began := time.Now()
	o, err := b.engine.Inspect(t.Context(), "dev", created.Credentials)
	require.NoError(t, err)
	assert.Equal(t, StateUnreachable, o.State)
	assert.Greater(t, time.Since(began), 25*time.Millisecond)
	assert.Less(t, time.Since(began), 3*time.Second)
}

func TestTheSpecOfAForeignClusterIsReadFromItsContainers(t *testing.T) {
	b := newBench(t)
	node := b.docker.node("dev", "dev-control-plane", RoleControlPlane, "node:1", "kind")
	node.HostConfig.Binds = []string{"/lib/modules:/lib/modules:ro", "/data:/data:ro,rslave", "/other:/other"}
	node.HostConfig.PortBindings = map[string][]portBinding{
		"6443/tcp": {{"127.0.0.1", "40000"}}, "443/tcp": {{"127.0.0.1", "8443"}}, "80/udp": {{"0.0.0.0", "8080"}}}
	b.docker.node("dev", "dev-worker", RoleWorker, "node:1", "kind")

	o, err := b.engine.Inspect(t.Context(), "dev", b.server.credentials())
	require.NoError(t, err)
	assert.Equal(t, &Spec{Name: "dev", NodeImage: "node:1", Network: "kind", Wait: 2 * time.Minute, Nodes: []NodeSpec{
		{Role: RoleControlPlane,
			ExtraMounts: []Mount{{"/data", "/data", true}, {"/other", "/other", false}},
			PortMappings: []PortMapping{
				{ContainerPort: 80, HostPort: 8080, ListenAddress: "0.0.0.0", Protocol: "UDP"},
				{ContainerPort: 443, HostPort: 8443, ListenAddress: "127.0.0.1", Protocol: "TCP"}}},
		{Role: RoleWorker},
	}}, o.Spec("dev"))
}

package kindcluster

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// servedRegistry returns the spec of a registry on a port where a registry
// answers, as the container would. Its port counts as free: the engine that
// is faked is not asked to bind it.
func servedRegistry(t *testing.T) RegistrySpec {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	return RegistrySpec{Name: "dev-registry", Image: "registry:1", Network: "kindling-dev", Cluster: "dev", Volume: "dev-registry",
		Port: server.Listener.Addr().(*net.TCPAddr).Port}
}

func TestARegistryRunsOnTheClustersNetworkWithItsVolume(t *testing.T) {
	b := newBench(t)
	spec := servedRegistry(t)
	registry, err := b.engine.RunRegistry(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	assert.Equal(t, Registry{RegistrySpec: spec, ContainerID: "id-dev-registry", Running: true}, registry)
	assert.Equal(t, "dev", b.docker.volumes["dev-registry"])
	assert.True(t, b.docker.networks["kindling-dev"].isOurs("dev"))
	assert.Equal(t, 1, b.docker.count("run --detach --name dev-registry --label kindling.internal/cluster=dev --network kindling-dev --restart unless-stopped --publish 127.0.0.1:"))
}

func TestRunningARegistryAgainReplacesTheContainerAndKeepsTheVolume(t *testing.T) {
	b := newBench(t)
	spec := servedRegistry(t)
	_, err := b.engine.RunRegistry(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	b.docker.images["registry:2"] = true
	spec.Image = "registry:2"
	registry, err := b.engine.RunRegistry(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	assert.Equal(t, "registry:2", registry.Image)
	assert.Equal(t, 1, b.docker.count("volume create"))
	assert.Zero(t, b.docker.count("volume rm"))
}

func TestWhatSomebodyElseMadeIsNotTouched(t *testing.T) {
	spec := servedRegistry(t)
	t.Run("container", func(t *testing.T) {
		b := newBench(t)
		b.docker.containers["dev-registry"] = &fakeContainer{}
		_, err := b.engine.RunRegistry(t.Context(), spec, b.steps.add)
		assert.EqualError(t, err, "a container named dev-registry is there already, and was not made by this provider")
	})
	t.Run("volume", func(t *testing.T) {
		b := newBench(t)
		b.docker.volumes["dev-registry"] = ""
		_, err := b.engine.RunRegistry(t.Context(), spec, b.steps.add)
		assert.EqualError(t, err, "a volume named dev-registry is there already, and was not made by this provider")
		require.NoError(t, b.engine.DeleteRegistry(t.Context(), spec))
		assert.Contains(t, b.docker.volumes, "dev-registry")
	})
}

func TestARegistryThatEndsIsAFailureWithItsLastWords(t *testing.T) {
	b := newBench(t)
	spec := servedRegistry(t)
	b.docker.ran = func(string) {
		b.docker.containers["dev-registry"].State.Running = false
		b.docker.containers["dev-registry"].logs = "registry: images cannot be stored\n"
	}
	_, err := b.engine.RunRegistry(t.Context(), spec, b.steps.add)
	assert.ErrorContains(t, err, "registry dev-registry does not answer at http://127.0.0.1:")
	assert.ErrorContains(t, err, "registry: images cannot be stored")
	assert.Empty(t, b.docker.containers, "the failed container is removed")
	assert.Contains(t, b.docker.volumes, "dev-registry", "the images are not")
}

func TestAStoppedRegistryIsSeenAndStarted(t *testing.T) {
	b := newBench(t)
	spec := servedRegistry(t)
	_, err := b.engine.RunRegistry(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	b.docker.containers["dev-registry"].State.Running = false
	registry, err := b.engine.InspectRegistry(t.Context(), "dev-registry")
	require.NoError(t, err)
	assert.False(t, registry.Running)

	started, err := b.engine.StartRegistry(t.Context(), spec)
	require.NoError(t, err)
	assert.True(t, started.Running)
}

func TestDeletingARegistryRemovesContainerVolumeAndNetwork(t *testing.T) {
	b := newBench(t)
	spec := servedRegistry(t)
	_, err := b.engine.RunRegistry(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	require.NoError(t, b.engine.DeleteRegistry(t.Context(), spec))
	left, err := b.engine.Leftovers(t.Context(), "dev")
	require.NoError(t, err)
	assert.Empty(t, left)
	registry, err := b.engine.InspectRegistry(t.Context(), "dev-registry")
	require.NoError(t, err)
	assert.Nil(t, registry)
	assert.NoError(t, b.engine.DeleteRegistry(t.Context(), spec))
}

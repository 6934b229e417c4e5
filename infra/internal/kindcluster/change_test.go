package kindcluster

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStartStartsWhatIsStoppedAndWaitsForItsKubelet(t *testing.T) {
	b, _ := made(t, twoNodes())
	b.docker.containers["dev-worker"].State.Running = false
	b.docker.ran = func(string) {
		// The API server still calls the node Ready; only a new lease counts.
		go func() {
			time.Sleep(20 * time.Millisecond)
			b.server.addNode("dev-worker")
		}()
	}
	began := time.Now()
	o, err := b.engine.Start(t.Context(), twoNodes(), b.steps.add)
	require.NoError(t, err)
	assert.Equal(t, "uid-1", o.UID)
	assert.Equal(t, 1, b.docker.count("start dev-worker"))
	assert.Greater(t, time.Since(began), 15*time.Millisecond)
}

func TestStartNamesTheKubeletThatStaysSilent(t *testing.T) {
	b, _ := made(t, oneNode())
	b.docker.containers["dev-control-plane"].State.Running = false
	spec := oneNode()
	spec.Wait = 20 * time.Millisecond
	_, err := b.engine.Start(t.Context(), spec, b.steps.add)
	assert.ErrorContains(t, err, "node dev-control-plane: its kubelet has not reported since the start")
}

func TestStartSaysWhatDockerSays(t *testing.T) {
	b, _ := made(t, oneNode())
	b.docker.containers["dev-control-plane"].State.Running = false
	b.docker.fail["start"] = "port is already allocated"
	_, err := b.engine.Start(t.Context(), oneNode(), b.steps.add)
	assert.ErrorContains(t, err, "the containers of cluster dev cannot be started: docker start dev-control-plane: port is already allocated")
}

func TestUpdateChangesMirrorsInEveryNodeAndRemembersThem(t *testing.T) {
	old := twoNodes()
	old.RegistryMirrors = map[string][]string{"docker.io": {"http://a:5000"}, "quay.io": {"http://a:5000"}}
	b, _ := made(t, old)
	spec := twoNodes()
	spec.RegistryMirrors = map[string][]string{"docker.io": {"http://b:5000"}}

	require.NoError(t, b.engine.Update(t.Context(), old, spec, b.steps.add))
	for _, node := range []string{"dev-control-plane", "dev-worker"} {
		assert.Equal(t, 1, b.docker.count("exec "+node+" rm -rf /etc/containerd/certs.d/quay.io"))
		assert.Contains(t, b.docker.containers[node].files["/etc/containerd/certs.d/docker.io/hosts.toml"], "http://b:5000")
	}
	remembered, err := b.engine.ReadSpec(t.Context(), "dev")
	require.NoError(t, err)
	assert.Equal(t, spec.RegistryMirrors, remembered.RegistryMirrors)
}

func TestUpdateDeletesObjectsThatNoManifestHasAnyMore(t *testing.T) {
	namespace := func(name string) string {
		return "apiVersion: v1\nkind: Namespace\nmetadata:\n    name: " + name + "\n"
	}
	old := map[string]string{"first": namespace("a") + "---\n" + namespace("b"), "second": namespace("c")}
	now := map[string]string{"renamed": namespace("b"), "third": namespace("d")}
	assert.Equal(t, namespace("a")+"---\n"+namespace("c"), string(join(obsolete(old, now))))

	b, _ := made(t, oneNode())
	before, spec := oneNode(), oneNode()
	before.Manifests, spec.Manifests = old, now
	require.NoError(t, b.engine.Update(t.Context(), before, spec, b.steps.add))
	kubectl := "exec --interactive dev-control-plane kubectl --kubeconfig=/etc/kubernetes/admin.conf "
	assert.Equal(t, 1, b.docker.count(kubectl+"delete --ignore-not-found --wait=false --filename=-"))
	assert.Equal(t, 1, b.docker.count(kubectl+"apply --server-side"))
}

func TestUpdateOfNothingAsksNothing(t *testing.T) {
	b, _ := made(t, oneNode())
	b.docker.commands = nil
	require.NoError(t, b.engine.Update(t.Context(), oneNode(), oneNode(), b.steps.add))
	assert.Empty(t, b.docker.commands)
}

func TestDeleteRemovesNodesAndNetworkAndLeavesNothing(t *testing.T) {
	b, _ := made(t, twoNodes())
	left, err := b.engine.Leftovers(t.Context(), "dev")
	require.NoError(t, err)
	assert.Equal(t, []string{"container dev-control-plane", "container dev-worker", "network kindling-dev"}, left)

	require.NoError(t, b.engine.Delete(t.Context(), "dev", "kindling-dev", b.steps.add))
	left, err = b.engine.Leftovers(t.Context(), "dev")
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.NoError(t, b.engine.Delete(t.Context(), "dev", "kindling-dev", b.steps.add), "deleting what is gone is no error")
}

func TestDeleteLeavesANetworkThatSomethingElseUsesOrMade(t *testing.T) {
	b, _ := made(t, oneNode())
	_, err := b.engine.RunRegistry(t.Context(), servedRegistry(t), b.steps.add)
	require.NoError(t, err)
	require.NoError(t, b.engine.Delete(t.Context(), "dev", "kindling-dev", b.steps.add))
	assert.Contains(t, b.docker.networks, "kindling-dev")

	b.docker.networks["office"] = &network{Name: "office"}
	require.NoError(t, b.engine.Delete(t.Context(), "dev", "office", b.steps.add))
	assert.Contains(t, b.docker.networks, "office")
}

func TestDeleteFailsWhenAContainerStays(t *testing.T) {
	b, _ := made(t, oneNode())
	b.docker.fail["rm"] = "device or resource busy"
	err := b.engine.Delete(t.Context(), "dev", "kindling-dev", b.steps.add)
	assert.EqualError(t, err, "1 containers of cluster dev could not be removed: docker rm --force --volumes: device or resource busy")
}

func TestSweepRemovesWhatWasMadeHereAndNoClusterOfKindItself(t *testing.T) {
	b, _ := made(t, twoNodes())
	_, err := b.engine.RunRegistry(t.Context(), servedRegistry(t), b.steps.add)
	require.NoError(t, err)
	require.NoError(t, b.engine.Sweep(t.Context(), "dev"))
	left, err := b.engine.Leftovers(t.Context(), "dev")
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.NoError(t, b.engine.Sweep(t.Context(), "dev"), "sweeping what is gone is no error")

	b, _ = made(t, oneNode())
	b.docker.networks["kindling-dev"].Labels = nil // as if kind had made it all
	require.NoError(t, b.engine.Sweep(t.Context(), "dev"))
	assert.Contains(t, b.docker.containers, "dev-control-plane")
}

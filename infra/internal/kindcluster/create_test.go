package kindcluster

import (
	"archive/tar"
	"context"
	"errors"
	"io"
	"iter"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/kind/pkg/exec"
)

func readTar(archive io.Reader) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		reader := tar.NewReader(archive)
		for {
			header, err := reader.Next()
			if err != nil {
				return
			}
			content, _ := io.ReadAll(reader)
			if header.Typeflag == tar.TypeReg && !yield(header.Name, string(content)) {
				return
			}
		}
	}
}

func TestCreateMakesAClusterAndMarksItComplete(t *testing.T) {
	b := newBench(t)
	spec := twoNodes()
	spec.RegistryMirrors = map[string][]string{"docker.io": {"http://mirror:5000"}}
	spec.Manifests = map[string]string{"a": "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}\n"}

	o, err := b.engine.Create(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	assert.Equal(t, StateRunning, o.State)
	assert.Equal(t, "uid-1", o.UID)
	assert.Equal(t, b.server.URL, o.Credentials.Endpoint)
	assert.Equal(t, b.server.kubeconfig(), o.Credentials.Kubeconfig)
	assert.Equal(t, "kindling-dev", b.kind.environment["KIND_EXPERIMENTAL_DOCKER_NETWORK"])
	assert.Contains(t, b.docker.networks, "kindling-dev")
	for _, node := range []string{"dev-control-plane", "dev-worker"} {
		assert.Contains(t, b.docker.containers[node].files, "/etc/containerd/certs.d/docker.io/hosts.toml")
	}
	assert.Equal(t, 1, b.docker.count("exec --interactive dev-control-plane kubectl --kubeconfig=/etc/kubernetes/admin.conf apply"))

	made, err := b.engine.ReadSpec(t.Context(), "dev")
	require.NoError(t, err)
	assert.Equal(t, &spec, made)
}

func TestCreateReplacesWhatAKilledCreationLeft(t *testing.T) {
	b := newBench(t)
	require.NoError(t, b.engine.ensureNetwork(t.Context(), "kindling-dev", "dev"))
	old := b.docker.node("dev", "dev-control-plane", RoleControlPlane, "node:0", "kindling-dev")

	_, err := b.engine.Create(t.Context(), oneNode(), b.steps.add)
	require.NoError(t, err)
	assert.NotSame(t, old, b.docker.containers["dev-control-plane"])
	assert.Contains(t, b.steps.text(), "removing dev-control-plane, which an interrupted creation left")
}

func TestCreateTakesOverACompleteClusterOfTheSameSpec(t *testing.T) {
	b := newBench(t)
	_, err := b.engine.Create(t.Context(), oneNode(), b.steps.add)
	require.NoError(t, err)
	before := b.docker.containers["dev-control-plane"]
	before.State.Running = false

	spec := oneNode()
	spec.RegistryMirrors = map[string][]string{"quay.io": {"http://mirror:5000"}}
	b.docker.ran = func(string) { b.server.addNode("dev-control-plane") }
	o, err := b.engine.Create(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	assert.Equal(t, "uid-1", o.UID)
	assert.Same(t, before, b.docker.containers["dev-control-plane"])
	assert.Contains(t, before.files, "/etc/containerd/certs.d/quay.io/hosts.toml")
}

func TestCreateRefusesWhatIsNotItsToReplace(t *testing.T) {
	t.Run("a complete cluster of another spec", func(t *testing.T) {
		b := newBench(t)
		_, err := b.engine.Create(t.Context(), oneNode(), b.steps.add)
		require.NoError(t, err)
		other := oneNode()
		other.EncryptSecrets = true
		for _, spec := range []Spec{other, twoNodes()} {
			_, err = b.engine.Create(t.Context(), spec, b.steps.add)
			assert.EqualError(t, err, "a cluster named dev is there already, made from another configuration: containers dev-control-plane")
			assert.Contains(t, b.docker.containers, "dev-control-plane")
		}
	})
	t.Run("a cluster of kind's own command", func(t *testing.T) {
		b := newBench(t)
		b.docker.networks["kind"] = &network{Name: "kind"}
		b.docker.node("dev", "dev-control-plane", RoleControlPlane, "node:0", "kind")
		_, err := b.engine.Create(t.Context(), oneNode(), b.steps.add)
		assert.EqualError(t, err, "a kind cluster named dev is there already, and was not made by this provider: containers dev-control-plane")
		assert.Contains(t, b.docker.containers, "dev-control-plane")
	})
}

func TestAFailedCreationSaysWhyAndLeavesNothing(t *testing.T) {
	b := newBench(t)
	output := "I0101 00:00:00 verbose\n[kubelet-check] waiting\n\tk8s.io/stack\nerror: error execution phase wait-control-plane\n"
	b.kind.err = &exec.RunError{Command: []string{"docker", "exec", "--privileged", "dev-control-plane", "kubeadm", "init", "--v=6"},
		Output: []byte(output), Inner: errors.New("exit status 1")}
	b.docker.answers = map[string]string{
		"exec dev-control-plane sh -c cat $(ls -t /var/log/pods/kube-system_kube-apiserver-": "2026-01-01T00:00:00Z stderr F I0101 starting\n2026-01-01T00:00:00Z stderr F Error: unknown flag: --no-such-flag\n",
		"exec dev-control-plane journalctl":                                                  "I0101 fine\nE0101 run.go:72] \"command failed\" err=\"cgroup v1\"\n",
	}

	_, err := b.engine.Create(t.Context(), oneNode(), b.steps.add)
	var failure *Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "kind could not make cluster dev", failure.Cause)
	assert.Equal(t, "docker exec --privileged dev-control-plane kubeadm init: error: error execution phase wait-control-plane\n"+
		"kube-apiserver: Error: unknown flag: --no-such-flag\n"+
		"kubelet: E0101 run.go:72] \"command failed\" err=\"cgroup v1\"", failure.Seen)
	assert.Empty(t, b.docker.containers)
	assert.Empty(t, b.docker.networks)
}

func TestAnOutputWithoutErrorsIsShownFromItsEnd(t *testing.T) {
	assert.Equal(t, "two\nthree", complaint("I0101 00:00:00 one\ntwo\n\n  goroutine\nthree\n"))
}

func TestACancelledCreationLeavesNothing(t *testing.T) {
	b := newBench(t)
	b.kind.hang = make(chan struct{})
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-b.kind.hang
		cancel()
	}()
	_, err := b.engine.Create(ctx, twoNodes(), b.steps.add)
	assert.EqualError(t, err, "the creation of cluster dev was interrupted: context canceled")
	assert.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, b.docker.containers)
	assert.Empty(t, b.docker.networks)
}

func TestCreateFailsWhenKindHasNoStepToPutFilesAt(t *testing.T) {
	b := newBench(t)
	b.kind.silent = true
	_, err := b.engine.Create(t.Context(), oneNode(), b.steps.add)
	assert.ErrorContains(t, err, `kind did not announce its step "Writing configuration"`)
	assert.Empty(t, b.docker.containers)
}

func TestCreateFailsWhenFilesCannotBeWritten(t *testing.T) {
	b := newBench(t)
	b.docker.fail["cp -"] = "no space left on device"
	spec := oneNode()
	spec.EncryptSecrets = true
	_, err := b.engine.Create(t.Context(), spec, b.steps.add)
	assert.ErrorContains(t, err, "write files into node dev-control-plane: docker cp - dev-control-plane:/: no space left on device")
	assert.Empty(t, b.docker.containers)
}

func TestCreateNamesTheNodesThatAreNotReady(t *testing.T) {
	b := newBench(t)
	spec := oneNode()
	spec.Wait = 30 * time.Millisecond
	b.server.nodes["dev-worker"] = "container runtime network not ready"
	_, err := b.engine.Create(t.Context(), spec, b.steps.add)
	assert.EqualError(t, err, "the nodes of cluster dev are not Ready after 30ms: node dev-worker: container runtime network not ready")
	assert.Empty(t, b.docker.containers)
}

func TestCreateLeavesTheNodesToWhoeverWaitsForTheWorkloads(t *testing.T) {
	b := newBench(t)
	spec := oneNode()
	spec.Wait, spec.Unawaited = 30*time.Millisecond, true
	b.server.nodes["dev-worker"] = "container runtime network not ready"
	observation, err := b.engine.Create(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	assert.Equal(t, StateRunning, observation.State)

	for name := range b.docker.containers {
		b.docker.containers[name].State.Running = false
	}
	_, err = b.engine.Start(t.Context(), spec, b.steps.add)
	assert.ErrorContains(t, err, "container runtime network not ready", "a start is waited for: pods look ready then that are not")
}

func TestCreateDoesNotWaitForNodesWithoutACNI(t *testing.T) {
	b := newBench(t)
	spec := oneNode()
	spec.Networking = &Networking{DisableDefaultCNI: true}
	b.server.nodes["dev-worker"] = "container runtime network not ready"
	_, err := b.engine.Create(t.Context(), spec, b.steps.add)
	assert.NoError(t, err)
}

func TestCreateNamesAllPortsInUseBeforeAnythingIsMade(t *testing.T) {
	b := newBench(t)
	b.engine.proc = "/proc"
	first, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer first.Close()
	second, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer second.Close()
	spec := oneNode()
	for _, l := range []net.Listener{first, second} {
		spec.Nodes[0].PortMappings = append(spec.Nodes[0].PortMappings,
			PortMapping{ContainerPort: 80, HostPort: int32(l.Addr().(*net.TCPAddr).Port), ListenAddress: "127.0.0.1", Protocol: "TCP"})
	}
	_, err = b.engine.Create(t.Context(), spec, b.steps.add)
	var failure *Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, 2, strings.Count(failure.Seen, "is in use by kindcluster.tes (pid "), failure.Seen)
	assert.Zero(t, b.docker.count("network create"))
}

func TestCreatePullsAnImageThatIsMissing(t *testing.T) {
	b := newBench(t)
	spec := oneNode()
	spec.NodeImage = "kindest/node:v1"
	_, err := b.engine.Create(t.Context(), spec, b.steps.add)
	require.NoError(t, err)
	assert.Equal(t, 1, b.docker.count("pull --quiet kindest/node:v1"))

	spec.Name, spec.NodeImage = "other", "kindling.internal/node:v1"
	_, err = b.engine.Create(t.Context(), spec, b.steps.add)
	assert.ErrorContains(t, err, "image kindling.internal/node:v1 is not in the engine")
	assert.Equal(t, 1, b.docker.count("pull"))
}

func TestASecondCreationWaitsForTheFirst(t *testing.T) {
	b := newBench(t)
	unlock, err := b.engine.lock(t.Context(), "dev", b.steps.add)
	require.NoError(t, err)
	done := make(chan error, 1)
	go func() {
		_, err := b.engine.Create(t.Context(), oneNode(), b.steps.add)
		done <- err
	}()
	require.Eventually(t, func() bool { return strings.Contains(b.steps.text(), "waiting for process") }, 5*time.Second, time.Millisecond)
	assert.Empty(t, b.docker.commands)
	unlock()
	assert.NoError(t, <-done)
}

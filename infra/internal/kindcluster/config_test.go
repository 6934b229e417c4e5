package kindcluster

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

func TestNodesAreNamedAsKindNamesThem(t *testing.T) {
	nodes := []NodeSpec{{Role: RoleWorker}, {Role: RoleControlPlane}, {Role: RoleWorker}, {Role: RoleControlPlane}, {Role: RoleWorker}}
	assert.Equal(t, []string{"dev-worker", "dev-control-plane", "dev-worker2", "dev-control-plane2", "dev-worker3"}, NodeNames("dev", nodes))
}

func TestTaintsOfASingleNodeKeepTheOneThatKindTakesAway(t *testing.T) {
	taint := Taint{Key: "dedicated", Value: "x", Effect: "NoExecute"}
	spec := oneNode()
	spec.Nodes[0].Taints = []Taint{taint}
	config, err := kindConfig(spec, Host{})
	require.NoError(t, err)
	require.Len(t, config.Nodes[0].KubeadmConfigPatches, 2)
	var patch struct {
		Kind             string
		NodeRegistration struct{ Taints []Taint } `yaml:"nodeRegistration"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(config.Nodes[0].KubeadmConfigPatches[0]), &patch))
	assert.Equal(t, "InitConfiguration", patch.Kind)
	assert.Equal(t, []Taint{taint, {Key: "node-role.kubernetes.io/control-plane", Effect: "NoSchedule"}}, patch.NodeRegistration.Taints)

	spec = twoNodes()
	spec.Nodes[1].Taints = []Taint{taint}
	config, err = kindConfig(spec, Host{})
	require.NoError(t, err)
	require.NoError(t, yaml.Unmarshal([]byte(config.Nodes[1].KubeadmConfigPatches[1]), &patch))
	assert.Equal(t, "JoinConfiguration", patch.Kind)
	assert.Equal(t, []Taint{taint}, patch.NodeRegistration.Taints)
}

func TestOnlyAHostThatNeedsAdaptationsGetsThem(t *testing.T) {
	plain, err := kindConfig(oneNode(), Host{})
	require.NoError(t, err)
	assert.Equal(t, []string{controllerManagerPatch}, plain.KubeadmConfigPatches)
	assert.Empty(t, plain.ContainerdConfigPatches)

	confined, err := kindConfig(oneNode(), Host{CgroupV1: true, KeepsOOMScore: true})
	require.NoError(t, err)
	assert.Equal(t, []string{controllerManagerPatch, "kind: KubeletConfiguration\nfailCgroupV1: false\n"}, confined.KubeadmConfigPatches)
	assert.Equal(t, []string{
		"version = 2\n[plugins.\"io.containerd.grpc.v1.cri\"]\nrestrict_oom_score_adj = true\n",
		"version = 3\n[plugins.\"io.containerd.cri.v1.runtime\"]\nrestrict_oom_score_adj = true\n",
	}, confined.ContainerdConfigPatches)
}

func TestTheHostIsAskedForWhatItLacks(t *testing.T) {
	for capabilities, keeps := range map[string]bool{"000001ffffffffff": false, "000001fffeffffff": true} {
		b := newBench(t)
		b.docker.cgroups = "1"
		// The engine's process where it is known, else this one.
		for _, process := range []string{"self", "1"} {
			require.NoError(t, os.MkdirAll(filepath.Join(b.engine.proc, process), 0o755))
			require.NoError(t, os.WriteFile(filepath.Join(b.engine.proc, process, "status"), []byte("Name:\tx\nCapBnd:\t"+capabilities+"\n"), 0o600))
		}
		b.engine.pidFiles = []string{filepath.Join(b.engine.proc, "docker.pid")}
		require.NoError(t, os.WriteFile(b.engine.pidFiles[0], []byte("1\n"), 0o600))
		host, err := b.engine.host(t.Context())
		require.NoError(t, err)
		assert.Equal(t, Host{CgroupV1: true, KeepsOOMScore: keeps, Local: true}, host)
	}
}

func TestTheAPIServerIsGivenItsFilesBesideTheUsersOwnVolumes(t *testing.T) {
	spec := oneNode()
	spec.EncryptSecrets = true
	spec.AuditPolicy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]\n"
	spec.KubeadmConfigPatches = []string{"kind: ClusterConfiguration\napiServer:\n  extraVolumes: [{name: mine, hostPath: /mine, mountPath: /mine}]\n"}
	config, err := kindConfig(spec, Host{})
	require.NoError(t, err)
	require.Len(t, config.KubeadmConfigPatches, 3)
	var patch struct {
		APIServer struct {
			ExtraArgs    map[string]string `yaml:"extraArgs"`
			ExtraVolumes []struct{ Name string }
		} `yaml:"apiServer"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(config.KubeadmConfigPatches[2]), &patch))
	assert.Equal(t, map[string]string{
		"encryption-provider-config": "/etc/kindling/encryption.yaml", "audit-policy-file": "/etc/kindling/audit-policy.yaml",
		"audit-log-path": "/var/log/kubernetes/audit.log", "audit-log-maxsize": "50", "audit-log-maxbackup": "2", "audit-log-maxage": "7",
	}, patch.APIServer.ExtraArgs)
	assert.Contains(t, config.KubeadmConfigPatches[2], "name: mine")
	assert.Contains(t, config.KubeadmConfigPatches[2], "name: kindling")
	assert.Contains(t, config.KubeadmConfigPatches[2], "name: audit-logs")
}

func TestTheControllerManagerOfANewClusterIsNotThrottled(t *testing.T) {
	spec := oneNode()
	mine := "kind: ClusterConfiguration\ncontrollerManager:\n  extraArgs: {kube-api-qps: \"5\"}\n"
	spec.KubeadmConfigPatches = []string{mine}
	config, err := kindConfig(spec, Host{})
	require.NoError(t, err)
	assert.Equal(t, []string{controllerManagerPatch, mine}, config.KubeadmConfigPatches, "the user's own comes later, and wins")
	var patch struct {
		ControllerManager struct {
			ExtraArgs map[string]string `yaml:"extraArgs"`
		} `yaml:"controllerManager"`
	}
	require.NoError(t, yaml.Unmarshal([]byte(controllerManagerPatch), &patch))
	assert.Equal(t, map[string]string{"kube-api-qps": "200", "kube-api-burst": "400"}, patch.ControllerManager.ExtraArgs)
}

func TestTheEncryptionKeyIsAnotherForEachClusterAndOnlyInItsControlPlane(t *testing.T) {
	spec := twoNodes()
	spec.EncryptSecrets = true
	var configurations []string
	for range 2 {
		b, _ := made(t, spec)
		configuration := b.docker.containers["dev-control-plane"].files[encryptionFile]
		require.Contains(t, configuration, "secretbox")
		assert.NotContains(t, b.docker.containers["dev-worker"].files, encryptionFile)
		assert.NotContains(t, b.docker.containers["dev-control-plane"].files[markerFile], "secretbox")
		configurations = append(configurations, configuration)
	}
	assert.NotEqual(t, configurations[0], configurations[1])
}

func TestPortsClashOnTheSameOrOnAllAddresses(t *testing.T) {
	port := func(address, protocol string, number int32) PortMapping {
		return PortMapping{HostPort: number, ListenAddress: address, Protocol: protocol}
	}
	a := port("127.0.0.1", "TCP", 80)
	assert.True(t, a.Clashes(port("127.0.0.1", "TCP", 80)))
	assert.True(t, a.Clashes(port("0.0.0.0", "TCP", 80)))
	assert.True(t, port("", "TCP", 80).Clashes(a))
	assert.False(t, a.Clashes(port("127.0.0.2", "TCP", 80)))
	assert.False(t, a.Clashes(port("127.0.0.1", "UDP", 80)))
	assert.False(t, port("127.0.0.1", "TCP", 0).Clashes(port("127.0.0.1", "TCP", 0)))
}

func TestBehindAProxyTheRegistryBesideTheNodesIsReachedDirectly(t *testing.T) {
	spec := oneNode()
	spec.RegistryMirrors = map[string][]string{"a": {"http://dev-registry:5000", "https://mirror.example.com"}, "b": {"http://dev-registry:5000/v2/b"}}
	lookup := func(values map[string]string) func(string) (string, bool) {
		return func(name string) (string, bool) { value, found := values[name]; return value, found }
	}
	network := map[string]string{"KIND_EXPERIMENTAL_DOCKER_NETWORK": "kindling-dev"}
	assert.Equal(t, network, environment(spec, lookup(nil)))
	assert.Equal(t, map[string]string{
		"KIND_EXPERIMENTAL_DOCKER_NETWORK": "kindling-dev",
		"NO_PROXY":                         "dev-registry,intern", "no_proxy": "dev-registry,intern",
	}, environment(spec, lookup(map[string]string{"https_proxy": "http://proxy:3128", "NO_PROXY": "intern"})))
}

func TestStepsOfKindAreReadFromItsLog(t *testing.T) {
	var seen []string
	logger := stepLogger{func(step string) { seen = append(seen, step) }}
	logger.V(0).Infof("Creating cluster %q ...\n", "dev")
	logger.V(0).Info(" • Writing configuration 📜  ...\n")
	logger.V(0).Infof(" • %s  ...\n", "Ensuring node image (node:1) 🖼️")
	logger.V(0).Info(" ✓ Writing configuration 📜\n")
	logger.V(1).Info(" • more ...")
	logger.Warn("here be dragons")
	logger.Error("failed to update kubeconfig")
	assert.Equal(t, []string{"Writing configuration", "Ensuring node image (node:1)", "failed to update kubeconfig"}, seen)
}

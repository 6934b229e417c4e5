package provider

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/infra/internal/kindcluster"
)

func controlPlane(attributes map[string]any) map[string]any {
	node := map[string]any{"role": "control-plane"}
	for name, value := range attributes {
		node[name] = value
	}
	return node
}

func worker() map[string]any { return map[string]any{"role": "worker"} }

func publishing(port int) map[string]any {
	return map[string]any{"port_mappings": []any{map[string]any{"container_port": 80, "host_port": port}}}
}

// dev is a configuration that says no more than it must.
func dev(changes map[string]any) map[string]any {
	attributes := map[string]any{"name": "dev", "node_image": "node:1", "nodes": []any{controlPlane(publishing(8080)), worker()}}
	for name, value := range changes {
		attributes[name] = value
	}
	return attributes
}

func TestAClusterIsMadeAsConfiguredWithTheDefaultsFilledIn(t *testing.T) {
	engine := &fakeEngine{uid: "uid-1"}
	tf := newTerraform(t, "kind_cluster", engine)
	state := tf.created(tf.config(dev(map[string]any{
		"registry_mirrors": map[string]any{"docker.io": []any{"http://mirror:5000"}}, "encrypt_secrets": true, "wait": "90s",
	})))

	assert.Equal(t, kindcluster.Spec{
		Name: "dev", NodeImage: "node:1", Network: "kindling-dev", EncryptSecrets: true, Wait: 90e9,
		Nodes: []kindcluster.NodeSpec{
			{Role: "control-plane", Labels: map[string]string{}, PortMappings: []kindcluster.PortMapping{
				{ContainerPort: 80, HostPort: 8080, ListenAddress: "127.0.0.1", Protocol: "TCP"}}},
			{Role: "worker", Labels: map[string]string{}},
		},
		Networking:           &kindcluster.Networking{PodSubnet: "10.244.0.0/16", ServiceSubnet: "10.96.0.0/16", APIServerAddress: "127.0.0.1", KubeProxyMode: "iptables"},
		KubeadmConfigPatches: []string{}, ContainerdConfigPatches: []string{},
		RegistryMirrors: map[string][]string{"docker.io": {"http://mirror:5000"}},
		FeatureGates:    map[string]bool{}, RuntimeConfig: map[string]string{}, Manifests: map[string]string{},
	}, *engine.made)
	for attribute, value := range map[string]string{
		"endpoint": "https://127.0.0.1:6443", "ca_certificate": "CA", "client_certificate": "CERT", "client_key": "KEY",
		"kubeconfig": "KUBECONFIG", "uid": "uid-1", "status": "running", "network": "kindling-dev",
	} {
		assert.Equal(t, value, textOf(t, state, attribute), attribute)
	}
}

func TestAPlanOfAnUnchangedClusterIsEmpty(t *testing.T) {
	tf := newTerraform(t, "kind_cluster", &fakeEngine{uid: "uid-1"})
	config := tf.config(dev(nil))
	state := tf.created(config)

	read := tf.read(state)
	assert.True(t, read.state.Equal(state), "reading must change nothing")
	planned := tf.plan(read.state, config)
	assert.True(t, planned.state.Equal(state))
	assert.Empty(t, planned.warnings)
}

func TestAClusterThatIsGoneOrHalfMadeIsPlannedToBeCreated(t *testing.T) {
	for _, seen := range []*kindcluster.Observation{nil, {State: kindcluster.StateHalfMade}} {
		engine := &fakeEngine{}
		tf := newTerraform(t, "kind_cluster", engine)
		state := tf.created(tf.config(dev(nil)))
		engine.cluster = seen

		read := tf.read(state)
		assert.Empty(t, read.errors)
		assert.True(t, read.state.IsNull(), "Terraform creates what is not in the state")
	}
}

func TestAStoppedClusterIsPlannedToRunAndIsStarted(t *testing.T) {
	engine := &fakeEngine{uid: "uid-1"}
	tf := newTerraform(t, "kind_cluster", engine)
	config := tf.config(dev(nil))
	state := tf.created(config)
	engine.cluster.State = kindcluster.StateStopped

	read := tf.read(state)
	require.Empty(t, read.errors)
	assert.Equal(t, "stopped", textOf(t, read.state, "status"))
	planned := tf.plan(read.state, config)
	assert.Equal(t, "running", textOf(t, planned.state, "status"))
	assert.Empty(t, planned.replaces)
	assert.Equal(t, "https://127.0.0.1:6443", textOf(t, planned.state, "endpoint"), "starting changes no credentials")

	applied := tf.apply(t.Context(), read.state, config, planned.state)
	require.Empty(t, applied.errors)
	assert.Equal(t, "running", textOf(t, applied.state, "status"))
	assert.Equal(t, []string{"create dev", "start dev", "update dev"}, engine.calls)
}

func TestAnUnreachableClusterIsAnErrorWithItsCause(t *testing.T) {
	engine := &fakeEngine{}
	tf := newTerraform(t, "kind_cluster", engine)
	state := tf.created(tf.config(dev(nil)))
	engine.cluster.State = kindcluster.StateUnreachable
	engine.cluster.Cause = &kindcluster.Failure{Cause: "the API server is silent", Err: errors.New("connection refused"), Next: "docker restart it"}

	assert.Equal(t, []string{"cluster dev does not answer\nthe API server is silent\nseen: connection refused\nnext: docker restart it"}, tf.read(state).errors)
}

func TestAnotherClusterOfTheSameNameIsPointedOut(t *testing.T) {
	engine := &fakeEngine{uid: "uid-1"}
	tf := newTerraform(t, "kind_cluster", engine)
	state := tf.created(tf.config(dev(nil)))
	engine.cluster.UID = "uid-2"

	read := tf.read(state)
	require.Len(t, read.warnings, 1)
	assert.Contains(t, read.warnings[0], "was uid-1 and is uid-2")
	assert.Equal(t, "uid-2", textOf(t, read.state, "uid"))
}

func TestAPlanSaysWhyAChangeRecreatesTheCluster(t *testing.T) {
	cases := map[string]struct {
		change map[string]any
		why    []string
	}{
		"image":    {map[string]any{"node_image": "node:2"}, []string{"node_image changed: a node's container cannot take another image"}},
		"port":     {map[string]any{"nodes": []any{controlPlane(publishing(8081)), worker()}}, []string{"nodes[0].port_mappings changed: kind cannot change the published ports of a running node"}},
		"new port": {map[string]any{"nodes": []any{controlPlane(publishing(8080)), map[string]any{"role": "worker", "port_mappings": []any{map[string]any{"container_port": 1, "host_port": 2}}}}}, []string{"nodes[1].port_mappings changed"}},
		"node":     {map[string]any{"nodes": []any{controlPlane(publishing(8080)), worker(), worker()}}, []string{"nodes changed: kind cannot add nodes to a cluster"}},
		"label":    {map[string]any{"nodes": []any{controlPlane(publishing(8080)), map[string]any{"role": "worker", "labels": map[string]any{"a": "b"}}}}, []string{"nodes[1].labels changed"}},
		"subnet":   {map[string]any{"networking": map[string]any{"pod_subnet": "10.1.0.0/16"}}, []string{"networking changed: the control plane is given its addresses"}},
		"two things": {map[string]any{"encrypt_secrets": true, "feature_gates": map[string]any{"X": true}},
			[]string{"encrypt_secrets changed", "\nand because feature_gates changed"}},
		"network": {map[string]any{"network": unknown{}}, []string{"network changed"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			tf := newTerraform(t, "kind_cluster", &fakeEngine{})
			state := tf.created(tf.config(dev(nil)))
			planned := tf.plan(state, tf.config(dev(c.change)))
			require.Empty(t, planned.errors)
			require.Len(t, planned.warnings, 1)
			assert.Contains(t, planned.warnings[0], "cluster dev is recreated, with everything in it\nreplacing because ")
			for _, why := range c.why {
				assert.Contains(t, planned.warnings[0], why)
			}
			assert.NotEmpty(t, planned.replaces)
		})
	}
}

func TestMirrorsManifestsAndWaitAreChangedInPlace(t *testing.T) {
	engine := &fakeEngine{}
	tf := newTerraform(t, "kind_cluster", engine)
	state := tf.created(tf.config(dev(nil)))
	config := tf.config(dev(map[string]any{
		"registry_mirrors": map[string]any{"quay.io": []any{"http://m:5000"}},
		"manifests":        map[string]any{"a": "apiVersion: v1\nkind: Namespace\nmetadata: {name: a}"},
		"wait":             "3m",
	}))
	planned := tf.plan(state, config)
	assert.Empty(t, planned.replaces)
	assert.Empty(t, planned.warnings)
	assert.True(t, attributeOf(t, planned.state, "kubeconfig").IsKnown(), "who uses the cluster must not be planned anew")

	require.Empty(t, tf.apply(t.Context(), state, config, planned.state).errors)
	assert.Equal(t, []string{"create dev", "update dev"}, engine.calls)
	assert.Empty(t, engine.old.RegistryMirrors)
	assert.Equal(t, map[string][]string{"quay.io": {"http://m:5000"}}, engine.made.RegistryMirrors)
}

func TestAnImportedClusterNeedsNoChange(t *testing.T) {
	engine := &fakeEngine{uid: "uid-1"}
	tf := newTerraform(t, "kind_cluster", engine)
	config := tf.config(dev(map[string]any{
		"nodes": []any{
			controlPlane(publishing(8080)),
			map[string]any{"role": "worker", "labels": map[string]any{"a": "b"},
				"taints":       []any{map[string]any{"key": "k", "effect": "NoSchedule"}},
				"extra_mounts": []any{map[string]any{"host_path": "/a", "container_path": "/b", "read_only": true}}},
		},
		"kubeadm_config_patches": []any{"kind: ClusterConfiguration"}, "runtime_config": map[string]any{"api/alpha": "false"},
		"audit_policy": "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules: [{level: Metadata}]", "wait": "1h30m",
	}))
	state := tf.created(config)

	imported := tf.imported("dev")
	require.Empty(t, imported.errors)
	assert.Empty(t, imported.warnings)
	assert.True(t, imported.state.Equal(state), "%s\n%s", imported.state, state)
	assert.True(t, tf.plan(imported.state, config).state.Equal(state))
}

func TestAForeignClusterIsImportedFromItsContainers(t *testing.T) {
	engine := &fakeEngine{uid: "uid-1"}
	tf := newTerraform(t, "kind_cluster", engine)
	config := tf.config(dev(nil))
	tf.created(config)
	engine.made = nil
	engine.cluster.Network = "kind"

	imported := tf.imported("dev")
	require.Empty(t, imported.errors)
	require.Len(t, imported.warnings, 1)
	assert.Contains(t, imported.warnings[0], "cluster was not made by this provider")
	planned := tf.plan(imported.state, config)
	assert.Empty(t, planned.replaces, "its network was not configured, so it stays: %s", planned.warnings)
	assert.Equal(t, "kind", textOf(t, planned.state, "network"))
}

func TestAStoppedClusterIsNotImported(t *testing.T) {
	engine := &fakeEngine{cluster: &kindcluster.Observation{State: kindcluster.StateStopped,
		Cause: &kindcluster.Failure{Cause: "container dev-control-plane does not run", Next: "docker start dev-control-plane"}}}
	imported := newTerraform(t, "kind_cluster", engine).imported("dev")
	assert.Equal(t, []string{"cluster dev cannot be imported while it is stopped\ncontainer dev-control-plane does not run\nnext: docker start dev-control-plane"}, imported.errors)
}

func TestARemovedNodeIsPlannedAsAReplacement(t *testing.T) {
	engine := &fakeEngine{}
	tf := newTerraform(t, "kind_cluster", engine)
	config := tf.config(dev(nil))
	state := tf.created(config)
	engine.cluster.Nodes = engine.cluster.Nodes[:1]

	read := tf.read(state)
	assert.Equal(t, []string{"node dev-worker is gone\nIts container was removed outside of Terraform."}, read.warnings)
	planned := tf.plan(read.state, config)
	assert.Equal(t, []string{"nodes"}, planned.replaces)
	assert.Contains(t, planned.warnings[0], "kind cannot add nodes")
}

func TestAFailedCreationLeavesNoState(t *testing.T) {
	engine := &fakeEngine{err: &kindcluster.Failure{Cause: "port 80 is in use", Seen: "nginx (pid 7)", Next: "stop it"}}
	tf := newTerraform(t, "kind_cluster", engine)
	config := tf.config(dev(nil))
	applied := tf.apply(t.Context(), tf.none(), config, tf.plan(tf.none(), config).state)
	assert.Equal(t, []string{"cluster dev was not created\nport 80 is in use\nseen: nginx (pid 7)\nnext: stop it"}, applied.errors)
	assert.True(t, applied.state.IsNull())
}

func TestDestroyingRemovesClusterAndNetwork(t *testing.T) {
	engine := &fakeEngine{}
	tf := newTerraform(t, "kind_cluster", engine)
	config := tf.config(dev(nil))
	state := tf.created(config)
	require.Empty(t, tf.apply(t.Context(), state, tf.none(), tf.none()).errors)
	assert.Equal(t, []string{"create dev", "delete dev and kindling-dev"}, engine.calls)
}

func TestTheEndOfTheLifetimeCancelsACreationAndWaitsForIt(t *testing.T) {
	engine := &fakeEngine{err: errors.New("interrupted")}
	tf := newTerraform(t, "kind_cluster", engine)
	ended := make(chan struct{})
	engine.during = func(ctx context.Context) {
		go func() { tf.lifetime.End(); close(ended) }()
		<-ctx.Done()
		select {
		case <-ended:
			t.Error("the lifetime ended before the creation had cleaned up")
		default:
		}
	}
	config := tf.config(dev(nil))
	applied := tf.apply(t.Context(), tf.none(), config, tf.plan(tf.none(), config).state)
	assert.Equal(t, []string{"cluster dev was not created\ninterrupted"}, applied.errors)
	<-ended
}

func TestMistakesInAConfigurationAreExplained(t *testing.T) {
	cases := map[string]struct {
		change map[string]any
		says   string
	}{
		"name":           {map[string]any{"name": "Dev_1"}, "lower-case letters, digits and hyphens"},
		"long name":      {map[string]any{"name": "a123456789012345678901234567890123456789012345678"}, "between 1 and 48"},
		"no nodes":       {map[string]any{"nodes": []any{}}, "at least 1 elements"},
		"workers only":   {map[string]any{"nodes": []any{worker()}}, `one of the nodes must have role = "control-plane"`},
		"role":           {map[string]any{"nodes": []any{controlPlane(nil), map[string]any{"role": "master"}}}, `one of: ["control-plane" "worker"]`},
		"port":           {map[string]any{"nodes": []any{controlPlane(publishing(70000))}}, "between 0 and 65535"},
		"port twice":     {map[string]any{"nodes": []any{controlPlane(publishing(80)), map[string]any{"role": "worker", "port_mappings": []any{map[string]any{"container_port": 81, "host_port": 80}}}}}, "nodes[0].port_mappings[0] and nodes[1].port_mappings[0] both publish port 80 of 127.0.0.1"},
		"wait":           {map[string]any{"wait": "soon"}, `must be a duration like "90s"`},
		"negative wait":  {map[string]any{"wait": "-1s"}, "-1s is negative"},
		"subnet":         {map[string]any{"networking": map[string]any{"pod_subnet": "10.0.0.0"}}, "must be a CIDR block"},
		"address":        {map[string]any{"networking": map[string]any{"api_server_address": "localhost"}}, "must be an IP address"},
		"mount":          {map[string]any{"nodes": []any{controlPlane(map[string]any{"extra_mounts": []any{map[string]any{"host_path": "./a", "container_path": "/a"}}})}}, `"./a" does not start with a slash`},
		"taint":          {map[string]any{"nodes": []any{controlPlane(map[string]any{"taints": []any{map[string]any{"key": "a", "effect": "Never"}}})}}, "NoSchedule"},
		"mirror":         {map[string]any{"registry_mirrors": map[string]any{"docker.io": []any{"mirror:5000"}}}, "must be a URL"},
		"mirror host":    {map[string]any{"registry_mirrors": map[string]any{"https://docker.io": []any{"http://m"}}}, "must be a host"},
		"audit policy":   {map[string]any{"audit_policy": "kind: Policy"}, `it is a "Policy" of ""`},
		"manifest":       {map[string]any{"manifests": map[string]any{"a": "kind: Namespace"}}, "document 1 lacks apiVersion, kind or metadata.name"},
		"kube-proxy":     {map[string]any{"networking": map[string]any{"kube_proxy_mode": "ebpf"}}, "iptables"},
		"network's name": {map[string]any{"network": "a b"}, "a name that docker accepts"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			tf := newTerraform(t, "kind_cluster", &fakeEngine{})
			found := tf.validate(tf.config(dev(c.change))).errors
			require.NotEmpty(t, found)
			assert.Contains(t, strings.Join(found, "\n"), c.says)
		})
	}
}

func TestAConfigurationThatIsNotKnownYetIsNotRefused(t *testing.T) {
	tf := newTerraform(t, "kind_cluster", &fakeEngine{})
	assert.Empty(t, tf.validate(tf.config(dev(map[string]any{"nodes": unknown{}, "name": unknown{}, "wait": unknown{}}))).errors)
	planned := tf.plan(tf.none(), tf.config(dev(map[string]any{"name": unknown{}})))
	assert.Empty(t, planned.errors)
	assert.False(t, attributeOf(t, planned.state, "network").IsKnown())
	assert.Equal(t, tftypes.String, attributeOf(t, planned.state, "network").Type())
}

package provider

import (
	"fmt"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/infra/internal/kindcluster"
)

// leaveHalfMade leaves what a creation leaves that is killed between docker
// run and kubeadm.
func (a *acceptance) leaveHalfMade() {
	a.docker("network", "create", "--label", kindcluster.Label+"="+a.name, "kindling-"+a.name)
	node := a.name + "-control-plane"
	a.docker("run", "--detach", "--name", node, "--hostname", node, "--network", "kindling-"+a.name,
		"--label", "io.x-k8s.kind.cluster="+a.name, "--label", "io.x-k8s.kind.role=control-plane",
		"--entrypoint", "sleep", a.node, "infinity")
}

// isAsConfigured looks into the running cluster.
func (a *acceptance) isAsConfigured(uid string) {
	assert.Equal(a.t, uid, a.kubectl("get", "namespace", "kube-system", "--output=jsonpath={.metadata.uid}"))
	assert.Equal(a.t, "from-manifest", a.kubectl("get", "namespace", "from-manifest", "--output=jsonpath={.metadata.name}"))
	assert.Equal(a.t, a.name+"-control-plane", a.kubectl("get", "nodes", "--selector=ingress-ready=true", "--output=jsonpath={.items[*].metadata.name}"))

	a.kubectl("create", "secret", "generic", "probe", "--from-literal=value=in-clear-text")
	database := a.docker("exec", a.name+"-control-plane", "sh", "-c", "cat /var/lib/etcd/member/wal/*.wal /var/lib/etcd/member/snap/db | tr -d '\\0' | grep --text --count in-clear-text || true")
	assert.Equal(a.t, "0", database, "the secret must not lie in etcd as it was written")
	audit := a.docker("exec", a.name+"-control-plane", "sh", "-c", "grep --count '\"resource\":\"secrets\".*\"name\":\"probe\"' /var/log/kubernetes/audit.log")
	assert.NotEqual(a.t, "0", audit, "the creation of the secret must be in the audit log")
}

// pullsThrough pushes an image to the registry and has the kubelet pull it
// under a host that only the mirror configuration knows.
func (a *acceptance) pullsThrough(s settings, host string) {
	image, err := random.Image(512, 1)
	require.NoError(a.t, err)
	ref, err := name.ParseReference(fmt.Sprintf("localhost:%d/mirrored/probe:v1", s.registryPort))
	require.NoError(a.t, err)
	require.NoError(a.t, remote.Write(ref, image))
	digest, err := image.Digest()
	require.NoError(a.t, err)

	a.kubectl("run", "probe", "--restart=Never", fmt.Sprintf("--image=%s/probe@%s", host, digest))
	require.EventuallyWithT(a.t, func(c *assert.CollectT) {
		events := a.kubectl("get", "events", "--field-selector=involvedObject.name=probe", "--output=jsonpath={.items[*].message}")
		assert.Contains(c, events, "Successfully pulled image", events)
	}, 30*time.Second, 300*time.Millisecond)
	other, err := random.Image(512, 1)
	require.NoError(a.t, err)
	assert.ErrorContains(a.t, remote.Write(ref, other), "cannot be moved")
}

// mirrorsAre looks at containerd's configuration in the node.
func (a *acceptance) mirrorsAre(hosts ...string) {
	found := strings.Fields(a.docker("exec", a.name+"-control-plane", "ls", "/etc/containerd/certs.d"))
	assert.Equal(a.t, hosts, found)
}

// stillHasTheImage asks the registry on its new port for what was pushed to
// its old one.
func (a *acceptance) stillHasTheImage(s settings) {
	ref, err := name.ParseReference(fmt.Sprintf("localhost:%d/mirrored/probe:v1", s.registryPort))
	require.NoError(a.t, err)
	_, err = remote.Head(ref)
	assert.NoError(a.t, err)
}

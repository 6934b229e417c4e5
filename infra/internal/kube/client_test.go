package kube

import (
	"errors"
	"net"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clienttesting "k8s.io/client-go/testing"
)

func away(clienttesting.Action) (bool, runtime.Object, error) {
	return true, nil, &net.OpError{Op: "dial", Err: errors.New("connection refused")}
}

func TestAnAPIServerThatIsAwayIsTold(t *testing.T) {
	c, api := client()
	api.PrependReactor("*", "*", away)
	var unreachable *UnreachableError
	assert.ErrorAs(t, c.WaitReady(t.Context(), Wait{Workloads: []Workload{inventory}}), &unreachable)
	_, err := c.Snapshot(t.Context(), []Workload{inventory})
	assert.ErrorAs(t, err, &unreachable)
	_, err = c.NamespaceUID(t.Context(), "kube-system")
	assert.EqualError(t, err, "the cluster's API server does not answer: dial: connection refused")
}

func TestARefusalIsNoSilence(t *testing.T) {
	c, api := client()
	api.PrependReactor("get", "namespaces", func(clienttesting.Action) (bool, runtime.Object, error) {
		return true, nil, apierrors.NewForbidden(schema.GroupResource{Resource: "namespaces"}, "kube-system", errors.New("no"))
	})
	_, err := c.NamespaceUID(t.Context(), "kube-system")
	var unreachable *UnreachableError
	assert.NotErrorAs(t, err, &unreachable)
	assert.ErrorContains(t, err, "read namespace kube-system: ")
}

func TestTheClusterIsKnownByItsSystemNamespace(t *testing.T) {
	c, _ := client(&corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: "dev-control-plane"}})
	uid, err := c.NamespaceUID(t.Context(), "kube-system")
	require.NoError(t, err)
	assert.Equal(t, "uid-cluster", uid)
	info, err := c.ServerInfo(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 1, info.Nodes)
	assert.NotEmpty(t, info.Version)
}

func TestAClientNeedsAnEndpoint(t *testing.T) {
	_, err := New(Config{})
	assert.ErrorContains(t, err, "the cluster has no endpoint; apply the cluster root first")
	_, err = New(Config{Kubeconfig: []byte("{")})
	assert.ErrorContains(t, err, "read the kubeconfig")
	c, err := New(Config{Endpoint: "https://127.0.0.1:6443"})
	require.NoError(t, err)
	assert.NotNil(t, c)
}

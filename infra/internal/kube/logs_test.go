package kube

import (
	"bytes"
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestLogLinesStandBehindTheirPodsName(t *testing.T) {
	one, two := pod("inventory-7c9d-x", "inventory-7c9d", running(1)), pod("inventory-7c9d-y", "inventory-7c9d", waiting("ContainerCreating", ""))
	c, _ := client(one, two)
	var out bytes.Buffer
	require.NoError(t, c.Logs(t.Context(), LogOptions{Namespace: "apps", Tail: 10}, &out))
	assert.Equal(t, "inventory-7c9d-x  fake logs\n", out.String())

	err := c.Logs(t.Context(), LogOptions{Namespace: "apps", Selector: "app.kubernetes.io/name=orders"}, &out)
	assert.EqualError(t, err, "no pod in namespace apps has the labels app.kubernetes.io/name=orders; is it deployed (kindling status)?")
}

// lineWriter passes each write on to a channel.
type lineWriter chan string

func (w lineWriter) Write(line []byte) (int, error) {
	w <- string(line)
	return len(line), nil
}

func TestFollowingReadsPodsAndRunsThatComeLater(t *testing.T) {
	first := pod("inventory-7c9d-x", "inventory-7c9d", running(1))
	c, api := client(first)
	ctx, cancel := context.WithCancel(t.Context())
	lines, ended := make(lineWriter), make(chan error)
	go func() { ended <- c.Logs(ctx, LogOptions{Namespace: "apps", Follow: true}, lines) }()
	assert.Equal(t, "inventory-7c9d-x  fake logs\n", <-lines)

	// The fake cluster tells of a new pod only once it is watched.
	require.Eventually(t, func() bool {
		for _, action := range api.Actions() {
			if action.GetVerb() == "watch" {
				return true
			}
		}
		return false
	}, 5*time.Second, time.Millisecond)
	_, err := api.CoreV1().Pods("apps").Create(ctx, pod("inventory-7c9d-y", "inventory-7c9d", running(1)), metav1.CreateOptions{})
	require.NoError(t, err)
	assert.Equal(t, "inventory-7c9d-y  fake logs\n", <-lines)

	again := first.DeepCopy()
	again.Status.ContainerStatuses[0].RestartCount = 1
	_, err = api.CoreV1().Pods("apps").UpdateStatus(ctx, again, metav1.UpdateOptions{})
	require.NoError(t, err)
	assert.Equal(t, "inventory-7c9d-x  fake logs\n", <-lines)
	cancel()
	assert.NoError(t, <-ended)
}

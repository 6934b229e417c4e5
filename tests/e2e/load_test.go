package e2e

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

// load is what came of requests that are sent all the time.
type load struct{ asked, again, lost int }

// askUntil asks the catalog until it is told to stop, at most twenty times a second, and each request
// that fails once more.
func (e *environment) askUntil(t *testing.T, stop <-chan struct{}, client *http.Client) load {
	var l load
	once := func() bool {
		got, err := ask(t.Context(), client, http.MethodGet, e.url("/api/products"), nil)
		return err == nil && got.status == http.StatusOK
	}
	for {
		select {
		case <-stop:
			return l
		case <-t.Context().Done():
			return l
		case <-time.After(50 * time.Millisecond):
		}
		l.asked++
		if once() {
			continue
		}
		l.again++
		if !once() {
			l.lost++
		}
	}
}

// controllerIsReplacedUnderLoad restarts the ingress controller as an update does. Each request is
// made over a connection of its own, so that the new pod gets some as soon as it is said to be ready.
func (e *environment) controllerIsReplacedUnderLoad(t *testing.T) {
	client := e.client(t)
	client.Transport.(*http.Transport).DisableKeepAlives = true
	stop, result := make(chan struct{}), make(chan load, 1)
	go func() { result <- e.askUntil(t, stop, client) }()
	e.mustKubectl(t, "rollout", "restart", "deployment/controller", "--namespace=ingress-nginx")
	e.mustKubectl(t, "rollout", "status", "deployment/controller", "--namespace=ingress-nginx", "--timeout=60s")
	until(t, "the controller before is gone", time.Minute, func() error {
		pods := e.mustKubectl(t, "get", "pods", "--namespace=ingress-nginx", "--output=name")
		if len(strings.Fields(pods)) > 1 {
			return errors.New(pods)
		}
		return nil
	})
	close(stop)
	got := <-result
	t.Logf("%d requests, %d of them asked again", got.asked, got.again)
	assert.Zero(t, got.again)
	assert.Greater(t, got.asked, 50)
	assert.Equal(t, planEmpty, e.kindling(t, "plan", "--env", e.name).code, "a restart is no drift")
}

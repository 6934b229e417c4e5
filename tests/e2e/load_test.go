package e2e

import (
	"net/http"
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
	stop, result := make(chan struct{}), make(chan load)
	go func() { result <- e.askUntil(t, stop, client) }()
	e.mustKubectl(t, "rollout", "restart", "deployment/controller", "--namespace=ingress-nginx")
	e.mustKubectl(t, "rollout", "status", "deployment/controller", "--namespace=ingress-nginx", "--timeout=60s")
	time.Sleep(controllerLeaves)
	close(stop)
	got := <-result
	t.Logf("%d requests, %d of them asked again", got.asked, got.again)
	assert.Zero(t, got.again)
	assert.Greater(t, got.asked, 50)
	e.up(t) // Terraform's pods again, without the mark of the restart
}

// controllerLeaves is longer than a controller serves on after the new one is ready.
const controllerLeaves = 8 * time.Second

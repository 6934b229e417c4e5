package e2e

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// failsWithin bounds how long a rollout that cannot succeed may go on after its apply began.
const failsWithin = 60 * time.Second

func (e *environment) compileErrorTouchesNothing(t *testing.T) {
	pods, states := e.running(t), e.states(t)
	e.edit(t, "services/inventory/main.go", "func main() {", "func main() {\n\tvar pieces int = \"many\"")
	r := e.kindling(t, "up", "--env", e.name)
	assert.Equal(t, 1, r.code, r.text())
	assert.Contains(t, r.stderr, "inventory does not compile")
	assert.Regexp(t, `services/inventory/main\.go:\d+:\d+: cannot use "many"`, r.stderr)
	assert.Equal(t, pods, e.running(t))
	assert.Equal(t, states, e.states(t))
}

// brokenServiceFailsFast releases a catalog that ends at its start, then the good one again.
func (e *environment) brokenServiceFailsFast(t *testing.T) {
	t.Run("up tells the reason", func(t *testing.T) {
		e.edit(t, "services/catalog/main.go", "func main() {",
			"func main() {\n\tfmt.Println(\"the price list is missing\")\n\tos.Exit(1)")
		applied := e.start(t, "up", "--env", e.name)
		var began time.Time
		until(t, "the broken release is applied", warmLimit, applied.whileRunning(func() error {
			generation := e.kubectl(t, "get", "deployment", "catalog", "--namespace=apps", "--output=jsonpath={.status.updatedReplicas}/{.status.replicas}")
			if generation.stdout == "2/2" {
				return fmt.Errorf("all pods are of one release")
			}
			began = time.Now()
			return nil
		}))
		code := applied.wait(t, warmLimit)
		took := time.Since(began)
		t.Logf("the failure was told %s after the apply", took)
		assert.Equal(t, 1, code, applied.text())
		assert.Less(t, took, failsWithin)
		assert.Contains(t, applied.text(), "catalog does not stay up: it exits with code 1")
		assert.Contains(t, applied.text(), "the price list is missing", "the last line of the log is shown")
	})
	e.everyServiceAnswers(t) // also catalog: its pods of before serve on
	e.up(t)
	e.everyServiceAnswers(t)
	assert.Equal(t, "2/2", e.mustKubectl(t, "get", "deployment", "catalog", "--namespace=apps", "--output=jsonpath={.status.updatedReplicas}/{.status.replicas}"))
}

// interruptedUpSaysHowToGoOn presses ^C in the middle of the cluster's creation.
func (e *environment) interruptedUpSaysHowToGoOn(t *testing.T) {
	up := e.start(t, "up", "--env", e.name)
	until(t, "the node's container runs", warmLimit, up.whileRunning(func() error { return e.kubectlAnswers(t, "version", "--client") }))
	require.NoError(t, up.cmd.Process.Signal(os.Interrupt))
	assert.Equal(t, 130, up.wait(t, warmLimit))
	assert.Contains(t, up.text(), "stopped; run the same command again")
	assert.NotContains(t, e.leftovers(t), "container "+e.cluster+"-control-plane", "nothing is left half-made")
}

// killedUpConverges kills the tool in the middle of the cluster's creation, and again in the
// middle of the first apply into it.
func (e *environment) killedUpConverges(t *testing.T) {
	first := e.start(t, "up", "--env", e.name)
	until(t, "the node's container runs", warmLimit, first.whileRunning(func() error { return e.kubectlAnswers(t, "version", "--client") }))
	first.kill()

	second := e.start(t, "up", "--env", e.name)
	until(t, "the apply has made the first objects of a service", warmLimit, second.whileRunning(func() error {
		return e.kubectlAnswers(t, "get", "serviceaccount", "catalog", "--namespace=apps")
	}))
	second.kill()

	r := e.up(t)
	t.Logf("up after two kills took %s", r.elapsed)
	e.everyServiceAnswers(t)
	e.plansAreEmpty(t)
	url := fmt.Sprintf("https://shop.localhost:%d/api/products", e.httpsPort)
	answered := mustAsk(t, e.client(t), http.StatusOK, http.MethodGet, url, nil)
	require.NotContains(t, answered.body, "flint-and-steel", "this is a new database")
}

// kubectlAnswers turns a failing kubectl into an error.
func (e *environment) kubectlAnswers(t *testing.T, args ...string) error {
	t.Helper()
	if r := e.kubectl(t, args...); r.code != 0 {
		lines := strings.Split(strings.TrimSpace(r.stderr), "\n")
		return fmt.Errorf("kubectl %s: %s", strings.Join(args, " "), lines[len(lines)-1])
	}
	return nil
}

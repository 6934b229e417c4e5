package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestTheLifeOfAnEnvironment runs its cases one after the other on one cluster: bringing it up is
// the dearest part. A case leaves the environment as it found it; when one that all others build
// on fails, the rest is not tried.
func TestTheLifeOfAnEnvironment(t *testing.T) {
	e := newEnvironment(t)
	cases := []struct {
		sentence string
		holds    func(*environment, *testing.T)
		basis    bool // without it, nothing else can hold
	}{
		{"make builds the tool and says what is missing", (*environment).makeAsksForTheEnvironment, true},
		{"an environment that does not exist is refused with those that do", (*environment).wrongEnvironmentIsRefused, false},
		{"five mistakes in a description are shown together", (*environment).fiveMistakesAreShown, false},
		{"status and down of what was never up harm nothing", (*environment).nothingIsUp, false},
		{"a port in use is named with its user", (*environment).portInUseIsNamed, false},
		{"make up brings every service from nothing to 200", (*environment).upFromNothing, true},
		{"status as JSON lists everything ready", (*environment).statusListsAllReady, true},
		{"the services work together through the ingress", (*environment).servicesWorkTogether, false},
		{"the ingress controller takes every change over, however fast they come", (*environment).controllerTakesEveryChange, false},
		{"the ingress controller is replaced without losing a request", (*environment).controllerIsReplacedUnderLoad, false},
		{"a second up changes nothing", (*environment).secondUpChangesNothing, false},
		{"plain terraform plans no change in either root, nor does kindling", (*environment).plansAreEmpty, false},
		{"two ups at once exclude each other", (*environment).twoUpsExcludeEachOther, false},
		{"what no service declares is refused by the network", (*environment).networkRefusesTheUndeclared, false},
		{"an annotation that reaches into the controller is refused", (*environment).annotationIsRefused, false},
		{"a secret that people provide reaches its service and no plan or state", (*environment).providedSecretReachesItsService, false},
		{"drift by hand is planned and repaired without any secret in plan or state", (*environment).driftIsRepaired, false},
		{"a plan that loses data is told and not carried out", (*environment).lossIsRefused, false},
		{"a plan that breaks a rule is refused until somebody waives it", (*environment).brokenRuleIsRefused, false},
		{"a service that does not compile touches nothing", (*environment).compileErrorTouchesNothing, false},
		{"a service that does not stay up fails fast and the others serve on", (*environment).brokenServiceFailsFast, false},
		{"a cluster of another identity is refused", (*environment).anotherClusterIsRefused, false},
		{"an engine that restarts brings everything back", (*environment).engineRestartIsSurvived, false},
		{"make down leaves nothing", (*environment).downLeavesNothing, true},
		{"up that is interrupted says how to go on", (*environment).interruptedUpSaysHowToGoOn, false},
		{"up that was killed twice converges", (*environment).killedUpConverges, false},
		{"down after that leaves nothing again", (*environment).downLeavesNothing, false},
	}
	for _, c := range cases {
		held := t.Run(c.sentence, func(t *testing.T) {
			t.Cleanup(func() { e.tellState(t) })
			c.holds(e, t)
		})
		if !held && c.basis {
			t.FailNow()
		}
	}
}

func (e *environment) makeAsksForTheEnvironment(t *testing.T) {
	r := e.run(t, coldLimit, "make", "up")
	assert.Equal(t, 2, r.code)
	assert.Contains(t, r.stderr, "no environment is named")
	assert.FileExists(t, e.tool())
}

func (e *environment) nothingIsUp(t *testing.T) {
	r := e.kindling(t, "status", "--env", e.name)
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.stderr, "environment "+e.name+" is not up")
	assert.Zero(t, e.run(t, warmLimit, "make", "down", "env="+e.name).code)
}

func (e *environment) upFromNothing(t *testing.T) {
	r := e.run(t, coldLimit, "make", "up", "env="+e.name)
	require.Zero(t, r.code, "make up failed:\n%s", r.text())
	t.Logf("up took %s", r.elapsed)
	for _, name := range e.serviceNames(t) {
		assert.Contains(t, r.stdout, name)
	}
	e.everyServiceAnswers(t)
}

func (e *environment) statusListsAllReady(t *testing.T) {
	r := e.kindling(t, "status", "--env", e.name, "--output", "json")
	require.Zero(t, r.code, r.text())
	var report statusReport
	readJSON(t, r.stdout, &report)
	assert.Equal(t, e.name, report.Environment)
	var names []string
	for _, service := range report.Services {
		names = append(names, service.Name)
		assert.Positive(t, service.Desired, service.Name)
		assert.Equal(t, service.Desired, service.Ready, service.Name)
		assert.Regexp(t, `^sha256:[0-9a-f]{64}$`, service.Digest)
		assert.True(t, strings.HasPrefix(service.Image, fmt.Sprintf("localhost:%d/%s@", e.registryPort, service.Name)), service.Image)
		assert.NotEmpty(t, service.Version)
	}
	assert.Equal(t, e.serviceNames(t), names)
	var parts []string
	for _, part := range report.Platform {
		parts = append(parts, part.Part)
		assert.True(t, part.Done || part.Started, "%s %s: %s", part.Kind, part.Name, part.Message)
	}
	assert.Subset(t, parts, []string{"ingress-nginx", "metrics-server", "database"})
	until(t, "what has started is ready", warmLimit, func() error {
		for _, part := range e.status(t).Platform {
			if !part.Done {
				return fmt.Errorf("%s: %s", part.Part, part.Message)
			}
		}
		return nil
	})
}

func (e *environment) servicesWorkTogether(t *testing.T) {
	client := e.client(t)
	shop := fmt.Sprintf("https://shop.localhost:%d", e.httpsPort)
	created := mustAsk(t, client, http.StatusCreated, http.MethodPost, shop+"/api/products",
		map[string]any{"sku": "flint-and-steel", "name": "Flint and steel", "price": map[string]any{"amount": 1590, "currency": "EUR"}})
	mustAsk(t, client, http.StatusOK, http.MethodGet, shop+created.header.Get("Location"), nil)

	mustAsk(t, client, http.StatusOK, http.MethodPost, shop+"/api/stock/flint-and-steel/adjustments", map[string]any{"delta": 12, "reason": "first delivery"})
	level := mustAsk(t, client, http.StatusOK, http.MethodGet, shop+"/api/stock/flint-and-steel", nil)
	var stock struct {
		Quantity int
		Degraded bool
		Product  struct {
			Name  string
			Price struct{ Amount int }
		}
	}
	readJSON(t, level.body, &stock)
	assert.Equal(t, 12, stock.Quantity)
	assert.False(t, stock.Degraded)
	assert.Equal(t, "Flint and steel", stock.Product.Name, "inventory asks the catalog for the product")
	assert.Equal(t, 1590, stock.Product.Price.Amount)

	unknown := mustAsk(t, client, http.StatusUnprocessableEntity, http.MethodPost, shop+"/api/stock/never-sold/adjustments", map[string]any{"delta": 1, "reason": "found"})
	assert.Equal(t, "application/problem+json", unknown.header.Get("Content-Type"))
	var problem struct{ Status int }
	readJSON(t, unknown.body, &problem)
	assert.Equal(t, http.StatusUnprocessableEntity, problem.Status)
}

// running tells which pods run, by their identity and their restarts. One that is being deleted
// drains for some seconds more and does not count.
func (e *environment) running(t *testing.T) string {
	t.Helper()
	const line = "{.metadata.namespace}/{.metadata.name} {.metadata.uid} {.status.containerStatuses[*].restartCount}|{.metadata.deletionTimestamp}{\"\\n\"}"
	listed := e.mustKubectl(t, "get", "pods", "--all-namespaces", "--field-selector=status.phase=Running",
		"--output=jsonpath={range .items[*]}"+line+"{end}")
	var pods []string
	for pod := range strings.Lines(listed) {
		if name, deleted, _ := strings.Cut(strings.TrimSpace(pod), "|"); deleted == "" {
			pods = append(pods, name)
		}
	}
	require.NotEmpty(t, pods)
	return strings.Join(pods, "\n")
}

func (e *environment) secondUpChangesNothing(t *testing.T) {
	pods, states := e.running(t), e.states(t)
	r := e.up(t)
	t.Logf("up with nothing to do took %s", r.elapsed)
	assert.Equal(t, pods, e.running(t))
	assert.Equal(t, states, e.states(t), "no apply has written a state")
	assert.Contains(t, r.stderr, "0 of them new")
}

func (e *environment) runsOpenTofu(t *testing.T) bool {
	t.Helper()
	return strings.Contains(e.run(t, warmLimit, "terraform", "version").stdout, "OpenTofu")
}

// states are the contents of both roots' states; those of OpenTofu without what it writes anew in runs
// that change nothing: its checks, in another order, and with them the serial number.
func (e *environment) states(t *testing.T) map[string]string {
	t.Helper()
	states := map[string]string{}
	for _, root := range []string{"cluster", "workloads"} {
		text, err := os.ReadFile(e.path("environments", e.name, root, "terraform.tfstate"))
		require.NoError(t, err)
		if !e.runsOpenTofu(t) {
			states[root] = string(text)
			continue
		}
		var state map[string]json.RawMessage
		readJSON(t, string(text), &state)
		delete(state, "check_results")
		delete(state, "serial")
		rest, err := json.Marshal(state)
		require.NoError(t, err)
		states[root] = string(rest)
	}
	return states
}

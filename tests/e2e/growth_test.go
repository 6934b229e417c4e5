package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// growth is a repository that grows: its environment dev, and staging, which takes what ran there.
type growth struct{ dev, staging *environment }

// TestTheGrowthOfARepository adds a service, promotes everything to staging, loses a worker there
// under load, releases, rolls back and takes the service away again. Its cases run one after the
// other: each stands on the one before.
func TestTheGrowthOfARepository(t *testing.T) {
	g := &growth{
		dev:     &environment{name: "dev", cluster: "e2e-dev", httpPort: 18080, httpsPort: 18443, registryPort: 15001},
		staging: &environment{name: "staging", cluster: "e2e-staging", httpPort: 28080, httpsPort: 28443, registryPort: 25001},
	}
	newCopy(t, g.dev, g.staging)
	for _, c := range []struct {
		sentence string
		holds    func(*growth, *testing.T)
	}{
		{"a new service is up without another edit", (*growth).newServiceComesUp},
		{"what happens in one service reaches another", (*growth).eventsReachAnotherService},
		{"staging asks for a promotion before it touches anything", (*growth).stagingAsksForAPromotion},
		{"a promotion brings staging up with the images of dev", (*growth).promotionBringsStagingUp},
		{"a second promotion releases nothing", (*growth).secondPromotionReleasesNothing},
		{"every environment plans no change", (*growth).plansAreEmpty},
		{"the pods of a service are spread over the workers", (*growth).podsAreSpread},
		{"a worker that dies under load loses no request that is asked again", (*growth).workerDiesUnderLoad},
		{"the next up brings the worker back", (*growth).upBringsTheWorkerBack},
		{"one service is released and the others stay", (*growth).oneServiceIsReleased},
		{"a rollback runs what ran before, and a second one undoes it", (*growth).rollbackRunsWhatRanBefore},
		{"a service that is removed runs nowhere any more", (*growth).removedServiceRunsNowhere},
		{"its database stays until it is dropped", (*growth).itsDatabaseIsDropped},
		{"down leaves nothing of either", (*growth).downLeavesNothing},
	} {
		held := t.Run(c.sentence, func(t *testing.T) {
			t.Cleanup(func() {
				g.dev.tellState(t)
				g.staging.tellState(t)
			})
			c.holds(g, t)
		})
		if !held {
			t.FailNow()
		}
	}
}

func (g *growth) newServiceComesUp(t *testing.T) {
	require.Zero(t, g.dev.run(t, coldLimit, "make", "up", "env=dev").code)
	start := time.Now()
	r := g.dev.run(t, warmLimit, "make", "new", "service=orders", "needs=database,messaging", "calls=catalog")
	require.Zero(t, r.code, r.text())
	r = g.dev.run(t, warmLimit, "make", "up", "env=dev")
	require.Zero(t, r.code, r.text())
	mustAsk(t, g.dev.client(t), http.StatusOK, http.MethodGet, g.dev.url("/api/orders"), nil)
	t.Logf("from nothing to the new service's first 200 took %s", time.Since(start))
	g.dev.everyServiceAnswers(t)
	g.commit(t, "Add orders")
}

// eventsReachAnotherService has a worker beside orders for as long as the case takes.
func (g *growth) eventsReachAnotherService(t *testing.T) {
	client := g.dev.client(t)
	order := func(name string) {
		mustAsk(t, client, http.StatusCreated, http.MethodPost, g.dev.url("/api/orders"), map[string]string{"name": name})
	}
	order("before anybody listened")
	r := g.dev.run(t, warmLimit, "make", "new", "service=mailer", "template=worker", "needs=messaging")
	require.Zero(t, r.code, r.text())
	r = g.dev.run(t, warmLimit, "make", "up", "env=dev")
	require.Zero(t, r.code, r.text())
	order("while somebody listens")
	until(t, "the worker has handled both", time.Minute, func() error {
		log := g.dev.kindling(t, "logs", "--env", "dev", "mailer", "--tail", "200").stdout
		if strings.Count(log, `"service":"orders","type":"item.created"`) < 2 {
			return errors.New(log)
		}
		return nil
	})
	g.commit(t, "Add mailer")
	r = g.dev.run(t, warmLimit, "make", "remove", "service=mailer", "env=dev")
	require.Zero(t, r.code, r.text())
	g.commit(t, "Remove mailer")
}

// url is an address of the shop over HTTPS.
func (e *environment) url(path string) string {
	return fmt.Sprintf("https://shop.localhost:%d%s", e.httpsPort, path)
}

func (g *growth) commit(t *testing.T, subject string) {
	t.Helper()
	for _, args := range [][]string{{"add", "--all"}, {"-c", "user.name=tests", "-c", "user.email=tests@localhost", "commit", "--quiet", "--message", subject}} {
		cmd := exec.CommandContext(t.Context(), "git", args...)
		cmd.Dir = g.dev.dir
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, "git %s: %s", args, out)
	}
}

func (g *growth) stagingAsksForAPromotion(t *testing.T) {
	r := g.staging.refused(t, 2, []string{"catalog, inventory, orders never was", "make promote from=dev to=staging"}, "up", "--env", "staging")
	assert.Less(t, r.elapsed, refusalLimit)
	assert.Empty(t, g.staging.leftovers(t))
	g.staging.refused(t, 2, []string{"dev runs what the checkout builds"}, "promote", "--from", "staging", "--to", "dev")
	assert.Equal(t, planChanges, g.staging.kindling(t, "plan", "--env", "staging").code, "it can be planned before it is there")
}

func (g *growth) promotionBringsStagingUp(t *testing.T) {
	r := g.staging.run(t, coldLimit, "make", "promote", "from=dev", "to=staging")
	require.Zero(t, r.code, "the promotion failed:\n%s", r.text())
	t.Logf("the promotion, with the making of staging, took %s", r.elapsed)
	assert.Contains(t, r.stderr, "the plan is empty")
	g.staging.everyServiceAnswers(t)
	assert.Equal(t, g.dev.digests(t), g.staging.digests(t))
	for _, service := range g.staging.status(t).Services {
		assert.GreaterOrEqual(t, service.Desired, 2, service.Name)
	}
}

// digests are what runs, by service.
func (e *environment) digests(t *testing.T) map[string]string {
	t.Helper()
	running := map[string]string{}
	for _, service := range e.status(t).Services {
		running[service.Name] = service.Digest
	}
	require.NotEmpty(t, running)
	return running
}

func (g *growth) secondPromotionReleasesNothing(t *testing.T) {
	pods := g.staging.running(t)
	r := g.staging.run(t, warmLimit, "make", "promote", "from=dev", "to=staging")
	require.Zero(t, r.code, r.text())
	assert.Contains(t, r.stdout, "nothing to release")
	assert.Equal(t, pods, g.staging.running(t))
}

func (g *growth) plansAreEmpty(t *testing.T) {
	for _, e := range []*environment{g.dev, g.staging} {
		assert.Equal(t, planEmpty, e.kindling(t, "plan", "--env", e.name).code, e.name)
	}
}

// nodesOf are the nodes that run a service's pods.
func (e *environment) nodesOf(t *testing.T, selector string) map[string]bool {
	t.Helper()
	nodes := map[string]bool{}
	for node := range strings.FieldsSeq(e.mustKubectl(t, "get", "pods", "--namespace=apps", "--selector="+selector, "--field-selector=status.phase=Running",
		"--output=jsonpath={.items[*].spec.nodeName}")) {
		nodes[node] = true
	}
	return nodes
}

const nameLabel = "app.kubernetes.io/name="

func (g *growth) podsAreSpread(t *testing.T) {
	workers := map[string]bool{g.staging.cluster + "-worker": true, g.staging.cluster + "-worker2": true}
	for _, service := range g.staging.serviceNames(t) {
		assert.Equal(t, workers, g.staging.nodesOf(t, nameLabel+service), service)
	}
}

// workerDiesUnderLoad kills the worker that the database does not run on: there is one database.
func (g *growth) workerDiesUnderLoad(t *testing.T) {
	worker := g.workerWithoutDatabase(t)
	stop, result := make(chan struct{}), make(chan load, 1)
	client := g.staging.client(t)
	go func() { result <- g.staging.askUntil(t, stop, client) }()
	time.Sleep(3 * time.Second) // the load runs before and after
	out, err := exec.CommandContext(t.Context(), "docker", "kill", worker).CombinedOutput()
	require.NoError(t, err, "%s", out)
	time.Sleep(loadAfterDeath)
	close(stop)
	got := <-result
	t.Logf("%s killed: %d requests, %d of them asked again, %d lost", worker, got.asked, got.again, got.lost)
	assert.Zero(t, got.lost)
	assert.Greater(t, got.asked, 50)
}

// loadAfterDeath is longer than Kubernetes takes to notice that a node is gone.
const loadAfterDeath = 60 * time.Second

func (g *growth) workerWithoutDatabase(t *testing.T) string {
	t.Helper()
	database := g.staging.nodesOf(t, nameLabel+"database,app.kubernetes.io/component=server")
	require.Len(t, database, 1)
	for _, worker := range []string{g.staging.cluster + "-worker", g.staging.cluster + "-worker2"} {
		if !database[worker] {
			return worker
		}
	}
	require.Fail(t, "the database runs on both workers")
	return ""
}

func (g *growth) upBringsTheWorkerBack(t *testing.T) {
	r := g.staging.run(t, warmLimit, "make", "up", "env=staging")
	require.Zero(t, r.code, "up after a worker's death failed:\n%s", r.text())
	t.Logf("up with a dead worker took %s", r.elapsed)
	ready := g.staging.mustKubectl(t, "get", "nodes", `--output=jsonpath={.items[*].status.conditions[?(@.type=="Ready")].status}`)
	assert.Equal(t, "True True True", ready)
	g.staging.everyServiceAnswers(t)
	assert.Equal(t, planEmpty, g.staging.kindling(t, "plan", "--env", "staging").code)
}

func (g *growth) oneServiceIsReleased(t *testing.T) {
	before := g.staging.digests(t)
	file := g.dev.path("services", "catalog", "main.go")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(text), "func main() {", "func main() {\n\tprintln(\"a second release\")", 1)), 0o644))
	g.commit(t, "Release the catalog")
	g.dev.up(t)
	fresh := g.dev.digests(t)
	require.NotEqual(t, before["catalog"], fresh["catalog"])

	r := g.staging.run(t, warmLimit, "make", "promote", "from=dev", "to=staging", "service=catalog")
	require.Zero(t, r.code, r.text())
	after := g.staging.digests(t)
	assert.Equal(t, fresh["catalog"], after["catalog"])
	before["catalog"] = fresh["catalog"]
	assert.Equal(t, before, after)
	assert.Contains(t, g.staging.kindling(t, "logs", "--env", "staging", "catalog", "--tail", "0").stdout, "a second release")
}

func (g *growth) rollbackRunsWhatRanBefore(t *testing.T) {
	second := g.staging.digests(t)["catalog"]
	r := g.staging.run(t, warmLimit, "make", "rollback", "env=staging", "service=catalog")
	require.Zero(t, r.code, r.text())
	t.Logf("the rollback took %s", r.elapsed)
	assert.Contains(t, r.stderr, "the plan is empty")
	first := g.staging.digests(t)["catalog"]
	assert.NotEqual(t, second, first)
	g.staging.everyServiceAnswers(t)
	assert.Zero(t, g.staging.kindling(t, "up", "--env", "staging").code)
	assert.Equal(t, first, g.staging.digests(t)["catalog"], "the next up does not undo it")

	require.Zero(t, g.staging.kindling(t, "rollback", "--env", "staging", "catalog").code)
	assert.Equal(t, second, g.staging.digests(t)["catalog"])
	g.staging.refused(t, 2, []string{"never ran as v99"}, "rollback", "--env", "staging", "catalog", "--version", "v99")
	assert.Contains(t, g.staging.kindling(t, "releases", "--env", "staging").stdout, first[:19])
}

func (g *growth) removedServiceRunsNowhere(t *testing.T) {
	g.dev.refused(t, 2, []string{"there is no environment moon"}, "remove", "service", "orders", "--env", "moon")
	g.commit(t, "Record what runs in staging")
	r := g.dev.run(t, warmLimit, "make", "remove", "service=orders", "args=--keep-running")
	require.Zero(t, r.code, r.text())
	mustAsk(t, g.dev.client(t), http.StatusOK, http.MethodGet, g.dev.url("/api/orders"), nil)
	r = g.dev.run(t, warmLimit, "make", "remove", "service=orders")
	require.Zero(t, r.code, r.text())
	assert.Contains(t, r.stdout, "nothing of it runs in dev and staging any more")
	assert.Contains(t, r.stdout, "its database stays in dev and staging")
	t.Logf("taking a service out of two environments took %s", r.elapsed)
	for _, e := range []*environment{g.dev, g.staging} {
		of := func(kinds string) string {
			return e.mustKubectl(t, "get", kinds, "--namespace=apps", "--selector="+nameLabel+"orders", "--output=name")
		}
		assert.Empty(t, of("deployments,services,ingresses,secrets"), e.name)
		until(t, "its pods have ended their last requests", time.Minute, func() error {
			if pods := of("pods"); pods != "" {
				return errors.New(pods)
			}
			return nil
		})
		mustAsk(t, e.client(t), http.StatusNotFound, http.MethodGet, e.url("/api/orders"), nil)
		e.everyServiceAnswers(t)
	}
	g.plansAreEmpty(t)
	g.commit(t, "Remove orders")
}

// itsDatabaseIsDropped finds the data of the removed service until somebody says that it may go.
func (g *growth) itsDatabaseIsDropped(t *testing.T) {
	for _, e := range []*environment{g.dev, g.staging} {
		assert.Equal(t, "orders orders", e.ordersInDatabase(t), "%s: database and role stay", e.name)
	}
	g.dev.refused(t, 2, []string{"only yes drops it"}, "remove", "service", "orders", "--drop-database", "please")
	g.dev.refused(t, 2, []string{`there is no service "ordres"`}, "remove", "service", "ordres", "--drop-database", "yes")
	for range 2 { // the second finds nothing to drop
		r := g.dev.run(t, warmLimit, "make", "remove", "service=orders", "drop=yes")
		require.Zero(t, r.code, r.text())
		t.Logf("dropping its database in two environments took %s", r.elapsed)
		assert.Contains(t, r.stdout, "its database in dev and staging is dropped")
		for _, e := range []*environment{g.dev, g.staging} {
			assert.Empty(t, e.ordersInDatabase(t), e.name)
			e.everyServiceAnswers(t)
		}
		g.plansAreEmpty(t)
	}
}

// ordersInDatabase names the databases and roles of the service orders.
func (e *environment) ordersInDatabase(t *testing.T) string {
	t.Helper()
	said := e.mustKubectl(t, "exec", "--namespace=apps", "database-0", "--", "psql", "--username=postgres", "--tuples-only", "--no-align",
		"--command=SELECT datname FROM pg_database WHERE datname = 'orders' UNION ALL SELECT rolname FROM pg_roles WHERE rolname = 'orders'")
	return strings.Join(strings.Fields(said), " ")
}

func (g *growth) downLeavesNothing(t *testing.T) {
	g.staging.downLeavesNothing(t)
	g.dev.everyServiceAnswers(t)
	g.dev.downLeavesNothing(t)
}

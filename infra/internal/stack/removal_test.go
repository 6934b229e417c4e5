package stack

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

// cartGone is a house that is up and has run a second service, cart, which has left the checkout.
func cartGone(t *testing.T) *house {
	t.Helper()
	h := standing(t)
	record, err := release.Load(h.Root, "dev")
	require.NoError(t, err)
	record.Set("cart", "localhost:5001/cart@"+digest, "v1")
	_, err = release.Save(h.Root, "dev", record)
	require.NoError(t, err)
	h.workloadsRoot.has = []terraform.StateResource{
		{Module: `module.service["cart"]`, Mode: "managed", Type: "kubernetes_deployment_v1", Name: "this", Instances: []terraform.StateInstance{{}}},
		setupJob("cart"),
	}
	h.workloadsRoot.changes = true
	return h
}

func setupJob(service string) terraform.StateResource {
	return terraform.StateResource{Module: "module.database[0]", Mode: "managed", Type: "kubernetes_job_v1", Name: "setup", Instances: []terraform.StateInstance{{Key: service}}}
}

func (h *house) removal(t *testing.T, service string, options RemovalOptions) *Removal {
	t.Helper()
	r, err := h.Removal(t.Context(), service, options)
	require.NoError(t, err)
	return r
}

func (h *house) released(t *testing.T, service string) bool {
	t.Helper()
	record, err := release.Load(h.Root, h.Environment)
	require.NoError(t, err)
	_, there := record.Services[service]
	return there
}

func TestARemovalTakesOutWhatRunsAndBuildsNothing(t *testing.T) {
	h := cartGone(t)
	r := h.removal(t, "cart", RemovalOptions{})
	assert.True(t, r.Named)
	assert.True(t, r.Database)
	assert.Empty(t, r.Left)
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, 1, h.count("apply workloads"))
	assert.Equal(t, 1, h.count("wait for 1 workloads"))
	assert.Zero(t, h.count("plan cluster")+h.count("build shop")+h.count("push shop"), "what others have edited is not released by it")
	assert.False(t, h.released(t, "cart"))
	assert.True(t, h.released(t, "shop"))
}

func TestARemovalThatFailsIsGoneOnWithByTheNext(t *testing.T) {
	h := cartGone(t)
	h.pods.err = errors.New("the cluster went away")
	require.Error(t, h.removal(t, "cart", RemovalOptions{}).Run(t.Context()))
	assert.True(t, h.released(t, "cart"), "the record says that it is not done")

	h.workloadsRoot.has, h.pods.err = nil, nil
	r := h.removal(t, "cart", RemovalOptions{})
	assert.True(t, r.Named)
	require.NoError(t, r.Run(t.Context()))
	assert.False(t, h.released(t, "cart"))
	assert.Equal(t, Untouched, h.removal(t, "cart", RemovalOptions{}).Left, "a third has nothing to do")
}

func TestWhatRunsAndIsNotRecordedIsTakenOutToo(t *testing.T) {
	h := cartGone(t)
	require.NoError(t, h.removal(t, "cart", RemovalOptions{}).forget()) // as an up does that is killed after it
	r := h.removal(t, "cart", RemovalOptions{})
	assert.True(t, r.Named)
	assert.Empty(t, r.Left)
}

func TestARemovalLeavesAloneWhatIsNotThere(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *house)
		want   Left
	}{
		"not up":          {func(h *house) { *h.clusterRoot.state = false }, NotUp},
		"no answer":       {func(h *house) { h.pods.away = errors.New("connection refused") }, Away},
		"in a cloud":      {func(h *house) { write(t, filepath.Join(h.clusterDir(), "main.tf"), cloudRoot) }, InCloud},
		"another service": {func(h *house) { require.NoError(t, os.Remove(release.File(h.Root, "dev"))); h.workloadsRoot.has = nil }, Untouched},
	} {
		t.Run(name, func(t *testing.T) {
			h := cartGone(t)
			c.change(h)
			assert.Equal(t, c.want, h.removal(t, "cart", RemovalOptions{}).Left)
			assert.Empty(t, h.lines)
		})
	}
}

func TestAnEnvironmentInACloudIsBroughtToWhatIsLeftWhenItIsNamed(t *testing.T) {
	h := cartGone(t)
	write(t, filepath.Join(h.clusterDir(), "main.tf"), strings.Replace(cloudRoot, `  backend "s3" { bucket = "states" }`, "", 1))
	r := h.removal(t, "cart", RemovalOptions{Named: true, Drop: true})
	assert.Empty(t, r.Left)
	assert.False(t, r.Dropped(), "a managed server's databases are dropped by hand")
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, 1, h.count("plan cluster"), "it has places for secrets, and repositories")
	assert.False(t, h.released(t, "cart"))
}

func TestAServiceThatNeverRanIsBuiltByARemovalThatNeedsItsImage(t *testing.T) {
	h := cartGone(t)
	write(t, filepath.Join(h.Root, "services", "till", "service.yaml"), "name: till\ndescription: Takes money.\nport: 8080\nreplicas: 1\nresources: {requests: {cpu: 25m, memory: 32Mi}, limits: {memory: 128Mi}}\n")
	require.NoError(t, h.removal(t, "cart", RemovalOptions{}).Run(t.Context()))
	assert.Equal(t, 1, h.count("build shop,till"))
	assert.False(t, h.released(t, "cart"))
	assert.True(t, h.released(t, "till"))
}

func TestARemovalHoldsTheEnvironmentsLock(t *testing.T) {
	h := cartGone(t)
	unlock, err := h.removal(t, "cart", RemovalOptions{}).Lock()
	require.NoError(t, err)
	_, err = h.Up(t.Context())
	assert.ErrorContains(t, err, "is being changed by process")
	unlock()
	_, err = h.Up(t.Context())
	assert.NoError(t, err)
}

// dropped is the plan that drops the database of cart.
func dropped(labels map[string]any) *tfjson.Plan {
	return planOf(`module.database[0].kubernetes_job_v1.setup["cart"]`, "kubernetes_job_v1", tfjson.Change{Actions: tfjson.Actions{tfjson.ActionDelete, tfjson.ActionCreate},
		Before: map[string]any{}, After: map[string]any{"metadata": []any{map[string]any{"labels": labels}}}})
}

func TestADatabaseIsDroppedByAnApplyOfItsOwnAndTheJobTakenAway(t *testing.T) {
	h := cartGone(t)
	h.workloadsRoot.plan = dropped(map[string]any{"kindling.internal/drops": "cart"})
	h.workloadsRoot.outputs["workloads"] = []kube.Workload{{Kind: kube.Deployment, Namespace: "apps", Name: "shop", Part: "shop"}, {Kind: kube.Job, Namespace: "apps", Name: "cart-database-1", Part: "database"}}
	var told []string
	h.workloadsRoot.apply = func() error {
		told = append(told, os.Getenv(dropVariable))
		h.workloadsRoot.plan = nil
		return nil
	}
	t.Setenv(dropVariable, "")
	r := h.removal(t, "cart", RemovalOptions{Drop: true})
	require.NoError(t, r.Run(t.Context()))
	assert.Equal(t, []string{`["cart"]`, ""}, told, "the second apply takes the Job away")
	assert.Less(t, h.index(t, "wait for 1 workloads"), h.index(t, "wait for 2 workloads"), "the Job is awaited before")
	assert.True(t, r.Dropped())
	assert.False(t, h.released(t, "cart"))
}

func TestNoOtherDataIsLostByDroppingADatabase(t *testing.T) {
	h := cartGone(t)
	h.workloadsRoot.plan = dropped(map[string]any{"kindling.internal/drops": "shop"})
	err := h.removal(t, "cart", RemovalOptions{Drop: true}).Run(t.Context())
	assert.ErrorContains(t, err, "the database of shop is lost")
	assert.Zero(t, h.count("apply workloads"))
	assert.True(t, h.released(t, "cart"))
	assert.Empty(t, os.Getenv(dropVariable))
}

func TestAJobThatDropsIsDataLostForEveryoneElse(t *testing.T) {
	h := standing(t)
	h.workloadsRoot.changes, h.workloadsRoot.plan = true, dropped(map[string]any{"kindling.internal/drops": "cart"})
	_, err := h.Up(t.Context())
	assert.ErrorContains(t, err, `replaces database[0].kubernetes_job_v1.setup["cart"]: the database of cart is lost`)
	assert.Zero(t, h.count("apply workloads"))
}

func TestADatabaseThatTerraformWasNotToldToDropIsNotCalledDropped(t *testing.T) {
	h := cartGone(t)
	h.workloadsRoot.apply = func() error { h.workloadsRoot.has = nil; return nil } // a .tfvars file says otherwise
	err := h.removal(t, "cart", RemovalOptions{Drop: true}).Run(t.Context())
	assert.Contains(t, failure(t, err).Sentence, "the database of cart is still there")
	assert.True(t, h.released(t, "cart"))
}

func TestTheDatabaseOfAServiceThatWasRemovedBeforeCanBeDropped(t *testing.T) {
	h := cartGone(t)
	require.NoError(t, h.removal(t, "cart", RemovalOptions{}).Run(t.Context()))
	h.workloadsRoot.has = nil
	assert.Equal(t, Untouched, h.removal(t, "cart", RemovalOptions{}).Left)
	assert.Empty(t, h.removal(t, "cart", RemovalOptions{Drop: true}).Left, "the history knows it")
	assert.Equal(t, Untouched, h.removal(t, "crat", RemovalOptions{Drop: true}).Left, "and nobody else")
}

func TestAJobThatCannotDropSaysWhy(t *testing.T) {
	h := cartGone(t)
	h.pods.err = &kube.NotReadyError{Diagnoses: []*kube.Diagnosis{{Sentence: "database failed: job cart-database-1 gave up"}}}
	err := h.removal(t, "cart", RemovalOptions{Drop: true}).Run(t.Context())
	var shown *ui.Failure
	require.ErrorAs(t, err, &shown)
	assert.Equal(t, "database failed: job cart-database-1 gave up", shown.Sentence)
	assert.True(t, h.released(t, "cart"), "the next run goes on")
}

package stack

import (
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

const earlier = "sha256:2222222222222222222222222222222222222222222222222222222222222222"

func (h *house) record(t *testing.T, environment, digest, version string) {
	t.Helper()
	_, err := release.Save(h.Root, environment, release.Record{Services: map[string]release.Entry{
		"shop": {Image: "localhost:5001/shop@" + digest, Version: version}}})
	require.NoError(t, err)
}

// newStaging is a house whose environment takes what runs in dev, which runs.
func newStaging(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	h.Environment = "staging"
	write(t, release.PromotionFile(h.Root, "staging"), "from: dev\n")
	h.record(t, "dev", digest, "v2")
	*h.clusterRoot.state, *h.workloadsRoot.state = true, true
	return h
}

func failure(t *testing.T, err error) *ui.Failure {
	t.Helper()
	var f *ui.Failure
	require.ErrorAs(t, err, &f)
	return f
}

func TestAPromotionCopiesImagesRecordsThemAndProvesThePlanEmpty(t *testing.T) {
	h := newStaging(t)
	_, changes, err := h.Promote(t.Context(), "dev", nil)
	require.NoError(t, err)
	require.Len(t, changes, 1)
	assert.Equal(t, "v2", changes[0].After.Version)
	assert.Zero(t, h.count("build shop"), "what is promoted is not built")
	assert.Less(t, h.index(t, "copy shop to localhost:5001"), h.index(t, "wait for 1 workloads"))
	running, err := release.Load(h.Root, "staging")
	require.NoError(t, err)
	assert.Equal(t, digest, running.Services["shop"].Digest())
	assert.Equal(t, "plan workloads", h.lines[len(h.lines)-1], "the proof")

	_, changes, err = h.Promote(t.Context(), "dev", nil)
	require.NoError(t, err)
	assert.Empty(t, changes, "a second promotion")
}

func TestAPromotionThatLeavesChangesIsAFailure(t *testing.T) {
	h := newStaging(t)
	h.workloadsRoot.changes = true
	h.workloadsRoot.plan = &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{Address: "module.service.kubernetes_deployment_v1.this",
		Type: "kubernetes_deployment_v1", Mode: tfjson.ManagedResourceMode, Change: &tfjson.Change{Actions: tfjson.Actions{tfjson.ActionUpdate}}}}}
	_, _, err := h.Promote(t.Context(), "dev", nil)
	assert.Equal(t, []string{"changed in place  service.kubernetes_deployment_v1.this"}, failure(t, err).Seen)
}

func TestOnlyWhatRunsWellIsPromoted(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *house)
		want   string
	}{
		"not ready":     {func(h *house) { h.pods.statuses[0].Ready, h.pods.statuses[0].Done = 0, false }, "shop 0/1 ready"},
		"another image": {func(h *house) { h.record(t, "dev", earlier, "v3") }, "shop runs another image than the one that is recorded"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newStaging(t)
			c.change(h)
			_, _, err := h.Promote(t.Context(), "dev", nil)
			assert.Equal(t, []string{c.want}, failure(t, err).Seen)
			assert.Zero(t, h.count("apply workloads"))
			assert.Zero(t, h.count("copy shop to localhost:5001"))
		})
	}
}

func TestAPromotionThatCannotWorkIsRefusedBeforeAnythingIsTouched(t *testing.T) {
	for name, c := range map[string]struct {
		change func(h *house)
		from   string
		want   string
	}{
		"another way":    {func(*house) {}, "test", "images reach staging from dev, not from test"},
		"to dev":         {func(h *house) { h.Environment = "dev" }, "staging", "dev runs what the checkout builds; nothing is promoted to it"},
		"nothing there":  {func(h *house) { h.record(t, "dev", digest, "v2"); emptyRecord(t, h, "dev") }, "dev", "nothing runs in dev"},
		"not up":         {func(h *house) { *h.clusterRoot.state = false }, "dev", "environment dev is not up"},
		"part of it all": {func(h *house) { write(t, h.Root+"/services/cart/service.yaml", cart) }, "dev", "staging runs what was promoted to it, and cart never was"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newStaging(t)
			c.change(h)
			_, _, err := h.Promote(t.Context(), c.from, nil)
			assert.Equal(t, c.want, failure(t, err).Sentence)
			assert.Empty(t, h.lines)
		})
	}
}

const cart = `name: cart
description: Holds what is about to be bought.
port: 8080
routes: [{host: shop.localhost, path: /api/cart}]
replicas: 1
resources: {requests: {cpu: 25m, memory: 32Mi}, limits: {memory: 128Mi}}
`

func emptyRecord(t *testing.T, h *house, environment string) {
	t.Helper()
	_, err := release.Save(h.Root, environment, release.Record{})
	require.NoError(t, err)
}

func TestAnImageThatTheSourceLostIsNamed(t *testing.T) {
	h := newStaging(t)
	h.images.gone = true
	_, _, err := h.Promote(t.Context(), "dev", nil)
	f := failure(t, err)
	assert.Equal(t, "the image of shop v2 is no longer in the registry of dev", f.Sentence)
	assert.Equal(t, []string{"make up env=dev"}, f.Next)
	running, err := release.Load(h.Root, "staging")
	require.NoError(t, err)
	assert.Empty(t, running.Services, "what did not arrive is not recorded")
}

func TestUpOfAPromotedEnvironmentRunsItsRecordAndBuildsNothing(t *testing.T) {
	h := newStaging(t)
	_, err := h.Up(t.Context())
	f := failure(t, err)
	assert.Equal(t, "staging runs what was promoted to it, and shop never was", f.Sentence)
	assert.Equal(t, []string{"make promote from=dev to=staging"}, f.Next)
	assert.Equal(t, 2, f.Code)
	assert.Empty(t, h.lines, "before anything is touched")

	h.record(t, "staging", digest, "v2")
	_, err = h.Up(t.Context())
	require.NoError(t, err)
	assert.Zero(t, h.count("build shop"))
	assert.Zero(t, h.count("push shop"))

	h.images.gone = true
	_, err = h.Up(t.Context())
	assert.Equal(t, []string{"make promote from=dev to=staging"}, failure(t, err).Next)
}

func TestARollbackRunsWhatRanBeforeAndItsSecondUndoesIt(t *testing.T) {
	h := newStaging(t)
	h.record(t, "staging", earlier, "v1")
	h.record(t, "staging", digest, "v2")

	_, change, err := h.Rollback(t.Context(), "shop", "")
	require.NoError(t, err)
	assert.Equal(t, "v1", change.After.Version)
	assert.Zero(t, h.count("plan cluster"), "the cluster is left alone")
	assert.Less(t, h.index(t, "wait for 1 workloads"), len(h.lines)-1)
	assert.Equal(t, "plan workloads", h.lines[len(h.lines)-1], "the proof")
	running, err := release.Load(h.Root, "staging")
	require.NoError(t, err)
	assert.Equal(t, earlier, running.Services["shop"].Digest())

	_, change, err = h.Rollback(t.Context(), "shop", "")
	require.NoError(t, err)
	assert.Equal(t, "v2", change.After.Version)
}

func TestARollbackToAnImageThatIsGoneChangesNothing(t *testing.T) {
	h := newStaging(t)
	h.record(t, "staging", earlier, "v1")
	h.record(t, "staging", digest, "v2")
	h.images.gone = true
	_, _, err := h.Rollback(t.Context(), "shop", "")
	assert.Contains(t, failure(t, err).Sentence, "the image of shop v1 is no longer in the registry of staging")
	running, err := release.Load(h.Root, "staging")
	require.NoError(t, err)
	assert.Equal(t, "v2", running.Services["shop"].Version)
	assert.Empty(t, h.lines)
}

func TestARollbackWithNothingToGoBackToIsBadInput(t *testing.T) {
	h := newStaging(t)
	h.record(t, "staging", digest, "v2")
	_, _, err := h.Rollback(t.Context(), "shop", "")
	assert.Equal(t, 2, failure(t, err).Code)
	_, _, err = h.Rollback(t.Context(), "shop", "v9")
	assert.True(t, strings.HasPrefix(failure(t, err).Sentence, "shop never ran as v9"))
}

func TestARollbackThatCannotRunSaysWhy(t *testing.T) {
	h := newStaging(t)
	h.record(t, "staging", earlier, "v1")
	h.record(t, "staging", digest, "v2")
	h.pods.err = &kube.NotReadyError{Diagnoses: []*kube.Diagnosis{{Sentence: "shop cannot start: out of memory"}}}
	_, _, err := h.Rollback(t.Context(), "shop", "")
	assert.Equal(t, "shop cannot start: out of memory", failure(t, err).Sentence)
}

package stack

import (
	"context"
	"errors"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/image"
	"kindling.internal/infra/internal/terraform"
)

const registryAddress = "module.registry.kind_registry.this"

// plannedCluster is the plan of a cluster root that does something to the registry.
func plannedCluster(registry tfjson.Actions) *tfjson.Plan {
	return &tfjson.Plan{
		OutputChanges: map[string]*tfjson.Change{"registry": {After: map[string]any{"host": "localhost:5001", "push": "localhost:5001", "insecure": true}}},
		ResourceChanges: []*tfjson.ResourceChange{
			{Address: registryAddress, Type: "kind_registry", Change: &tfjson.Change{Actions: registry}},
			{Address: "module.cluster.kind_cluster.this", Type: "kind_cluster", Change: &tfjson.Change{Actions: tfjson.Actions{tfjson.ActionCreate}}},
		}}
}

// pushed waits until the service's image is stored.
func (h *house) pushed(t *testing.T) {
	assert.Eventually(t, func() bool { return h.count("push shop") == 1 }, 10*time.Second, time.Millisecond, "nothing is pushed before the cluster is there")
}

func TestImagesAreStoredWhileTheClusterIsMade(t *testing.T) {
	for name, registry := range map[string]tfjson.Actions{
		"the registry is made":     {tfjson.ActionCreate},
		"the registry is replaced": {tfjson.ActionDelete, tfjson.ActionCreate},
		"the registry is there":    {tfjson.ActionNoop},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.clusterRoot.plan = plannedCluster(registry)
			h.clusterRoot.during = func(progress func(terraform.Change)) {
				if registry.Replace() {
					progress(terraform.Change{Address: registryAddress, Action: "delete", State: "complete"})
				}
				if !registry.NoOp() {
					assert.Never(t, func() bool { return h.count("push shop") > 0 }, 50*time.Millisecond, time.Millisecond, "there is no registry yet")
					progress(terraform.Change{Address: registryAddress, Action: "create", State: "complete"})
				}
				h.pushed(t)
			}
			_, err := h.Up(t.Context())
			require.NoError(t, err)
			assert.Less(t, h.index(t, "push shop"), h.index(t, "applied cluster"))
			assert.Equal(t, 1, h.count("push shop"))
			assert.Less(t, h.index(t, "applied cluster"), h.index(t, "plan workloads"))
		})
	}
}

func TestImagesAreStoredAfterAnApplyThatTellsNothingOfTheRegistry(t *testing.T) {
	unknown := plannedCluster(tfjson.Actions{tfjson.ActionCreate})
	unknown.OutputChanges["registry"].After = nil
	cloud := plannedCluster(tfjson.Actions{tfjson.ActionCreate})
	cloud.ResourceChanges = cloud.ResourceChanges[1:]
	for name, plan := range map[string]*tfjson.Plan{"its address is not known": unknown, "it is not one of this machine": cloud} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			h.clusterRoot.plan = plan
			h.clusterRoot.during = func(progress func(terraform.Change)) {
				progress(terraform.Change{Address: registryAddress, Action: "create", State: "complete"})
			}
			_, err := h.Up(t.Context())
			require.NoError(t, err)
			assert.Less(t, h.index(t, "applied cluster"), h.index(t, "push shop"))
		})
	}
}

func TestAPushThatFailsLeavesTheClusterThatIsBeingMade(t *testing.T) {
	h := newHouse(t)
	full := errors.New("the registry has no space left")
	h.Images = failingPush{h.images, full}
	h.clusterRoot.plan = plannedCluster(tfjson.Actions{tfjson.ActionNoop})
	h.clusterRoot.during = func(func(terraform.Change)) { h.pushed(t) }
	_, err := h.Up(t.Context())
	require.ErrorIs(t, err, full)
	assert.Equal(t, 1, h.count("applied cluster"))
	assert.Zero(t, h.count("plan workloads"))
}

// failingPush is a registry that takes nothing.
type failingPush struct {
	*fakeImages
	err error
}

func (f failingPush) Push(ctx context.Context, b image.Built, registry string, insecure bool) (string, bool, error) {
	_, _, _ = f.fakeImages.Push(ctx, b, registry, insecure)
	return "", false, f.err
}

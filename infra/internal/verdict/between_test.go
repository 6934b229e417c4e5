package verdict

import (
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// making is a plan from nothing of one resource.
func making(address, kind string, after, unknown map[string]any) *tfjson.Plan {
	return &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{Address: address, Type: kind, Mode: tfjson.ManagedResourceMode,
		Change: &tfjson.Change{Actions: tfjson.Actions{tfjson.ActionCreate}, After: after, AfterUnknown: unknown}}}}
}

func made(kind string, after map[string]any) *tfjson.Plan {
	return making(kind+".this", kind, after, nil)
}

func TestPlansThatMakeTheSameDifferInNothing(t *testing.T) {
	values := map[string]any{"name": "a", "tags": map[string]any{"x": "1"}}
	unknown := map[string]any{"id": true, "tags_all": map[string]any{"y": true}, "list": []any{map[string]any{"arn": true}}}
	plan := making("aws_vpc.this", "aws_vpc", values, unknown)
	assert.True(t, Between(plan, plan).Empty())
	assert.True(t, Between(nil, nil).Empty())
}

func TestWhatIsAddedRemovedAndChangedIsTold(t *testing.T) {
	base, head := made("aws_db_instance", map[string]any{"engine": "postgres"}), made("aws_vpc", map[string]any{})
	plan := Between(base, head)
	require.Len(t, plan.Changes, 2)
	assert.Equal(t, Change{Address: "aws_db_instance.this", Type: "aws_db_instance", Verdict: Removed, Loses: "the database"}, plan.Changes[0])
	assert.Equal(t, Created, plan.Changes[1].Verdict)
	assert.Equal(t, "removes aws_db_instance.this: the database is lost; 1 created", Sentence(plan))

	plan = Between(made("aws_vpc", map[string]any{"cidr": "a", "same": 1.0}), made("aws_vpc", map[string]any{"cidr": "b", "same": 1.0}))
	assert.Equal(t, []string{"cidr a → b"}, texts(plan.Changes[0].Attributes))
	assert.Equal(t, "1 changed", Sentence(plan), "whether a cloud replaces it is not known, so nothing is said of data")
}

func TestAReplacementIsToldWhereItIsKnown(t *testing.T) {
	named := func(name string, template float64) map[string]any {
		return map[string]any{"metadata": block(map[string]any{"name": name}), "spec": block(map[string]any{"template": template})}
	}
	for name, c := range map[string]struct {
		kind       string
		base, head map[string]any
		want       Kind
		because    string
	}{
		"a cluster's image":      {"kind_cluster", map[string]any{"node_image": "a"}, map[string]any{"node_image": "b"}, Replaced, "node_image a → b: cannot be changed in place"},
		"a cluster's mirrors":    {"kind_cluster", map[string]any{"registry_mirrors": "a"}, map[string]any{"registry_mirrors": "b"}, InPlace, ""},
		"an object's name":       {"kubernetes_service_v1", named("a", 1), named("b", 1), Replaced, "metadata[0].name a → b: cannot be changed in place"},
		"a deployment's pods":    {"kubernetes_deployment_v1", named("a", 1), named("a", 2), Restarted, ""},
		"a job's pods":           {"kubernetes_job_v1", named("a", 1), named("a", 2), Replaced, "spec[0].template 1 → 2: cannot be changed in place"},
		"an object's other part": {"kubernetes_service_v1", named("a", 1), named("a", 2), InPlace, ""},
	} {
		t.Run(name, func(t *testing.T) {
			plan := Between(made(c.kind, c.base), made(c.kind, c.head))
			require.Len(t, plan.Changes, 1)
			assert.Equal(t, c.want, plan.Changes[0].Verdict)
			assert.Equal(t, c.because, plan.Changes[0].Because)
		})
	}
	plan := Between(made("kind_cluster", map[string]any{"name": "a"}), made("kind_cluster", map[string]any{"name": "b"}))
	assert.Equal(t, "everything in the cluster, databases included", plan.Changes[0].Loses)
}

func TestWhatIsNotKnownYetDiffersWhenItWasKnown(t *testing.T) {
	known := making("aws_vpc.this", "aws_vpc", map[string]any{"role": "a"}, map[string]any{"id": true})
	unknown := making("aws_vpc.this", "aws_vpc", map[string]any{}, map[string]any{"id": true, "role": true})
	assert.Equal(t, []string{"role a → (known after apply)"}, texts(Between(known, unknown).Changes[0].Attributes))
	assert.Equal(t, []string{"role none → a"}, texts(Between(unknown, known).Changes[0].Attributes))
}

func TestASecretThatDiffersIsNotShown(t *testing.T) {
	base, head := made("aws_db_instance", map[string]any{"password": "hush-1"}), made("aws_db_instance", map[string]any{"password": "hush-2"})
	for _, plan := range []*tfjson.Plan{base, head} {
		plan.ResourceChanges[0].Change.AfterSensitive = map[string]any{"password": true}
	}
	assert.Equal(t, []Attribute{{Path: "password", Sensitive: true}}, Between(base, head).Changes[0].Attributes)
}

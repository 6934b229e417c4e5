package verdict

import (
	"maps"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Between tells what a change of the configuration changes: both plans are made from nothing, base without
// the change and head with it. What a provider does with an attribute that differs is known of some
// resources only; the others are Changed.
func Between(base, head *tfjson.Plan) Plan {
	before, after := managed(base), managed(head)
	result := Plan{Changes: []Change{}}
	addresses := maps.Clone(before)
	maps.Copy(addresses, after)
	for _, address := range sortedKeys(addresses) {
		if change, differs := differing(before[address], after[address]); differs {
			result.Changes = append(result.Changes, change)
		}
	}
	return result
}

// managed are the resources that a plan from nothing makes, by address.
func managed(plan *tfjson.Plan) map[string]*tfjson.ResourceChange {
	resources := map[string]*tfjson.ResourceChange{}
	if plan == nil {
		return resources
	}
	for _, c := range plan.ResourceChanges {
		if c.Mode == tfjson.ManagedResourceMode && c.Change != nil {
			resources[c.Address] = c
		}
	}
	return resources
}

// differing compares what base and head make of one resource; one of them may be nil.
func differing(base, head *tfjson.ResourceChange) (Change, bool) {
	switch {
	case base == nil:
		return Change{Address: head.Address, Type: head.Type, Verdict: Created}, true
	case head == nil:
		change := Change{Address: base.Address, Type: base.Type, Verdict: Removed}
		change.Loses = loses(asIf(base, nil), Removed)
		return change, true
	}
	c := asIf(base, head)
	attributes := attributesOf(c.Change)
	if len(attributes) == 0 {
		return Change{}, false
	}
	change := Change{Address: head.Address, Type: head.Type, Verdict: fate(head.Type, attributes), Attributes: attributes}
	if change.Verdict == Replaced {
		change.Because = because(c, change)
	}
	change.Loses = loses(c, change.Verdict)
	return change, true
}

// asIf is the change of a resource that base has made, by head.
func asIf(base, head *tfjson.ResourceChange) *tfjson.ResourceChange {
	c := &tfjson.ResourceChange{Address: base.Address, Type: base.Type, Mode: base.Mode, Change: &tfjson.Change{
		Before: base.Change.After, BeforeSensitive: base.Change.AfterSensitive}}
	if head != nil {
		c.Change.After, c.Change.AfterSensitive = head.Change.After, head.Change.AfterSensitive
		c.Change.AfterUnknown = newlyUnknown(base.Change.AfterUnknown, head.Change.AfterUnknown)
	}
	return c
}

// newlyUnknown leaves of what head does not know what base knew: what neither knows does not differ.
func newlyUnknown(base, head any) any {
	switch h := head.(type) {
	case bool:
		return h && base != true
	case map[string]any:
		left := map[string]any{}
		for key, value := range h {
			left[key] = newlyUnknown(child(base, key), value)
		}
		return left
	case []any:
		left := make([]any, len(h))
		for i, value := range h {
			left[i] = newlyUnknown(child(base, i), value)
		}
		return left
	}
	return nil
}

// replacing are the attributes that these resources cannot have changed in place, by type. The provider
// of kind is ours; of Kubernetes' objects a name never changes, and some parts do not either.
var replacing = map[string][]string{
	"kind_cluster": {"name", "node_image", "network", "nodes", "networking", "kubeadm_config_patches", "containerd_config_patches",
		"feature_gates", "runtime_config", "encrypt_secrets", "audit_policy"},
	"kind_registry":                      {"name", "cluster", "volume"},
	"kubernetes_deployment":              {"spec[0].selector"},
	"kubernetes_daemon_set":              {"spec[0].selector"},
	"kubernetes_stateful_set":            {"spec[0].selector", "spec[0].service_name", "spec[0].volume_claim_template", "spec[0].pod_management_policy"},
	"kubernetes_job":                     {"spec[0].template", "spec[0].selector"},
	"kubernetes_persistent_volume_claim": {"spec[0].access_modes", "spec[0].storage_class_name"},
	"kubernetes_role_binding":            {"role_ref"},
	"kubernetes_cluster_role_binding":    {"role_ref"},
	"kubernetes_secret":                  {"type"},
}

// identity are the attributes that no object of Kubernetes can have changed.
var identity = []string{"metadata[0].name", "metadata[0].namespace", "metadata[0].generate_name"}

// fate is what happens to a resource whose attributes differ, and marks those that force a replacement.
func fate(kind string, attributes []Attribute) Kind {
	name := unversioned(kind)
	ofKubernetes := strings.HasPrefix(kind, "kubernetes_")
	forcing := replacing[name]
	if ofKubernetes {
		forcing = slices.Concat(forcing, identity)
	}
	verdict := Changed
	if ofKubernetes || strings.HasPrefix(kind, "kind_") {
		verdict = InPlace
	}
	if verdict == InPlace && restarts(kind, attributes) {
		verdict = Restarted
	}
	for i := range attributes {
		attributes[i].Forces = slices.ContainsFunc(forcing, func(path string) bool { return within(attributes[i].Path, path) })
		if attributes[i].Forces {
			verdict = Replaced
		}
	}
	return verdict
}

// Package verdict reads a Terraform plan and says in words what carrying it out would do: what is
// created, changed in place, restarted, replaced and removed, why, and what data goes with it.
package verdict

import (
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// Kind is what happens to a resource, in words.
type Kind string

// The verdicts on a resource.
const (
	Created   Kind = "created"
	Started   Kind = "started" // it is there and does not run
	InPlace   Kind = "changed in place"
	Restarted Kind = "restarted" // changed in place, by new processes
	Replaced  Kind = "replaced"
	Removed   Kind = "removed"
	Recorded  Kind = "recorded"  // it is there already, and comes into the state
	Renamed   Kind = "renamed"   // in the state only
	Forgotten Kind = "forgotten" // it stays, and is no longer in the state
	Changed   Kind = "changed"   // in place or by a replacement: of two configurations that is not known
)

// kinds are all verdicts, in the order in which a sentence counts them.
var kinds = []Kind{Created, Started, Changed, InPlace, Restarted, Replaced, Removed, Recorded, Renamed, Forgotten}

// Change is what happens to one resource.
type Change struct {
	Address    string      `json:"address"` // as Terraform writes it
	Type       string      `json:"type"`
	Verdict    Kind        `json:"verdict"`
	Because    string      `json:"because,omitempty"` // why it is replaced or removed
	Attributes []Attribute `json:"attributes,omitempty"`
	Loses      string      `json:"loses,omitempty"` // the data that goes with it
}

// Name is the address without what every address has.
func (c Change) Name() string {
	return ShortAddress(c.Address)
}

// ShortAddress leaves out of a resource's address what every address has.
func ShortAddress(address string) string {
	return strings.TrimPrefix(strings.ReplaceAll(address, "module.", ""), "this.")
}

// Plan is what a plan does.
type Plan struct {
	Changes []Change `json:"changes"`
	Outputs []string `json:"outputs,omitempty"` // names of the outputs that change
}

// Empty tells whether the plan does nothing at all.
func (p Plan) Empty() bool { return len(p.Changes)+len(p.Outputs) == 0 }

// Losses are the changes that lose data.
func (p Plan) Losses() []Change {
	var losing []Change
	for _, change := range p.Changes {
		if change.Loses != "" {
			losing = append(losing, change)
		}
	}
	return losing
}

// Of reads a plan.
func Of(plan *tfjson.Plan) Plan {
	result := Plan{Changes: []Change{}, Outputs: changedOutputs(plan)}
	for _, c := range plan.ResourceChanges {
		if c.Mode != tfjson.ManagedResourceMode || c.Change == nil {
			continue
		}
		attributes := attributesOf(c.Change)
		kind := kindOf(c, attributes)
		if kind == "" {
			continue
		}
		change := Change{Address: c.Address, Type: c.Type, Verdict: kind, Attributes: shown(kind, attributes)}
		change.Because = because(c, change)
		change.Loses = loses(c, kind)
		result.Changes = append(result.Changes, change)
	}
	return result
}

func kindOf(c *tfjson.ResourceChange, attributes []Attribute) Kind {
	switch actions := c.Change.Actions; {
	case actions.Replace():
		return Replaced
	case actions.Create():
		return Created
	case actions.Delete():
		return Removed
	case actions.Forget():
		return Forgotten
	case actions.Update() && starts(c):
		return Started
	case actions.Update() && restarts(c.Type, attributes):
		return Restarted
	case actions.Update():
		return InPlace
	case c.Change.Importing != nil:
		return Recorded
	case c.PreviousAddress != "" && c.PreviousAddress != c.Address:
		return Renamed
	default:
		return ""
	}
}

// starts tells whether something is there and stopped, and runs afterwards.
func starts(c *tfjson.ResourceChange) bool {
	before, after := object(c.Change.Before), object(c.Change.After)
	return strings.HasPrefix(c.Type, "kind_") && before["status"] == "stopped" && after["status"] == "running"
}

// restarting are the attributes whose change starts processes anew, by resource type.
var restarting = map[string][]string{
	"kubernetes_deployment":        {"spec[0].template"},
	"kubernetes_stateful_set":      {"spec[0].template"},
	"kubernetes_daemon_set":        {"spec[0].template"},
	"kind_registry":                {"image", "port", "network", "container_id"},
	"aws_eks_node_group":           {"version", "release_version", "launch_template"},
	"aws_db_instance":              {"instance_class", "engine_version", "parameter_group_name"},
	"google_container_node_pool":   {"version", "node_config"},
	"google_sql_database_instance": {"database_version", "settings[0].tier", "settings[0].database_flags"},
}

func restarts(kind string, attributes []Attribute) bool {
	for _, prefix := range restarting[unversioned(kind)] {
		for _, a := range attributes {
			if within(a.Path, prefix) {
				return true
			}
		}
	}
	return false
}

// unversioned is the name that a type of the kubernetes provider had before it named its API version.
func unversioned(kind string) string {
	if !strings.HasPrefix(kind, "kubernetes_") {
		return kind
	}
	return strings.TrimSuffix(strings.TrimSuffix(kind, "_v1"), "_v2")
}

// changedOutputs are the names of the outputs that change, sorted.
func changedOutputs(plan *tfjson.Plan) []string {
	var names []string
	for _, name := range sortedKeys(plan.OutputChanges) {
		if !plan.OutputChanges[name].Actions.NoOp() {
			names = append(names, name)
		}
	}
	return names
}

package verdict

import (
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

// reasons puts Terraform's reasons for an action into words.
var reasons = map[tfjson.ActionReason]string{
	tfjson.ActionReasonReplaceBecauseTainted:         "its creation failed halfway",
	tfjson.ActionReasonReplaceByRequest:              "its replacement was asked for",
	tfjson.ActionReasonReplaceByTriggers:             "something that it follows changes",
	tfjson.ActionReasonDeleteBecauseNoResourceConfig: "nothing describes it any more",
	tfjson.ActionReasonDeleteBecauseNoModule:         "its module is no longer called",
	tfjson.ActionReasonDeleteBecauseEachKey:          "its key is no longer among those described",
	tfjson.ActionReasonDeleteBecauseCountIndex:       "there are to be fewer of it",
	tfjson.ActionReasonDeleteBecauseWrongRepetition:  "it is repeated in another way",
	tfjson.ActionReasonDeleteBecauseNoMoveTarget:     "it was moved to where nothing describes it",
}

// shownReasons bounds the attributes that a reason names.
const shownReasons = 3

// because tells why a resource is replaced or removed.
func because(c *tfjson.ResourceChange, change Change) string {
	if change.Verdict != Replaced && change.Verdict != Removed {
		return ""
	}
	if c.DeposedKey != "" {
		return "it was replaced by an earlier run"
	}
	if reason := reasons[c.ActionReason]; reason != "" {
		return reason
	}
	if change.Verdict == Removed {
		return ""
	}
	var forcing []string
	for _, a := range change.Attributes {
		if a.Forces {
			forcing = append(forcing, a.String())
		}
	}
	if len(forcing) == 0 {
		return forcedPaths(c)
	}
	if more := len(forcing) - shownReasons; more > 0 {
		forcing = append(forcing[:shownReasons], "and more")
	}
	return strings.Join(forcing, "; ") + ": cannot be changed in place"
}

// forcedPaths names what forces a replacement whose values do not differ in the plan: those of
// write-only attributes are not in it.
func forcedPaths(c *tfjson.ResourceChange) string {
	paths := make([]string, 0, len(c.Change.ReplacePaths))
	for _, steps := range c.Change.ReplacePaths {
		paths = append(paths, pathText(steps))
	}
	if len(paths) == 0 {
		return "the provider cannot change it in place"
	}
	return strings.Join(paths, ", ") + ": cannot be changed in place"
}

// shown leaves out attributes that tell nothing: all of what is new or gone, and of what is
// replaced those that only become known.
func shown(kind Kind, attributes []Attribute) []Attribute {
	var told []Attribute
	for _, a := range attributes {
		switch kind {
		case Created, Removed, Recorded, Renamed, Forgotten:
		case Replaced:
			if a.Forces || !a.unknown {
				told = append(told, a)
			}
		default:
			told = append(told, a)
		}
	}
	return told
}

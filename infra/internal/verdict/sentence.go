package verdict

import (
	"fmt"
	"slices"
	"strings"
)

// Sentence says in one sentence what plans do, worst first: "replaces kind_cluster.this:
// everything in the cluster, databases included, is lost; 2 created", "2 created, 1 restarted; no
// data is lost", or "no changes".
func Sentence(plans ...Plan) string {
	var changes, losing []Change
	outputs := 0
	for _, p := range plans {
		changes = append(changes, p.Changes...)
		losing = append(losing, p.Losses()...)
		outputs += len(p.Outputs)
	}
	switch {
	case len(changes) == 0 && outputs == 0:
		return "no changes"
	case len(changes) == 0:
		return "only outputs change; no data is lost"
	case len(losing) == 0 && slices.ContainsFunc(changes, func(c Change) bool { return c.Verdict == Changed }):
		return Count(changes)
	case len(losing) == 0:
		return Count(changes) + "; no data is lost"
	}
	parts := make([]string, 0, len(losing)+1)
	for _, c := range losing {
		parts = append(parts, Loss(c))
	}
	if others := without(changes, losing); len(others) > 0 {
		parts = append(parts, Count(others))
	}
	return strings.Join(parts, "; ")
}

// Loss says what a change that loses data does: "replaces kind_cluster.this: everything in the
// cluster is lost".
func Loss(c Change) string {
	verb := map[Kind]string{Created: "creates", Replaced: "replaces", Removed: "removes"}[c.Verdict]
	loss, remark, remarked := strings.Cut(c.Loses, ": ")
	if strings.Contains(loss, ", ") {
		loss += ","
	}
	text := fmt.Sprintf("%s %s: %s is lost", or(verb, "changes"), c.Name(), loss)
	if remarked {
		text += " (" + remark + ")"
	}
	return text
}

// Count says how often each verdict was passed: "2 created, 1 restarted".
func Count(changes []Change) string {
	count := map[Kind]int{}
	for _, c := range changes {
		count[c.Verdict]++
	}
	var parts []string
	for _, kind := range kinds {
		if count[kind] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", count[kind], kind))
		}
	}
	return strings.Join(parts, ", ")
}

func without(changes, some []Change) []Change {
	left := map[string]bool{}
	for _, c := range some {
		left[c.Address] = true
	}
	var others []Change
	for _, c := range changes {
		if !left[c.Address] {
			others = append(others, c)
		}
	}
	return others
}

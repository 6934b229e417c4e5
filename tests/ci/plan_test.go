package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// planning answers `plan`: dev has changes, prod no plan, staging breaks a rule.
const planning = `#!/bin/sh
[ "$1 $2 $4 $5 $6" = "plan --env --offline --output markdown" ] || exit 9
[ $# -eq 6 ] || { echo "### $3: compared by $7 $8"; exit 2; }
case $3 in
dev) printf '### dev: 3 created, 1 replaced | data is lost\n\n- catalog\n'; exit 2 ;;
prod) echo "✗ prod: no provider" >&2; exit 2 ;;
staging) printf '### staging: 1 created\n\n- a public endpoint\n'; exit 1 ;;
quiet) printf '### quiet: no changes\n' ;;
esac
`

func TestThePlanIsOneCommentWithTheVerdictsOnTop(t *testing.T) {
	page := filepath.Join(t.TempDir(), "summary")
	a, out := machine(t, map[string]string{"GITHUB_STEP_SUMMARY": page})
	put(t, a.root, ".kindling/bin/kindling", planning)
	for _, name := range []string{"staging", "quiet"} {
		put(t, a.root, "environments/"+name+"/workloads/versions.tf", "")
	}
	err := a.command(t.Context(), []string{"plan"})
	assert.EqualError(t, err, "prod has no plan\nthe plan of staging breaks a rule", "that there are changes is no failure")
	text := string(read(t, filepath.Join(a.root, ".kindling", "ci", "plan.md")))
	assert.Equal(t, text, out.String())
	assert.Equal(t, text+"\n", string(read(t, page)))
	head, rest, _ := strings.Cut(text, "<details>")
	assert.Equal(t, marker+"\n## What this change plans\n\n| environment | verdict |\n|---|---|\n"+
		"| dev | 3 created, 1 replaced / data is lost |\n| prod | ✗ no plan |\n| quiet | no changes |\n| staging | ✗ breaks a rule: 1 created |\n\n", head)
	assert.Contains(t, rest, "- catalog")
	assert.Contains(t, rest, "✗ prod: no provider")
}

func TestThePlanOfAChangeIsComparedWithWhereItBranchedOff(t *testing.T) {
	a, out := machine(t, nil)
	put(t, a.root, ".kindling/bin/kindling", planning)
	require.NoError(t, a.command(t.Context(), []string{"plan", "main"}))
	assert.Contains(t, out.String(), "| dev | compared by --since main |\n| prod | compared by --since main |")
	var usage usageError
	assert.ErrorAs(t, a.command(t.Context(), []string{"plan", "main", "dev"}), &usage)
}

func TestAPlanTooLongForACommentIsLeftOut(t *testing.T) {
	text := compose([]planned{{environment: "dev", report: "short"}, {environment: "prod", report: "all new\n" + strings.Repeat("x", commentLimit)}})
	assert.Less(t, len(text), commentLimit)
	assert.Contains(t, text, "| prod | all new |")
	assert.Contains(t, text, "make plan env=prod offline=yes")
}

package policy

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// judge asks a script in place of the program: it keeps what it is asked in the file request.
func judge(t *testing.T, script string, waivers ...Waiver) (j Judge, request string) {
	t.Helper()
	dir := t.TempDir()
	program, request := filepath.Join(dir, "program"), filepath.Join(dir, "request")
	require.NoError(t, os.WriteFile(program, []byte("#!/bin/sh\ncat >"+request+"\n"+script+"\n"), 0o755))
	today := time.Date(2026, 11, 26, 12, 0, 0, 0, time.UTC)
	return Judge{Program: func(context.Context) (string, error) { return program, nil }, Waivers: Waivers{All: waivers, Today: today}}, request
}

func answer(t *testing.T, found ...Violation) string {
	t.Helper()
	text, err := json.Marshal(found)
	require.NoError(t, err)
	return "cat <<'END'\n" + string(text) + "\nEND"
}

var untagged = &tfjson.Plan{ResourceChanges: []*tfjson.ResourceChange{{Address: `module.service["shop"].kubernetes_deployment_v1.this`, Mode: tfjson.ManagedResourceMode,
	Type: "kubernetes_deployment_v1", Name: "this", Change: &tfjson.Change{Actions: tfjson.Actions{tfjson.ActionCreate}, After: map[string]any{
		"metadata": []any{map[string]any{"labels": map[string]any{"app.kubernetes.io/managed-by": "kindling"}}},
		"spec":     []any{map[string]any{"template": []any{map[string]any{"spec": []any{map[string]any{"container": []any{map[string]any{"image": "localhost:5001/shop:v1"}}}}}}}},
	}}}}}

// The request is read again by a test of the program, in infra/supply/policy.
func TestTheProgramIsAskedWithAllRulesAndThePlan(t *testing.T) {
	j, request := judge(t, "echo '[]'")
	found, err := j.Judge(t.Context(), Subject{Environment: "dev", Root: "workloads", Flavour: "kind", Registry: "localhost:5001", Mirrors: []string{"localhost:5001/quay.io"}}, untagged)
	require.NoError(t, err)
	assert.Equal(t, None(), found)

	text, err := os.ReadFile(request)
	require.NoError(t, err)
	var asked map[string]any
	require.NoError(t, json.Unmarshal(text, &asked))
	for _, name := range Names() {
		assert.Contains(t, asked["modules"], strings.ReplaceAll(name, "-", "_")+".rego")
	}
	delete(asked, "modules")
	golden(t, "request.json", asked)
}

func golden(t *testing.T, name string, value any) {
	t.Helper()
	text, err := json.MarshalIndent(value, "", "  ")
	require.NoError(t, err)
	path := filepath.Join("testdata", name)
	if os.Getenv("UPDATE") != "" {
		require.NoError(t, os.WriteFile(path, append(text, '\n'), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.JSONEq(t, string(want), string(text))
}

func TestRulesHaveNames(t *testing.T) {
	assert.Equal(t, []string{"encrypted-storage", "images-by-digest", "known-registries", "labels", "narrow-permissions", "private-endpoints", "stateful-kept"}, Names())
}

func TestViolationsAreSortedAndWaivedOnesCountForNothing(t *testing.T) {
	day := func(text string) Date {
		parsed, err := time.Parse(dateForm, text)
		require.NoError(t, err)
		return Date{parsed}
	}
	today, over := day("2026-11-26"), day("2026-11-25")
	j, _ := judge(t, answer(t, Violation{Rule: "labels", Address: "b.b"}, Violation{Rule: "labels", Address: "a.a"}, Violation{Rule: "labels", Address: "a.c"}, Violation{Rule: "encrypted-storage", Address: "a.a"}),
		Waiver{Rule: "labels", Resource: "a.a", Reason: "r", Until: today},
		Waiver{Rule: "labels", Resource: "b.*", Reason: "r", Until: over},
		Waiver{Rule: "stateful-kept", Resource: "a.c", Reason: "r", Until: today})
	found, err := j.Judge(t.Context(), Subject{}, nil)
	require.NoError(t, err)
	require.Len(t, found.Waived, 1)
	assert.Equal(t, "a.a", found.Waived[0].Address)
	var broken []string
	for _, v := range found.Violations {
		broken = append(broken, v.Address+" "+v.Rule)
	}
	assert.Equal(t, []string{"a.a encrypted-storage", "a.c labels", "b.b labels"}, broken)
	assert.Equal(t, over, found.Violations[2].Waiver.Until, "an expired waiver is told")
	assert.Nil(t, found.Violations[1].Waiver)
}

func TestViolationsOfOneKindAreOneGroup(t *testing.T) {
	waiver := &Waiver{Rule: "labels", Reason: "r"}
	groups := Grouped([]Violation{{Rule: "labels", Address: "a", Reason: "no tags"}, {Rule: "labels", Address: "b", Reason: "no name"},
		{Rule: "labels", Address: "c", Reason: "no tags"}, {Rule: "labels", Address: "d", Reason: "no tags", Waiver: waiver}})
	require.Len(t, groups, 3)
	assert.Equal(t, []string{"a", "c"}, groups[0].Addresses)
	assert.Equal(t, waiver, groups[2].Waiver)
}

func TestRulesThatCannotBeEvaluatedPassNothing(t *testing.T) {
	for script, want := range map[string]string{
		"echo 'labels.rego:3: rego_parse_error' >&2; exit 1": "could not be evaluated: labels.rego:3: rego_parse_error",
		"exit 3":     "exit status 3",
		"echo hello": "read what the rules say",
	} {
		j, _ := judge(t, script)
		_, err := j.Judge(t.Context(), Subject{}, untagged)
		assert.ErrorContains(t, err, want)
	}
	j := Judge{Program: func(context.Context) (string, error) { return "", errors.New("it does not build") }}
	_, err := j.Judge(t.Context(), Subject{}, untagged)
	assert.EqualError(t, err, "it does not build")
}

func TestWaiversAreRead(t *testing.T) {
	dir := t.TempDir()
	waivers, err := LoadWaivers(dir, time.Time{})
	require.NoError(t, err)
	assert.Empty(t, waivers.All)
	write(t, dir, `# who may break what
waivers:
  - rule: private-endpoints
    resource: module.cluster.aws_eks_cluster.this
    reason: the office's network, until the tunnel is there
    until: 2027-01-31
`)
	waivers, err = LoadWaivers(dir, time.Time{})
	require.NoError(t, err)
	require.Len(t, waivers.All, 1)
	assert.Equal(t, "2027-01-31", waivers.All[0].Until.String())
	text, err := json.Marshal(waivers.All[0])
	require.NoError(t, err)
	assert.Contains(t, string(text), `"until":"2027-01-31"`)
}

func write(t *testing.T, dir, text string) {
	t.Helper()
	require.NoError(t, os.WriteFile(filepath.Join(dir, WaiverFile), []byte(text), 0o644))
}

func TestAllMistakesInWaiversAreToldAtOnce(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "waivers:\n  - {rule: tags, resource: '*', until: 2027-01-31}\n  - {rule: labels, resource: a.b, reason: r}\n")
	_, err := LoadWaivers(dir, time.Time{})
	var mistakes Mistakes
	require.ErrorAs(t, err, &mistakes)
	require.Len(t, mistakes, 4)
	assert.Contains(t, mistakes[0], `waivers[0] names the rule "tags"; there are encrypted-storage, `)
	assert.Contains(t, mistakes[1], "names no resource")
	assert.Contains(t, mistakes[2], "gives no reason")
	assert.Contains(t, mistakes[3], "waivers[1] has no day on which it ends")
	for text, want := range map[string]string{
		"waivers: [{rule: labels, until: soon}]": `"soon" is no day`,
		"waivers: [{rules: labels}]":             "rules not found",
		"waiver: []":                             "waiver not found",
	} {
		write(t, dir, text)
		_, err := LoadWaivers(dir, time.Time{})
		require.ErrorAs(t, err, &mistakes)
		assert.ErrorContains(t, err, want)
	}
}

func TestAStarStandsForAnything(t *testing.T) {
	address := `module.network.aws_subnet.public["eu-central-1a"]`
	for pattern, want := range map[string]bool{
		address: true, "module.network.*": true, "*.aws_subnet.public*": true, `module.*.aws_subnet.public["*"]`: true,
		"module.network": false, "*.aws_subnet": false, "module.other.*": false, `*.aws_subnet.*private*`: false,
	} {
		assert.Equal(t, want, fits(pattern, address), pattern)
	}
}

var pinned = regexp.MustCompile(`"([a-z0-9./-]+):[^"@:]+@sha256:[0-9a-f]{64}"`)

// What the environments name as published has to be what the rule lets through.
func TestThePublishedImagesOfTheEnvironmentsAreKnown(t *testing.T) {
	rule, err := rules.ReadFile("rules/known_registries.rego")
	require.NoError(t, err)
	files, err := filepath.Glob("../../../environments/*/*/*.tf")
	require.NoError(t, err)
	images := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, match := range pinned.FindAllSubmatch(text, -1) {
			images[string(match[1])] = true
		}
	}
	require.GreaterOrEqual(t, len(images), 5)
	for image := range images {
		assert.Contains(t, string(rule), fmt.Sprintf("%q", image))
	}
}

package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// rulesFolder has the rules, which the tool sends along with each request.
const rulesFolder = "../../internal/policy/rules"

// testCase is a plan and what it breaks.
type testCase struct {
	Name            string           `json:"name"`
	Flavour         string           `json:"flavour"`
	Registry        string           `json:"registry"`
	Mirrors         []string         `json:"mirrors"`
	Breaks          []string         `json:"breaks"` // addresses
	ResourceChanges []map[string]any `json:"resource_changes"`
}

type violation struct{ Rule, Address, Reason, Fix string }

// ask runs the program as the tool does.
func ask(t *testing.T, request map[string]any, answer any) error {
	t.Helper()
	text, err := json.Marshal(request)
	require.NoError(t, err)
	var out bytes.Buffer
	if err := run(t.Context(), bytes.NewReader(text), &out); err != nil {
		return err
	}
	return json.Unmarshal(out.Bytes(), answer)
}

func rules(t *testing.T) map[string]string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(rulesFolder, "*.rego"))
	require.NoError(t, err)
	modules := map[string]string{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		modules[filepath.Base(file)] = string(text)
	}
	return modules
}

func names(t *testing.T) (all []string) {
	t.Helper()
	require.NoError(t, ask(t, map[string]any{"modules": rules(t), "query": "data.kindling.names"}, &all))
	return all
}

// Each rule is shown plans that it must pass and plans that it must not.
func TestRules(t *testing.T) {
	modules := rules(t)
	for _, rule := range names(t) {
		t.Run(rule, func(t *testing.T) {
			cases := read(t, strings.ReplaceAll(rule, "-", "_")+".json")
			passing := func(c testCase) bool { return len(c.Breaks) == 0 }
			assert.True(t, slices.ContainsFunc(cases, passing), "no plan that passes")
			assert.True(t, slices.ContainsFunc(cases, func(c testCase) bool { return !passing(c) }), "no plan that fails")
			for _, c := range cases {
				t.Run(c.Name, func(t *testing.T) { c.hold(t, modules, rule) })
			}
		})
	}
}

func read(t *testing.T, name string) (cases []testCase) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(rulesFolder, "testdata", name))
	require.NoError(t, err, "a rule without plans that it passes and fails")
	require.NoError(t, json.Unmarshal(text, &cases))
	return cases
}

func (c testCase) hold(t *testing.T, modules map[string]string, rule string) {
	var found []violation
	require.NoError(t, ask(t, map[string]any{"modules": modules, "query": "data.kindling.violations", "input": map[string]any{
		"environment": "test", "root": "cluster", "flavour": c.Flavour, "registry": c.Registry, "mirrors": append([]string{}, c.Mirrors...), "resource_changes": c.ResourceChanges}}, &found))
	broken := map[string]bool{}
	for _, v := range found {
		if v.Rule != rule {
			continue // a plan is written for one rule
		}
		assert.NotEmpty(t, v.Reason)
		assert.NotEmpty(t, v.Fix)
		broken[v.Address] = true
	}
	want := map[string]bool{}
	for _, address := range c.Breaks {
		want[address] = true
	}
	assert.Equal(t, want, broken)
}

func TestARequestOfTheToolIsUnderstood(t *testing.T) {
	text, err := os.ReadFile("../../internal/policy/testdata/request.json")
	require.NoError(t, err)
	var request map[string]any
	require.NoError(t, json.Unmarshal(text, &request))
	request["modules"] = rules(t)
	var found []violation
	require.NoError(t, ask(t, request, &found))
	require.Len(t, found, 1)
	assert.Equal(t, "images-by-digest", found[0].Rule)
}

func TestRulesReachNothingOutsideOfTheirInput(t *testing.T) {
	for _, call := range []string{`http.send({"method": "get", "url": "http://localhost"})`, `opa.runtime()`, `time.now_ns()`, `net.lookup_ip_addr("localhost")`} {
		err := ask(t, map[string]any{"modules": map[string]string{"a.rego": "package a\n\nanswer := " + call}, "query": "data.a.answer"}, new(any))
		assert.ErrorContains(t, err, "undefined function", call)
	}
}

func TestWhatCannotBeEvaluatedIsAnErrorAndNotAPass(t *testing.T) {
	assert.ErrorContains(t, ask(t, map[string]any{"modules": map[string]string{"a.rego": "package a\n\nx := "}, "query": "data.a.x"}, new(any)), "a.rego:3")
	assert.ErrorContains(t, ask(t, map[string]any{"query": "data.kindling.violations"}, new(any)), "no rule defines it")
	assert.ErrorContains(t, ask(t, map[string]any{"modules": map[string]string{"a.rego": "package a\n\nx if to_number(input.text)"}, "query": "data.a.x", "input": map[string]any{"text": "no"}}, new(any)), "to_number")
	assert.ErrorContains(t, run(t.Context(), strings.NewReader("{"), new(bytes.Buffer)), "read the request")
}

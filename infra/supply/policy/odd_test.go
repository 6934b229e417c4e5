package main

import (
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A plan may leave any value out, or have another kind of value than a rule was written for. None of
// that may keep the rules from being evaluated.
func TestOddValuesKeepNoRuleFromBeingEvaluated(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(rulesFolder, "testdata", "*.json"))
	require.NoError(t, err)
	odd := []any{}
	for _, file := range files {
		for _, c := range read(t, filepath.Base(file)) {
			for _, resource := range c.ResourceChanges {
				change := resource["change"].(map[string]any)
				for _, after := range spoilt(change["after"]) {
					odd = append(odd, with(resource, "change", with(change, "after", after)))
				}
			}
		}
	}
	require.Greater(t, len(odd), 500)
	var found []violation
	require.NoError(t, ask(t, map[string]any{"modules": rules(t), "query": "data.kindling.violations", "input": map[string]any{
		"environment": "test", "root": "workloads", "flavour": "eks", "registry": "r", "mirrors": []string{}, "resource_changes": odd}}, &found))
	assert.NotEmpty(t, found)
}

// spoilt are copies of a value, each with one value in it, or itself, replaced by null, by a number and
// by a text.
func spoilt(value any) []any {
	copies := []any{nil, 7, "odd"}
	switch v := value.(type) {
	case map[string]any:
		for key, inner := range v {
			for _, other := range spoilt(inner) {
				copies = append(copies, with(v, key, other))
			}
		}
	case []any:
		for i, inner := range v {
			for _, other := range spoilt(inner) {
				fresh := append([]any{}, v...)
				fresh[i] = other
				copies = append(copies, fresh)
			}
		}
	case string:
		var document any
		if json.Unmarshal([]byte(v), &document) != nil {
			break // a policy, as JSON in a text
		}
		for _, other := range spoilt(document) {
			text, err := json.Marshal(other)
			if err == nil {
				copies = append(copies, string(text))
			}
		}
	}
	return copies
}

// with is a copy of an object with another value.
func with(object map[string]any, key string, value any) map[string]any {
	fresh := make(map[string]any, len(object))
	for k, v := range object {
		fresh[k] = v
	}
	fresh[key] = value
	return fresh
}

package variables

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const declarations = `
variable "size" {
  type    = number
  default = 1
  validation {
    condition     = var.size > 0
    error_message = "too small"
  }
  validation {
    condition     = var.size < 9
    error_message = "too large"
  }
}
variable "pools" {
  type    = map(object({ machine = string, disk = optional(object({ gib = optional(number, 50) }), {}) }))
  default = {}
}
resource "terraform_data" "this" {
  lifecycle {
    precondition {
      condition     = var.size != length(var.pools)
      error_message = "as many"
    }
  }
}
`

// complete are runs that leave no gap.
var complete = map[string]string{
	"size":      run(set("size = 2"), asserting),
	"pools":     run(set(`pools = merge({}, { a = { machine = "m", disk = { gib = 80 } } })`), asserting),
	"too small": run(set("size = 0"), "expect_failures = [var.size]"),
	"too large": run(set("size = 9"), "expect_failures = [var.size]"),
	"as many":   run("expect_failures = [terraform_data.this]"),
}

const asserting = "assert {\n condition = true\n}"

func run(parts ...string) string { return "run \"it\" {\n" + strings.Join(parts, "\n") + "\n}\n" }

func set(variable string) string { return "variables {\n" + variable + "\n}\n" }

func TestGapsAreFound(t *testing.T) {
	const unset = "no run that asserts something sets %s to anything but its default"
	for name, c := range map[string]struct {
		without string // of the complete runs
		with    string // in its place
		unset   []string
		broken  []string
	}{
		"there is none":                {},
		"nothing sets it":              {without: "size", unset: []string{"size"}},
		"a run sets its default":       {without: "size", with: run(set("size = 1"), asserting), unset: []string{"size"}},
		"a run asserts nothing":        {without: "size", with: run(set("size = 2")), unset: []string{"size"}},
		"a run is refused":             {without: "size", with: run(set("size = 2"), "expect_failures = [var.pools]"), unset: []string{"size"}},
		"a run is of an example":       {without: "size", with: run("module {\n source = \"./examples/basic\"\n}", set("size = 2"), asserting), unset: []string{"size"}},
		"the file sets it":             {without: "size", with: set("size = 2")},
		"it is computed":               {without: "size", with: run(set("size = run.pools.size"), asserting)},
		"nothing sets an attribute":    {without: "pools", with: run(set(`pools = { a = { machine = "m" } }`), asserting), unset: []string{"pools[].disk", "pools[].disk.gib"}},
		"an attribute has its default": {without: "pools", with: run(set(`pools = { a = { machine = "m", disk = { gib = 50 } } }`), asserting), unset: []string{"pools[].disk.gib"}},
		"a validation is not broken":   {without: "too large", broken: []string{"var.size has 2 conditions, and 1 runs expect one to fail"}},
		"a precondition is not broken": {without: "as many", broken: []string{"terraform_data.this has 1 conditions, and 0 runs expect one to fail"}},
	} {
		t.Run(name, func(t *testing.T) {
			var want []string
			for _, name := range c.unset {
				want = append(want, fmt.Sprintf(unset, name))
			}
			assert.Equal(t, append(want, c.broken...), gaps(t, folderWith(t, c.without, c.with)))
		})
	}
}

// folderWith is a module with the complete runs, but for one.
func folderWith(t *testing.T, without, text string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "tests"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "variables.tf"), []byte(declarations), 0o644))
	for name, run := range complete {
		if name != without {
			text += "\n" + run
		}
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "tests", "all.tftest.hcl"), []byte(text), 0o644))
	return dir
}

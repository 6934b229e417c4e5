// Package policy judges Terraform plans by the rules in rules/, which are written in Rego. A program
// with the OPA library in it evaluates them (infra/supply/policy); this package asks it, and lets
// through what an environment has waived.
package policy

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os/exec"
	"path"
	"reflect"
	"slices"
	"strings"

	tfjson "github.com/hashicorp/terraform-json"
)

//go:embed rules/*.rego
var rules embed.FS

// Subject is what a plan is of.
type Subject struct {
	Environment string
	Root        string   // cluster or workloads
	Flavour     string   // kind, eks or gke; empty while nobody knows
	Registry    string   // that the environment's images are named by; empty likewise
	Mirrors     []string // names under which it has the images of other registries
}

// Violation is a resource that breaks a rule.
type Violation struct {
	Rule    string  `json:"rule"`
	Address string  `json:"address"` // of the resource, as Terraform writes it
	Reason  string  `json:"reason"`
	Fix     string  `json:"fix"`
	Waiver  *Waiver `json:"waiver,omitempty"` // why it counts for nothing, or did until it expired
}

// Findings are what the rules say of a plan.
type Findings struct {
	Violations []Violation `json:"violations"` // what stands against it
	Waived     []Violation `json:"waived"`     // what would, without a waiver
}

// None are the findings on a plan that breaks no rule.
func None() Findings { return Findings{Violations: []Violation{}, Waived: []Violation{}} }

// Merge adds the findings on another plan.
func (f *Findings) Merge(more Findings) {
	f.Violations = append(f.Violations, more.Violations...)
	f.Waived = append(f.Waived, more.Waived...)
}

// Group is what several resources break in the same way.
type Group struct {
	Violation // of the first of them
	Addresses []string
}

// Grouped puts violations together that differ in their resources only, in the order of the first.
func Grouped(violations []Violation) []Group {
	var groups []Group
	for _, v := range violations {
		same := func(g Group) bool {
			return g.Rule == v.Rule && g.Reason == v.Reason && g.Fix == v.Fix && reflect.DeepEqual(g.Waiver, v.Waiver)
		}
		if i := slices.IndexFunc(groups, same); i >= 0 {
			groups[i].Addresses = append(groups[i].Addresses, v.Address)
			continue
		}
		groups = append(groups, Group{Violation: v, Addresses: []string{v.Address}})
	}
	return groups
}

// Judge evaluates rules.
type Judge struct {
	// Program returns the path of the program that evaluates them.
	Program func(ctx context.Context) (string, error)
	Waivers Waivers
}

// request is what the program reads.
type request struct {
	Modules map[string]string `json:"modules"`
	Query   string            `json:"query"`
	Input   input             `json:"input"`
}

type input struct {
	Environment     string                   `json:"environment"`
	Root            string                   `json:"root"`
	Flavour         string                   `json:"flavour"`
	Registry        string                   `json:"registry"`
	Mirrors         []string                 `json:"mirrors"`
	ResourceChanges []*tfjson.ResourceChange `json:"resource_changes"`
}

// Judge returns what the rules say of a plan, in the order of addresses. It writes nothing: a plan
// holds credentials, and goes to the program through a pipe.
func (j Judge) Judge(ctx context.Context, about Subject, plan *tfjson.Plan) (Findings, error) {
	program, err := j.Program(ctx)
	if err != nil {
		return Findings{}, err
	}
	modules, err := modules()
	if err != nil {
		return Findings{}, err
	}
	text, err := json.Marshal(request{Modules: modules, Query: "data.kindling.violations", Input: input{
		Environment: about.Environment, Root: about.Root, Flavour: about.Flavour, Registry: about.Registry,
		Mirrors: append([]string{}, about.Mirrors...), ResourceChanges: changes(plan)}})
	if err != nil {
		return Findings{}, fmt.Errorf("write the plan for the rules: %w", err)
	}
	var found []Violation
	if err := ask(ctx, program, text, &found); err != nil {
		return Findings{}, err
	}
	slices.SortFunc(found, func(a, b Violation) int { return strings.Compare(a.Address+a.Rule, b.Address+b.Rule) })
	return j.Waivers.sort(found), nil
}

// changes are a plan's changes, an empty list for none.
func changes(plan *tfjson.Plan) []*tfjson.ResourceChange {
	if plan == nil || plan.ResourceChanges == nil {
		return []*tfjson.ResourceChange{}
	}
	return plan.ResourceChanges
}

// modules are the rules by file name.
func modules() (map[string]string, error) {
	all := map[string]string{}
	files, err := fs.Glob(rules, "rules/*.rego")
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		text, err := rules.ReadFile(file)
		if err != nil {
			return nil, err
		}
		all[path.Base(file)] = string(text)
	}
	return all, nil
}

func ask(ctx context.Context, program string, request []byte, answer any) error {
	cmd := exec.CommandContext(ctx, program)
	var out, problems bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = bytes.NewReader(request), &out, &problems
	if err := cmd.Run(); err != nil {
		if text := strings.TrimSpace(problems.String()); text != "" {
			err = errors.New(text)
		}
		return fmt.Errorf("the rules in infra/internal/policy/rules could not be evaluated: %w", err)
	}
	if err := json.Unmarshal(out.Bytes(), answer); err != nil {
		return fmt.Errorf("read what the rules say: %w", err)
	}
	return nil
}

// Names are the names of all rules, sorted.
func Names() []string {
	files, _ := fs.Glob(rules, "rules/*.rego") // the pattern is a constant
	var names []string
	for _, file := range files {
		text, err := rules.ReadFile(file)
		if err != nil {
			continue // embedded: it cannot fail
		}
		if name := strings.TrimSuffix(path.Base(file), ".rego"); strings.Contains(string(text), "\npackage kindling.rules."+name+"\n") {
			names = append(names, strings.ReplaceAll(name, "_", "-"))
		}
	}
	return names
}

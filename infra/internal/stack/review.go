package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	tfjson "github.com/hashicorp/terraform-json"
	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/ui"
	"kindling.internal/infra/internal/verdict"
)

// clusterSubject is what rules are told of a plan of the cluster root: it is the first, so nothing
// is known but the environment.
func (s *Stack) clusterSubject() policy.Subject {
	return policy.Subject{Environment: s.Environment, Root: clusterRoot}
}

// workloadsSubject is what rules are told of a plan of the workloads root.
func (s *Stack) workloadsSubject(connection Connection, registry Registry) policy.Subject {
	return policy.Subject{Environment: s.Environment, Root: workloadsRoot, Flavour: connection.Flavour, Registry: registry.Host,
		Mirrors: slices.Sorted(maps.Values(registry.Mirrors))}
}

// review reads a plan that is about to be carried out, and refuses one that breaks a rule, or that
// loses data when nobody has said that it may.
func (s *Stack) review(ctx context.Context, about policy.Subject, plan *tfjson.Plan) error {
	found, err := s.Policy.Judge(ctx, about, plan)
	if err != nil {
		return err
	}
	var refusals []error
	for _, group := range policy.Grouped(found.Violations) {
		refusals = append(refusals, s.violated(group))
	}
	losses := verdict.Of(plan).Losses()
	if s.dropping != "" {
		losses = slices.DeleteFunc(losses, func(c verdict.Change) bool { return c.Loses == verdict.DatabaseOf(s.dropping) })
	}
	if len(losses) > 0 && !s.ConfirmLoss {
		refusals = append(refusals, s.unconfirmed(about.Root, losses))
	}
	return errors.Join(refusals...)
}

// violated refuses what breaks a rule.
func (s *Stack) violated(g policy.Group) error {
	what := verdict.ShortAddress(g.Address)
	if more := len(g.Addresses) - 1; more > 0 {
		what += fmt.Sprintf(" and %d more break", more)
	} else {
		what += " breaks"
	}
	failure := &ui.Failure{Step: "policy", Sentence: fmt.Sprintf("%s the rule %s: %s", what, g.Rule, g.Reason), Seen: g.Addresses,
		Next: []string{g.Fix, fmt.Sprintf("or waive %s, with a reason and a date, in environments/%s/%s", g.Rule, s.Environment, policy.WaiverFile)}}
	if g.Waiver != nil {
		failure.Next = append(failure.Next, fmt.Sprintf("the waiver that there is ended on %s", g.Waiver.Until))
	}
	return failure
}

// unconfirmed refuses to lose data.
func (s *Stack) unconfirmed(root string, losses []verdict.Change) error {
	failure := &ui.Failure{Step: root, Sentence: "nothing was applied, because data would be lost: " + verdict.Sentence(verdict.Plan{Changes: losses}),
		Next: []string{"make plan env=" + s.Environment + " tells everything that would happen", confirmation(s.Environment) + " goes on, and loses it"}}
	for _, c := range losses {
		if c.Because != "" {
			failure.Seen = append(failure.Seen, c.Name()+" because "+c.Because)
		}
	}
	return failure
}

// confirmation is the command that carries out a plan that loses data.
func confirmation(environment string) string { return "make up env=" + environment + " confirm=yes" }

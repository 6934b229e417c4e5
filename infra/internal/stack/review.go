package stack

import (
	"context"
	"errors"
	"fmt"

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
	return policy.Subject{Environment: s.Environment, Root: workloadsRoot, Flavour: connection.Flavour, Registry: registry.Host}
}

// review reads a plan that is about to be carried out, and refuses one that breaks a rule, or that
// loses data when nobody has said that it may.
func (s *Stack) review(ctx context.Context, root Root, about policy.Subject, file string) error {
	plan, err := root.Show(ctx, file)
	if err != nil {
		return err
	}
	found, err := s.Policy.Judge(ctx, about, plan)
	if err != nil {
		return err
	}
	refusals := make([]error, 0, len(found.Violations)+1)
	for _, violation := range found.Violations {
		refusals = append(refusals, s.violated(violation))
	}
	if losses := verdict.Of(plan).Losses(); len(losses) > 0 && !s.ConfirmLoss {
		refusals = append(refusals, s.unconfirmed(about.Root, losses))
	}
	return errors.Join(refusals...)
}

func (s *Stack) violated(v policy.Violation) error {
	return &ui.Failure{Step: "policy", Sentence: fmt.Sprintf("%s breaks the rule %s: %s", verdict.ShortAddress(v.Address), v.Rule, v.Reason),
		Seen: []string{v.Address}, Next: []string{v.Fix, fmt.Sprintf("or waive %s for it, with a reason and a date, in environments/%s/%s", v.Rule, s.Environment, policy.WaiverFile)}}
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

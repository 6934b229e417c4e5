package stack

import (
	"context"
	"strings"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

// Rollback makes a service run what it ran before, or as the version that is given, and ends with a
// plan that is empty. Neither cluster nor registry are changed. A second rollback undoes the first.
func (s *Stack) Rollback(ctx context.Context, service, version string) (Report, release.Change, error) {
	askAgain()
	unlock, err := s.exclusive()
	if err != nil {
		return Report{}, release.Change{}, err
	}
	defer unlock()
	next, change, err := s.before(service, version)
	if err != nil {
		return Report{}, change, err
	}
	parts, err := s.known()
	if err != nil {
		return Report{}, change, err
	}
	target, err := s.recorded(ctx, parts)
	if err != nil {
		return Report{}, change, err
	}
	if err := s.stored(ctx, target.registry, service, change.After); err != nil {
		return Report{}, change, err
	}
	if err := s.provided(ctx, parts); err != nil {
		return Report{}, change, err
	}
	if _, err := release.Save(s.Root, s.Environment, next); err != nil {
		return Report{}, change, err
	}
	report, err := s.workloads(ctx, parts, target, nil)
	if err == nil {
		err = s.prove(ctx, parts)
	}
	return report, change, err
}

// provided refuses what would fail for want of a secret.
func (s *Stack) provided(ctx context.Context, parts Parts) error {
	services, err := catalog.Load(s.Root)
	if err != nil {
		return CatalogFailure(err)
	}
	if err := s.checkSecrets(services); err != nil {
		return err
	}
	placeless, err := s.placeless(ctx, parts, services)
	if err != nil {
		return err
	}
	if len(placeless) > 0 {
		return &ui.Failure{Step: "rollback", Code: 2, Sentence: s.Environment + "'s secret manager has no place yet for " + strings.Join(placeless, ", "),
			Next: []string{"make up env=" + s.Environment + " makes it"}}
	}
	return s.credentials(ctx, parts)
}

// before is the record that a rollback leads to.
func (s *Stack) before(service, version string) (release.Record, release.Change, error) {
	current, err := release.Load(s.Root, s.Environment)
	if err != nil {
		return current, release.Change{}, err
	}
	history, err := release.History(s.Root, s.Environment)
	if err != nil {
		return current, release.Change{}, err
	}
	next, change, err := release.Rollback(current, history, service, version)
	if err != nil {
		err = &ui.Failure{Step: "rollback", Sentence: err.Error(), Code: 2, Err: err,
			Next: []string{"kindling releases --env " + s.Environment + " shows what there is to go back to"}}
	}
	return next, change, err
}

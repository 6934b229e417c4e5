package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/image"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
	"kindling.internal/infra/internal/verdict"
)

// fromRecord runs what the release record says: what was promoted last, or rolled back to.
type fromRecord struct{ *Stack }

func (f *fromRecord) check(_ context.Context, services []catalog.Service) error {
	record, err := release.Load(f.Root, f.Environment)
	if err != nil {
		return err
	}
	return f.complete(record, services)
}

// complete refuses a record that lacks a service: Terraform would refuse it too, much later.
func (s *Stack) complete(record release.Record, services []catalog.Service) error {
	var missing []string
	for _, name := range serviceNames(services) {
		if _, ok := record.Services[name]; !ok {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	promotion, _, err := release.LoadPromotion(s.Root, s.Environment)
	if err != nil {
		return err
	}
	return &ui.Failure{Step: s.Environment, Code: 2,
		Sentence: fmt.Sprintf("%s runs what was promoted to it, and %s never was", s.Environment, strings.Join(missing, ", ")),
		Next:     []string{s.promoting(promotion)}}
}

// promoting is the command that brings images here.
func (s *Stack) promoting(p release.Promotion) string {
	return fmt.Sprintf("make promote from=%s to=%s", p.From, s.Environment)
}

func (f *fromRecord) keepsImages([]catalog.Service) bool { return true }

func (f *fromRecord) prepare(context.Context, []catalog.Service) error { return nil }

// deliver finds the images where the record says they are: a registry that was made anew has lost
// them.
func (f *fromRecord) deliver(ctx context.Context, to Registry, record *release.Record) (all, fresh int, err error) {
	for _, service := range slices.Sorted(maps.Keys(record.Services)) {
		if err := f.stored(ctx, to, service, record.Services[service]); err != nil {
			return len(record.Services), 0, err
		}
	}
	return len(record.Services), 0, nil
}

func (f *fromRecord) proves() bool { return false }

// stored refuses an image that the environment's registry does not have.
func (s *Stack) stored(ctx context.Context, registry Registry, service string, entry release.Entry) error {
	ref := release.Image(registry.Push, service, entry.Digest())
	there, err := s.Images.Has(ctx, ref, registry.Insecure)
	if err != nil || there {
		return err
	}
	next := "make up env=" + s.Environment
	if promotion, promoted, err := release.LoadPromotion(s.Root, s.Environment); err == nil && promoted {
		next = s.promoting(promotion)
	}
	failure := s.lost(service, entry, next)
	failure.Seen = []string{ref + ": not found"}
	return failure
}

// lost is the failure of an image that is no longer in the environment's registry.
func (s *Stack) lost(service string, entry release.Entry, next string) *ui.Failure {
	return &ui.Failure{Step: "push", Sentence: fmt.Sprintf("the image of %s %s is no longer in the registry of %s", service, entry.Version, s.Environment),
		Next: []string{next}}
}

// Promote makes the environment run what runs in another: it copies images by digest, with what is
// attached to them, writes the release record and ends with a plan that is empty. Without names all
// services are promoted. It brings up what there is not yet.
func (s *Stack) Promote(ctx context.Context, from string, services []string) (Report, []release.Change, error) {
	if err := s.promotable(from); err != nil {
		return Report{}, nil, err
	}
	source := *s
	source.Environment = from
	promotion := &fromEnvironment{Stack: s, source: &source, services: services}
	report, err := s.bring(ctx, promotion)
	return report, promotion.changes, err
}

// promotable refuses a way that the environment's file does not name.
func (s *Stack) promotable(from string) error {
	promotion, promoted, err := release.LoadPromotion(s.Root, s.Environment)
	failure := &ui.Failure{Step: "promote", Code: 2}
	switch {
	case err != nil:
		failure.Sentence, failure.Err = err.Error(), err
	case !promoted:
		failure.Sentence = s.Environment + " runs what the checkout builds; nothing is promoted to it"
		failure.Next = []string{"make up env=" + s.Environment, "or make it an environment that images are promoted to: environments/" + s.Environment + "/promotion.yaml"}
	case promotion.From != from:
		failure.Sentence = fmt.Sprintf("images reach %s from %s, not from %s", s.Environment, promotion.From, from)
		failure.Next = []string{s.promoting(promotion), "or change environments/" + s.Environment + "/promotion.yaml"}
	default:
		return nil
	}
	return failure
}

// fromEnvironment runs what runs in another environment.
type fromEnvironment struct {
	*Stack
	source   *Stack
	services []string // none: all

	registry Registry       // of the source
	running  release.Record // there
	changes  []release.Change
}

// check reads what runs at the source and refuses what is not well there.
func (f *fromEnvironment) check(ctx context.Context, described []catalog.Service) (err error) {
	if f.running, err = release.Load(f.Root, f.source.Environment); err != nil {
		return err
	}
	current, err := release.Load(f.Root, f.Environment)
	if err != nil {
		return err
	}
	next, _, err := release.Promote(f.running, current, "registry", f.services...) // which one is not known yet
	if err != nil {
		return f.refuse(err.Error(), "make up env="+f.source.Environment)
	}
	if len(f.running.Services) == 0 {
		return f.refuse("nothing runs in "+f.source.Environment, "make up env="+f.source.Environment)
	}
	if err := f.complete(next, described); err != nil {
		return err
	}
	return f.healthy(ctx)
}

func (f *fromEnvironment) refuse(sentence, next string) error {
	return &ui.Failure{Step: "promote", Sentence: sentence, Next: []string{next}, Code: 2}
}

// healthy refuses to take over what does not run well, or not at all as it is recorded.
func (f *fromEnvironment) healthy(ctx context.Context) error {
	step := f.Progress.Step(f.source.Environment)
	report, registry, err := f.source.statusAndRegistry(ctx)
	if err != nil {
		step.Fail()
		return err
	}
	f.registry = registry
	var ill []string
	for _, service := range report.Services {
		wanted := len(f.services) == 0 || slices.Contains(f.services, service.Name)
		switch {
		case !wanted:
		case service.Ready < service.Desired || service.Message != "":
			ill = append(ill, strings.TrimSpace(fmt.Sprintf("%s %d/%d ready %s", service.Name, service.Ready, service.Desired, service.Message)))
		case service.Digest != f.running.Services[service.Name].Digest():
			ill = append(ill, service.Name+" runs another image than the one that is recorded")
		}
	}
	if len(ill) > 0 {
		step.Fail()
		return &ui.Failure{Step: "promote", Sentence: "what is promoted must run well in " + f.source.Environment, Seen: ill,
			Next: []string{"make status env=" + f.source.Environment, "make up env=" + f.source.Environment}}
	}
	step.Done(fmt.Sprintf("%d services run well", len(report.Services)))
	return nil
}

// keepsImages is false: a promotion is there to change something.
func (f *fromEnvironment) keepsImages([]catalog.Service) bool { return false }

func (f *fromEnvironment) prepare(context.Context, []catalog.Service) error { return nil }

func (f *fromEnvironment) deliver(ctx context.Context, to Registry, record *release.Record) (all, fresh int, err error) {
	next, changes, err := release.Promote(f.running, *record, to.Host, f.services...)
	if err != nil {
		return 0, 0, err
	}
	for _, service := range slices.Sorted(maps.Keys(next.Services)) {
		copied, err := f.copy(ctx, to, service, next.Services[service])
		if err != nil {
			return len(next.Services), fresh, err
		}
		if copied {
			fresh++
		}
	}
	*record, f.changes = next, changes
	return len(next.Services), fresh, nil
}

// copy brings a service's image to the registry, unless it is there. One that the source does not
// run is not asked of it.
func (f *fromEnvironment) copy(ctx context.Context, to Registry, service string, entry release.Entry) (fresh bool, err error) {
	source, runs := f.running.Services[service]
	if !runs || source.Digest() != entry.Digest() {
		return false, f.stored(ctx, to, service, entry)
	}
	ref := release.Image(f.registry.Push, service, entry.Digest())
	_, fresh, err = f.Images.Copy(ctx, service, ref, f.registry.Insecure, image.Place{Host: to.Push, Insecure: to.Insecure})
	var absent *image.AbsentError
	if errors.As(err, &absent) {
		failure := f.source.lost(service, entry, "make up env="+f.source.Environment)
		failure.Seen, failure.Err = []string{err.Error()}, err
		return false, failure
	}
	return fresh, err
}

func (f *fromEnvironment) proves() bool { return true }

// prove ends a release: what Terraform plans now is nothing.
func (s *Stack) prove(ctx context.Context, parts Parts) error {
	step := s.Progress.Step("proof")
	plan, _, err := s.planned(ctx, parts, workloadsRoot, s.workloadsDir(), step)
	if err != nil {
		step.Fail()
		return s.terraformFailure("workloads", err)
	}
	if !plan.Empty() {
		step.Fail()
		failure := &ui.Failure{Step: "proof", Sentence: "everything runs, yet Terraform would change more: " + verdict.Sentence(plan), Next: []string{"make plan env=" + s.Environment, "make up env=" + s.Environment}}
		for _, change := range plan.Changes {
			failure.Seen = append(failure.Seen, string(change.Verdict)+"  "+change.Name())
		}
		return failure
	}
	step.Done("the plan is empty")
	return nil
}

package stack

import (
	"context"
	"errors"
	"fmt"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/image"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

// fromCheckout runs what the checkout builds.
type fromCheckout struct {
	*Stack
	built []image.Built
}

func (f *fromCheckout) check(context.Context, []catalog.Service) error { return nil }

func (f *fromCheckout) keepsImages(services []catalog.Service) bool {
	return !f.Images.Edited(serviceNames(services))
}

func (f *fromCheckout) prepare(ctx context.Context, services []catalog.Service) (err error) {
	f.built, err = f.build(ctx, services)
	return err
}

func (f *fromCheckout) deliver(ctx context.Context, to Registry, record *release.Record) (all, fresh int, err error) {
	version := f.Version(ctx)
	for _, built := range f.built {
		_, pushed, err := f.Images.Push(ctx, built, to.Push, to.Insecure)
		if err != nil {
			return len(f.built), fresh, err
		}
		if pushed {
			fresh++
		}
		record.Set(built.Service, release.Image(to.Host, built.Service, built.Digest), version)
	}
	return len(f.built), fresh, nil
}

func (f *fromCheckout) proves() bool { return false }

// build compiles all services; the images of those that compile stay in the cache when another
// does not.
func (s *Stack) build(ctx context.Context, services []catalog.Service) ([]image.Built, error) {
	step := s.Progress.Step("images")
	items := map[string]Item{}
	running, err := release.Load(s.Root, s.Environment)
	if err != nil {
		step.Fail()
		return nil, err
	}
	why := s.explanations(ctx, running, services)
	built, err := s.Images.BuildAll(ctx, serviceNames(services), func(p image.Progress) {
		switch p.Stage {
		case image.StageStarted:
			items[p.Service] = step.Item(p.Service)
			items[p.Service].Update("building")
		case image.StageBuilt:
			done := "built in " + ui.Elapsed(p.Built.Elapsed)
			if running.Services[p.Service].Digest() == p.Built.Digest {
				done = "unchanged"
			} else if reason := why.of(p.Service); reason != "" {
				done += " · " + reason
			}
			items[p.Service].Done(fmt.Sprintf("%.19s…  %s", p.Built.Digest, done))
		case image.StageFailed:
		}
	})
	if err != nil {
		step.Fail()
		return nil, BuildFailure(err)
	}
	step.Done("")
	return built, nil
}

// BuildFailure shows the compiler's lines of a service that does not build.
func BuildFailure(err error) error {
	var failed *image.CompileError
	if !errors.As(err, &failed) {
		return err
	}
	return &ui.Failure{Step: "images", Sentence: failed.Service + " does not compile; no other service was touched", Err: err,
		Seen: lines(failed.Output, 20), Next: []string{"correct it, then run the same command again"}}
}

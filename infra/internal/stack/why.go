package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/release"
)

// explanations tell what has changed of services since the versions that run. Each version is compared
// once, beside the compiler, and only when a source seems to have been edited or an image is another.
type explanations struct {
	running release.Record
	since   map[string]func() []catalog.Change // by version
}

func (s *Stack) explanations(ctx context.Context, running release.Record, services []catalog.Service) explanations {
	e := explanations{running, map[string]func() []catalog.Change{}}
	for _, entry := range running.Services {
		version := entry.Version
		if version == "" || strings.HasSuffix(version, dirty) || e.since[version] != nil {
			continue
		}
		e.since[version] = sync.OnceValue(func() []catalog.Change {
			changes, _ := s.Affected(ctx, version) // a version that git does not know explains nothing
			return changes
		})
	}
	if len(e.since) > 0 && s.Images.Edited(serviceNames(services)) {
		for _, compare := range e.since {
			go compare()
		}
	}
	return e
}

// dirty ends a version that was built with changes which no commit has: what differs from it, nobody knows.
const dirty = "-dirty"

// of is the first reason why a service's image is another than the one that runs; empty when none is known.
func (e explanations) of(service string) string {
	compare := e.since[e.running.Services[service].Version]
	if compare == nil {
		return ""
	}
	changes := compare()
	at := slices.IndexFunc(changes, func(c catalog.Change) bool { return c.Kind == catalog.KindService && c.Name == service })
	if at < 0 {
		return ""
	}
	reasons := slices.DeleteFunc(slices.Clone(changes[at].Reasons), uncompiled)
	switch len(reasons) {
	case 0:
		return ""
	case 1:
		return reasons[0]
	}
	return fmt.Sprintf("%s, and %d more", reasons[0], len(reasons)-1)
}

// uncompiled tells whether a reason names a file that is in no image.
func uncompiled(reason string) bool {
	return slices.ContainsFunc([]string{"_test.go", "/service.yaml", "/openapi.yaml", "/Dockerfile", ".md"}, func(ending string) bool { return strings.HasSuffix(reason, ending) })
}

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"sync"

	"github.com/distribution/distribution/v3"
	"github.com/distribution/distribution/v3/registry/api/errcode"
	middleware "github.com/distribution/distribution/v3/registry/middleware/repository"
	"github.com/distribution/reference"
	"github.com/opencontainers/go-digest"
	v1 "github.com/opencontainers/image-spec/specs-go/v1"
)

const middlewareName = "immutable-tags"

// attachments matches tags that name a digest: clients keep lists of what is
// attached to an image under them (signatures, SBOMs), and the lists grow.
var attachments = regexp.MustCompile(`^sha256-[0-9a-f]{64}(\.(sig|att|sbom))?$`)

var registered sync.Once

// registerImmutableTags makes the middleware known to distribution, whose
// list of them is one for the whole program.
func registerImmutableTags(log *slog.Logger) (err error) {
	registered.Do(func() {
		tagging := &sync.Mutex{}
		err = middleware.Register(middlewareName, func(_ context.Context, repository distribution.Repository, _ map[string]any) (distribution.Repository, error) {
			return &immutableTags{Repository: repository, tagging: tagging, log: log}, nil
		})
	})
	return err
}

// immutableTags is a repository whose tags keep the digest they were first
// given.
type immutableTags struct {
	distribution.Repository
	// tagging keeps two pushes of a new tag from both finding it free.
	tagging *sync.Mutex
	log     *slog.Logger
}

func (r *immutableTags) Manifests(ctx context.Context, options ...distribution.ManifestServiceOption) (distribution.ManifestService, error) {
	manifests, err := r.Repository.Manifests(ctx, options...)
	if err != nil {
		return nil, err
	}
	return &immutableManifests{ManifestService: manifests, repository: r}, nil
}

type immutableManifests struct {
	distribution.ManifestService
	repository *immutableTags
}

// Put stores a manifest and its tag in one step; the handler's own tagging
// then finds the tag as it wants it. A refusal stores nothing.
func (m *immutableManifests) Put(ctx context.Context, manifest distribution.Manifest, options ...distribution.ManifestServiceOption) (digest.Digest, error) {
	tag := tagOf(options)
	if tag == "" || attachments.MatchString(tag) {
		return m.ManifestService.Put(ctx, manifest, options...)
	}
	mediaType, payload, err := manifest.Payload()
	if err != nil {
		return "", err
	}
	descriptor := v1.Descriptor{MediaType: mediaType, Size: int64(len(payload)), Digest: digest.FromBytes(payload)}
	m.repository.tagging.Lock()
	defer m.repository.tagging.Unlock()
	if err := m.repository.mayTag(ctx, tag, descriptor.Digest); err != nil {
		return "", err
	}
	stored, err := m.ManifestService.Put(ctx, manifest, options...)
	if err != nil {
		return "", err
	}
	return stored, m.repository.Tags(ctx).Tag(ctx, tag, descriptor)
}

func (r *immutableTags) mayTag(ctx context.Context, tag string, wanted digest.Digest) error {
	present, err := r.Tags(ctx).Get(ctx, tag)
	var unknown distribution.ErrTagUnknown
	if errors.As(err, &unknown) || err == nil && present.Digest == wanted {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look up tag %s: %w", tag, err)
	}
	name := reference.Path(r.Named())
	r.log.Warn("refused to move a tag", "repository", name, "tag", tag, "is", present.Digest, "pushed", wanted)
	return errcode.ErrorCodeDenied.WithMessage(fmt.Sprintf(
		"tag %s of %s is %s and cannot be moved to %s: push under another tag", tag, name, present.Digest, wanted))
}

func tagOf(options []distribution.ManifestServiceOption) string {
	for _, option := range options {
		if tag, ok := option.(distribution.WithTagOption); ok {
			return tag.Tag
		}
	}
	return ""
}

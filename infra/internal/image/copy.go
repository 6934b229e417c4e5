package image

import (
	"context"
	"fmt"
	"net/http"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Place is a registry and how it is spoken to.
type Place struct {
	Host     string // "localhost:5001"
	Insecure bool   // plain HTTP is allowed
}

// AbsentError is an image that a registry does not have.
type AbsentError struct {
	Image string // by digest
}

func (e *AbsentError) Error() string {
	return e.Image + " is not in its registry"
}

// Has reports whether a registry has an image, named by digest.
func Has(ctx context.Context, ref string, insecure bool) (bool, error) {
	digest, err := name.NewDigest(ref, nameOptions(insecure)...)
	if err != nil {
		return false, fmt.Errorf("read reference %q: %w", ref, err)
	}
	_, err = remote.Head(digest, remoteOptions(ctx)...)
	if isStatus(err, http.StatusNotFound) {
		return false, nil
	}
	if err != nil {
		return false, explain("ask for", digest, err)
	}
	return true, nil
}

// Copy stores a service's image, named by digest, in another registry as
// HOST/SERVICE, as Push would have, with everything that is attached to it,
// and returns its reference there. One that is there already costs one request.
func Copy(ctx context.Context, service, ref string, insecure bool, to Place) (copied string, fresh bool, err error) {
	source, err := name.NewDigest(ref, nameOptions(insecure)...)
	if err != nil {
		return "", false, fmt.Errorf("read reference %q: %w", ref, err)
	}
	copied, tag, err := place(to.Host, service, source.DigestStr(), to.Insecure)
	if err != nil {
		return "", false, err
	}
	there, err := tagged(ctx, source.DigestStr(), tag)
	if err != nil || there {
		return copied, false, err
	}
	image, err := remote.Get(source, remoteOptions(ctx)...)
	if isStatus(err, http.StatusNotFound) {
		return "", false, &AbsentError{Image: ref}
	}
	if err != nil {
		return "", false, explain("pull", source, err)
	}
	// As in Push, the tag comes last.
	if err := copyAttachments(ctx, source, tag.Context()); err != nil {
		return "", false, err
	}
	if err := remote.Push(tag, image, remoteOptions(ctx)...); err != nil {
		return "", false, explain("push", tag, err)
	}
	return copied, true, nil
}

// copyAttachments copies what names an image as its subject: bills of
// materials, signatures, attestations.
func copyAttachments(ctx context.Context, source name.Digest, to name.Repository) error {
	index, err := remote.Referrers(source, remoteOptions(ctx)...)
	if err != nil {
		return explain("list what is attached to", source, err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return fmt.Errorf("list what is attached to %s: %w", source, err)
	}
	for _, descriptor := range manifest.Manifests {
		from := source.Context().Digest(descriptor.Digest.String())
		attachment, err := remote.Get(from, remoteOptions(ctx)...)
		if err != nil {
			return explain("pull", from, err)
		}
		target := to.Digest(descriptor.Digest.String())
		if err := remote.Push(target, attachment, remoteOptions(ctx)...); err != nil {
			return explain("push", target, err)
		}
	}
	return nil
}

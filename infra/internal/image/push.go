package image

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	ecr "github.com/awslabs/amazon-ecr-credential-helper/ecr-login"
	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/google"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"golang.org/x/sync/errgroup"
)

// UnreachableError is a registry that could not be talked to.
type UnreachableError struct {
	Registry string
	Err      error
}

func (e *UnreachableError) Error() string {
	return fmt.Sprintf("registry %s does not answer: %v", e.Registry, e.Err)
}

func (e *UnreachableError) Unwrap() error { return e.Err }

// tagLength is how many digits of the digest a tag shows: enough that two
// images of one service never share one.
const tagLength = 12

// Push stores a service's image as HOST/SERVICE, tagged by the head of its
// digest, with its bill of materials attached, and returns the reference by
// digest. An image that is there already costs one request and gives pushed false.
func Push(ctx context.Context, built Built, registryHost string, insecure bool) (ref string, pushed bool, err error) {
	ref, tag, err := place(registryHost, built.Service, built.Digest, insecure)
	if err != nil {
		return "", false, err
	}
	there, err := present(ctx, built.Image, tag)
	if err != nil || there {
		return ref, false, err
	}
	pusher, err := remote.NewPusher(remoteOptions(ctx)...)
	if err != nil {
		return "", false, err
	}
	// The tag comes last: where it is, all is there, even after a kill.
	group, both := errgroup.WithContext(ctx)
	group.Go(func() error { return pushSBOM(both, pusher, built, tag.Context()) })
	group.Go(func() error { return pushLayers(both, pusher, built.Image, tag) })
	if err := group.Wait(); err != nil {
		return "", false, err
	}
	if err := pusher.Push(ctx, tag, built.Image); err != nil {
		return "", false, explain("push", tag, err)
	}
	return ref, true, nil
}

func pushLayers(ctx context.Context, pusher *remote.Pusher, img v1.Image, tag name.Tag) error {
	layers, err := img.Layers()
	if err != nil {
		return fmt.Errorf("read the image's layers: %w", err)
	}
	for _, layer := range layers {
		if err := pusher.Upload(ctx, tag.Context(), layer); err != nil {
			return explain("push", tag, err)
		}
	}
	return nil
}

// place is where a service's image lies in a registry: its reference by digest
// and the tag that the digest gives it.
func place(registryHost, service, digest string, insecure bool) (ref string, tag name.Tag, err error) {
	_, hex, _ := strings.Cut(digest, ":")
	repository := registryHost + "/" + service
	if tag, err = name.NewTag(repository+":"+hex[:tagLength], nameOptions(insecure)...); err != nil {
		return "", tag, fmt.Errorf("read reference %q: %w", repository, err)
	}
	return repository + "@" + digest, tag, nil
}

func pushSBOM(ctx context.Context, pusher *remote.Pusher, built Built, repository name.Repository) error {
	content, err := sbom(built)
	if err != nil {
		return err
	}
	artifact, err := attachment(built.Image, spdxType, content)
	if err != nil {
		return fmt.Errorf("attach the bill of materials of %s: %w", built.Service, err)
	}
	digest, err := artifact.Digest()
	if err != nil {
		return fmt.Errorf("attach the bill of materials of %s: %w", built.Service, err)
	}
	ref := repository.Digest(digest.String())
	if err := pusher.Push(ctx, ref, artifact); err != nil {
		return explain("push", ref, err)
	}
	return nil
}

// PushImage stores an image under a tag ("host/name:tag") unless that tag
// already names it. Insecure allows plain HTTP.
func PushImage(ctx context.Context, img v1.Image, ref string, insecure bool) (pushed bool, err error) {
	tag, err := name.NewTag(ref, nameOptions(insecure)...)
	if err != nil {
		return false, fmt.Errorf("read reference %q: %w", ref, err)
	}
	there, err := present(ctx, img, tag)
	if err != nil || there {
		return false, err
	}
	if err := remote.Write(tag, img, remoteOptions(ctx)...); err != nil {
		return false, explain("push", tag, err)
	}
	return true, nil
}

// present asks whether a tag names the image.
func present(ctx context.Context, img v1.Image, tag name.Tag) (bool, error) {
	digest, err := img.Digest()
	if err != nil {
		return false, fmt.Errorf("read the image's digest: %w", err)
	}
	return tagged(ctx, digest.String(), tag)
}

// tagged asks whether a tag names a digest.
func tagged(ctx context.Context, digest string, tag name.Tag) (bool, error) {
	there, err := remote.Head(tag, remoteOptions(ctx)...)
	switch {
	case err == nil:
		return there.Digest.String() == digest, nil
	case isStatus(err, http.StatusNotFound):
		return false, nil
	}
	return false, explain("ask for", tag, err)
}

// logins are what docker login has recorded, credential helpers among it, and for Amazon's and Google's
// registries the user's credentials of those clouds: nobody has to log in to them anew every few hours.
var logins = authn.NewMultiKeychain(authn.DefaultKeychain,
	authn.NewKeychainFromHelper(ecr.NewECRHelper(ecr.WithLogger(io.Discard))), google.Keychain)

func remoteOptions(ctx context.Context) []remote.Option {
	return []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(logins), remote.WithUserAgent("kindling")}
}

func nameOptions(insecure bool) []name.Option {
	if insecure {
		return []name.Option{name.StrictValidation, name.Insecure}
	}
	return []name.Option{name.StrictValidation}
}

func isStatus(err error, status int) bool {
	var answer *transport.Error
	return errors.As(err, &answer) && answer.StatusCode == status
}

// explain tells a registry that is away from one that refuses.
func explain(action string, ref name.Reference, err error) error {
	var network *net.OpError
	if errors.As(err, &network) {
		return &UnreachableError{Registry: ref.Context().RegistryStr(), Err: network}
	}
	return fmt.Errorf("%s %s: %w", action, ref, err)
}

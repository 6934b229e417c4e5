package image

import (
	"fmt"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Assemble makes an OCI image for this machine's processor from layers, the
// lowest first. The configuration's labels become the manifest's annotations too.
func Assemble(config v1.Config, layers ...v1.Layer) (v1.Image, error) {
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	platform := hostPlatform()
	img, err := mutate.ConfigFile(img, &v1.ConfigFile{
		OS: platform.OS, Architecture: platform.Architecture,
		Created: v1.Time{Time: time.Unix(0, 0).UTC()},
		Config:  config,
		RootFS:  v1.RootFS{Type: "layers"},
	})
	if err != nil {
		return nil, fmt.Errorf("configure: %w", err)
	}
	for i, l := range layers {
		mediaType, err := l.MediaType()
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
		img, err = mutate.Append(img, mutate.Addendum{Layer: l, MediaType: mediaType, History: v1.History{Created: v1.Time{Time: time.Unix(0, 0).UTC()}, CreatedBy: "kindling"}})
		if err != nil {
			return nil, fmt.Errorf("layer %d: %w", i, err)
		}
	}
	if len(config.Labels) == 0 {
		return img, nil
	}
	annotated, ok := mutate.Annotations(img, config.Labels).(v1.Image)
	if !ok {
		return nil, fmt.Errorf("annotate: the library returned no image")
	}
	return annotated, nil
}

package kindcluster

import (
	"context"
	"fmt"
	"strings"
)

// loadBalancerImage is what kind puts before several control planes. Its
// library does not tell.
const loadBalancerImage = "docker.io/envoyproxy/envoy:v1.36.2"

// ensureImage pulls an image that the engine does not have. Images under the
// project's own name are built and loaded, never pulled.
func (e *Engine) ensureImage(ctx context.Context, image string, progress Progress) error {
	_, err := e.docker.run(ctx, nil, "image", "inspect", "--format", "{{.Id}}", image)
	if err == nil || !isMissing(err) {
		return err
	}
	if strings.HasPrefix(image, "kindling.internal/") {
		return &Failure{Cause: fmt.Sprintf("image %s is not in the engine", image), Err: err, Next: "make supply, then run it again"}
	}
	progress("pulling " + image)
	if _, err := e.docker.run(ctx, nil, "pull", "--quiet", image); err != nil {
		return &Failure{Cause: fmt.Sprintf("image %s is not in the engine and cannot be pulled", image), Err: err,
			Next: "check the name and the network, or load it with docker load"}
	}
	return nil
}

package kindcluster

import (
	"context"
	"errors"
	"os"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
)

// build is one run of kind's creation.
type build struct {
	engine   *Engine
	spec     Spec
	progress Progress

	files  sync.Once
	placed bool  // the files that must be there before kubeadm are
	err    error // why they are not
}

// configuring is the step that kind announces when all nodes run and kubeadm
// has not been called: the one moment to put files into them.
const configuring = "Writing configuration"

// run makes the cluster. kind knows no cancellation: when ctx ends, its
// containers are removed under its hands until it gives up.
func (b *build) run(ctx context.Context, config *v1alpha4.Cluster, kubeconfig string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	done := make(chan error, 1)
	go func() {
		done <- b.engine.kind.create(config, environment(b.spec, os.LookupEnv), kubeconfig, func(step string) {
			b.progress(step)
			if strings.HasPrefix(step, configuring) {
				b.files.Do(func() { b.placeFiles(ctx, cancel) })
			}
		})
	}()
	select {
	case err := <-done:
		return b.outcome(ctx, err)
	case <-ctx.Done():
		b.abandon(ctx, done)
		return context.Cause(ctx)
	}
}

func (b *build) outcome(ctx context.Context, err error) error {
	switch {
	case b.err != nil:
		return b.err
	case err != nil:
		return b.explain(ctx, err)
	case !b.placed:
		return errors.New("kind did not announce its step \"" + configuring + "\", at which files are put into the nodes: this version of kind does not fit")
	}
	return nil
}

func (b *build) placeFiles(ctx context.Context, cancel context.CancelCauseFunc) {
	if b.err = b.writeFiles(ctx); b.err != nil {
		cancel(b.err)
		return
	}
	b.placed = true
}

func (b *build) writeFiles(ctx context.Context) error {
	own, err := controlPlaneFiles(b.spec)
	if err != nil {
		return err
	}
	names := NodeNames(b.spec.Name, b.spec.Nodes)
	roles := map[string]string{}
	for i, node := range b.spec.Nodes {
		roles[names[i]] = node.Role
	}
	mirrors := mirrorFiles(b.spec.RegistryMirrors)
	return onNodes(ctx, names, func(ctx context.Context, node string) error {
		files := mirrors
		if roles[node] == RoleControlPlane {
			files = append(own[:len(own):len(own)], mirrors...)
		}
		return b.engine.writeFiles(ctx, node, files)
	})
}

// abandon removes nodes until kind has noticed, or for as long as a cleanup
// may take.
func (b *build) abandon(ctx context.Context, done <-chan error) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanupTime)
	defer cancel()
	for {
		// Failures are the final cleanup's to report.
		_ = b.engine.removeNodes(ctx, b.spec.Name)
		select {
		case <-done: //nolint:errcheck // that kind has ended is enough; why is told by the cause of the abandonment
			return
		case <-ctx.Done():
			return
		case <-time.After(5 * b.engine.poll):
		}
	}
}

package kindcluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"sync"
	"time"

	"sigs.k8s.io/kind/pkg/apis/config/v1alpha4"
	"sigs.k8s.io/kind/pkg/exec"
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
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-time.After(5 * b.engine.poll):
		}
	}
}

// explain reads, while the nodes are still there, why kind failed.
func (b *build) explain(ctx context.Context, err error) error {
	failure := &Failure{Cause: fmt.Sprintf("kind could not make cluster %s", b.spec.Name), Err: err}
	run := exec.RunErrorForError(err)
	if run == nil {
		return failure
	}
	failure.Seen = fmt.Sprintf("%s: %s", shortCommand(run.Command), lastLines(withoutTrace(string(run.Output)), 8))
	if kubelet := b.kubelet(ctx); kubelet != "" {
		failure.Seen += "\nkubelet: " + kubelet
	}
	if strings.Contains(failure.Seen, "too many open files") {
		failure.Next = "raise fs.inotify.max_user_instances (sysctl) to 512 or more"
	}
	return failure
}

// traceLine is a line of klog at a verbosity that kind sets, or of a stack.
var traceLine = regexp.MustCompile(`^([IWE]\d{4} |\s|goroutine |k8s\.io/|github\.com/|main\.|runtime\.)`)

func withoutTrace(output string) string {
	var kept []string
	for line := range strings.SplitSeq(output, "\n") {
		if !traceLine.MatchString(line) {
			kept = append(kept, line)
		}
	}
	return strings.Join(kept, "\n")
}

func shortCommand(command []string) string {
	return strings.Join(command[:min(len(command), 6)], " ")
}

// kubelet returns its last complaint; most failures of kubeadm are its.
func (b *build) kubelet(ctx context.Context) string {
	out, err := b.engine.docker.run(ctx, nil, "exec", firstControlPlane(b.spec.Name),
		"journalctl", "--unit=kubelet", "--output=cat", "--no-pager", "--lines=40")
	if err != nil {
		return ""
	}
	for _, pattern := range []string{"command failed", "\"Failed to", "E"} {
		var found string
		for line := range strings.SplitSeq(string(out), "\n") {
			if strings.HasPrefix(line, "E") && strings.Contains(line, pattern) {
				found = line
			}
		}
		if found != "" {
			return found
		}
	}
	return ""
}

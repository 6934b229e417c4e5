package kindcluster

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"sigs.k8s.io/kind/pkg/exec"
)

// explain reads, while the nodes are still there, why kind failed.
func (b *build) explain(ctx context.Context, err error) error {
	failure := &Failure{Cause: fmt.Sprintf("kind could not make cluster %s", b.spec.Name), Err: err}
	run := exec.RunErrorForError(err)
	if run == nil {
		return failure
	}
	seen := []string{fmt.Sprintf("%s: %s", shortCommand(run.Command), complaint(string(run.Output)))}
	for _, component := range []string{"kube-apiserver", "etcd"} {
		if line := b.lastWords(ctx, component); line != "" {
			seen = append(seen, component+": "+line)
		}
	}
	if line := b.kubelet(ctx); line != "" {
		seen = append(seen, "kubelet: "+line)
	}
	failure.Seen = strings.Join(seen, "\n")
	if strings.Contains(failure.Seen, "too many open files") {
		failure.Next = "raise fs.inotify.max_user_instances (sysctl) to 512 or more"
	}
	return failure
}

// traceLine is a line of klog at the verbosity that kind sets, or of a stack.
var traceLine = regexp.MustCompile(`^([IWE]\d{4} |\s|goroutine |k8s\.io/|github\.com/|main\.|runtime\.)`)

// complaint returns the lines of an output that are called errors, or else
// its last ones.
func complaint(output string) string {
	var kept, errors []string
	for line := range strings.SplitSeq(output, "\n") {
		if traceLine.MatchString(line) {
			continue
		}
		kept = append(kept, line)
		if lower := strings.ToLower(line); strings.HasPrefix(lower, "error") || strings.Contains(lower, "[error") || strings.Contains(line, "Error response") {
			errors = append(errors, line)
		}
	}
	if len(errors) > 0 {
		return lastLines(strings.Join(errors, "\n"), 4)
	}
	return lastLines(strings.Join(kept, "\n"), 6)
}

func shortCommand(command []string) string {
	return strings.Join(command[:min(len(command), 6)], " ")
}

// lastWords returns the last complaint in the log of a control-plane pod that
// has ended; "" for one that went on.
func (b *build) lastWords(ctx context.Context, component string) string {
	script := fmt.Sprintf("cat $(ls -t /var/log/pods/kube-system_%s-*/%s/*.log | head -n 1)", component, component)
	out, err := b.engine.docker.run(ctx, nil, "exec", firstControlPlane(b.spec.Name), "sh", "-c", script)
	if err != nil {
		return ""
	}
	var found string
	for line := range strings.SplitSeq(string(out), "\n") {
		// Each line of a pod's log begins with time, stream and a flag.
		fields := strings.SplitN(line, " ", 4)
		if len(fields) == 4 && fatalLine.MatchString(fields[3]) {
			found = fields[3]
		}
	}
	return found
}

// fatalLine is with what Kubernetes' components and etcd say why they end.
var fatalLine = regexp.MustCompile(`^(Error:|panic:|F\d{4} |E\d{4} .*"command failed"|\{"level":"fatal")`)

// kubelet returns why it did not start; most failures of kubeadm are its.
func (b *build) kubelet(ctx context.Context) string {
	out, err := b.engine.docker.run(ctx, nil, "exec", firstControlPlane(b.spec.Name),
		"journalctl", "--unit=kubelet", "--output=cat", "--no-pager", "--lines=40")
	if err != nil {
		return ""
	}
	var found string
	for line := range strings.SplitSeq(string(out), "\n") {
		if strings.HasPrefix(line, "E") && strings.Contains(line, "command failed") {
			found = line
		}
	}
	return found
}

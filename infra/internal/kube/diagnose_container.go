package kube

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// slowKubelet is what a kubelet says that has not yet been told of an object which is there: it
// tries again by itself.
var slowKubelet = regexp.MustCompile(`failed to sync (secret|configmap) cache`)

var (
	objectMissing = regexp.MustCompile(`(?i)(secret|configmap) "([^"]+)" not found`)
	keyMissing    = regexp.MustCompile(`couldn't find key (\S+) in (Secret|ConfigMap) ([^/\s]+)/(\S+)`)
)

// configFinding tells of a container whose declaration cannot be carried out.
func (o *observation) configFinding(w Workload, pod *corev1.Pod, c containerStatus) (finding, bool) {
	waiting := c.State.Waiting
	if waiting == nil || waiting.Reason != "CreateContainerConfigError" {
		return finding{}, false
	}
	f := finding{Diagnosis: Diagnosis{
		Workload: w, Reason: CannotStart,
		Sentence: fmt.Sprintf("%s cannot start: %s", w.label(), lowerFirst(waiting.Message)),
		Evidence: []string{o.evidence(waiting.Reason+": "+waiting.Message, pod, time.Time{})},
		Next:     "correct " + o.described(w) + ", then " + o.again,
	}}
	if slowKubelet.MatchString(waiting.Message) {
		f.settle = o.left(settleVolume, startOf(pod))
	}
	o.nameMissing(&f, waiting.Message, pod.Namespace)
	return f, true
}

// nameMissing turns a message about a missing Secret or ConfigMap into a
// finding that holds only while it is missing: the kubelet repeats the message
// for up to a minute after somebody has made it.
func (o *observation) nameMissing(f *finding, message, namespace string) {
	var kind, name, key string
	if match := keyMissing.FindStringSubmatch(message); match != nil {
		key, kind, name = match[1], match[2], match[4]
	} else if match := objectMissing.FindStringSubmatch(message); match != nil {
		kind, name = match[1], match[2]
		if strings.EqualFold(kind, "secret") {
			kind = "Secret"
		} else {
			kind = "ConfigMap"
		}
	} else {
		return
	}
	what := kind + " " + name
	if key != "" {
		what = fmt.Sprintf("key %s of %s", key, what)
	}
	f.Reason = ConfigMissing
	f.Sentence = fmt.Sprintf("%s cannot start: %s does not exist in namespace %s", f.Workload.label(), what, namespace)
	f.Next = o.again + ", which makes it again"
	f.confirm = func(ctx context.Context, client *Client) bool { return client.lacks(ctx, kind, namespace, name, key) }
}

// lacks reports whether a Secret or ConfigMap, or a key of it, is missing.
func (c *Client) lacks(ctx context.Context, kind, namespace, name, key string) bool {
	var keys []string
	var err error
	if kind == "Secret" {
		var secret *corev1.Secret
		if secret, err = c.api.CoreV1().Secrets(namespace).Get(ctx, name, metav1.GetOptions{}); err == nil {
			for k := range secret.Data {
				keys = append(keys, k)
			}
		}
	} else {
		var config *corev1.ConfigMap
		if config, err = c.api.CoreV1().ConfigMaps(namespace).Get(ctx, name, metav1.GetOptions{}); err == nil {
			for k := range config.Data {
				keys = append(keys, k)
			}
		}
	}
	if err != nil {
		return apierrors.IsNotFound(err)
	}
	return key != "" && !slices.Contains(keys, key)
}

// startCauses are what container runtimes say of programs that will not start
// the next time either.
var startCauses = []struct{ said, words string }{
	{"no such file or directory", "its program is not in the image"},
	{"exec format error", "its program is made for another processor"},
	{"permission denied", "its program may not be run"},
	{"read-only file system", "it writes to its read-only root filesystem"},
}

// startFinding tells of a program that the container runtime cannot start. A
// failure of the runtime itself is given a second try.
func (o *observation) startFinding(w Workload, pod *corev1.Pod, c containerStatus) (finding, bool) {
	message, at, settle := o.startFailure(pod, c)
	if message == "" {
		return finding{}, false
	}
	words := "the container runtime cannot start its program"
	for _, cause := range startCauses {
		if strings.Contains(message, cause.said) {
			words, settle = cause.words, 0
			break
		}
	}
	return finding{settle: settle, Diagnosis: Diagnosis{
		Workload: w, Reason: CannotStart,
		Sentence: fmt.Sprintf("%s cannot start: %s%s", w.label(), words, c.inPod()),
		Evidence: []string{o.evidence(message, pod, at)},
		Next:     "correct the image or " + o.described(w) + ", then " + o.again,
	}}, true
}

// startFailure is what the container runtime said, when, and how long to give it.
func (o *observation) startFailure(pod *corev1.Pod, c containerStatus) (message string, at time.Time, settle time.Duration) {
	if ended := lastEnd(c); ended != nil && slices.Contains([]string{"StartError", "ContainerCannotRun"}, ended.Reason) && !c.running() {
		if o.exits(pod, c) < 2 {
			settle = o.left(settleVolume, ended.FinishedAt.Time)
		}
		return ended.Message, ended.FinishedAt.Time, settle
	}
	if waiting := c.State.Waiting; waiting != nil && slices.Contains([]string{"CreateContainerError", "RunContainerError", "PreCreateHookError"}, waiting.Reason) {
		return waiting.Message, time.Time{}, o.left(settleVolume, startOf(pod))
	}
	return "", time.Time{}, 0
}

// memoryFinding tells of a container that was killed at its memory limit.
func (o *observation) memoryFinding(w Workload, pod *corev1.Pod, c containerStatus) (finding, bool) {
	ended := lastEnd(c)
	if ended == nil || ended.Reason != "OOMKilled" || o.exits(pod, c) < 1 {
		return finding{}, false
	}
	limit := "the node's memory"
	if quantity, ok := c.spec.Resources.Limits[corev1.ResourceMemory]; ok {
		limit = "its memory limit of " + quantity.String()
	}
	return finding{Diagnosis: Diagnosis{
		Workload: w, Reason: OutOfMemory,
		Sentence: fmt.Sprintf("%s was killed: it needs more than %s%s", w.label(), limit, c.inPod()),
		Evidence: []string{o.evidence(fmt.Sprintf("OOMKilled after %s, exit code %d", ran(ended), ended.ExitCode), pod, ended.FinishedAt.Time)},
		Next:     fmt.Sprintf("raise resources.limits.memory in %s, then %s", o.described(w), o.again),
	}}, true
}

// hopeless are the last words of programs that will exit the next time too.
var hopeless = regexp.MustCompile(`(?i)exec format error|unknown (shorthand )?flag|flag provided but not defined|invalid configuration|error while loading shared libraries`)

// dependent are the last words of programs that miss something that may still come.
var dependent = regexp.MustCompile(`(?i)connection refused|no such host|i/o timeout|server misbehaving|starting up|shutting down|not ready|unavailable|dial tcp`)

// crashFinding tells of a program that exits: the second time, or the first if
// what it said leaves no hope. On a node that has just come back it may have met a
// network that was not there yet. A Job may fail until it gives up by itself.
func (o *observation) crashFinding(w Workload, pod *corev1.Pod, c containerStatus) (finding, bool) {
	ended, exits := lastEnd(c), o.exits(pod, c)
	if ended == nil || exits < 1 || c.running() || w.Kind == Job || (c.init && ended.ExitCode == 0) {
		return finding{}, false
	}
	source := &logSource{pod: pod, container: c.Name, previous: c.State.Terminated == nil}
	last := strings.Join(append(o.lastLines(source), ended.Message), "\n")
	if exits < 2 && !hopeless.MatchString(last) && ended.ExitCode != 126 && ended.ExitCode != 127 {
		return finding{}, false
	}
	f := finding{logs: source, Diagnosis: Diagnosis{
		Workload: w, Reason: Crashing,
		Sentence: fmt.Sprintf("%s does not stay up: it exits with code %d%s", w.label(), ended.ExitCode, c.inPod()),
		Evidence: []string{o.evidence(fmt.Sprintf("exit code %d after %s, for the %s time", ended.ExitCode, ran(ended), ordinal(exits)), pod, ended.FinishedAt.Time)},
		Next:     fmt.Sprintf("mend what its last lines tell, then %s", o.again),
	}}
	if dependent.MatchString(last) && o.othersUnready(w) {
		f.settle = o.leftQuiet(settleDependent, startOf(pod))
	}
	if !hopeless.MatchString(last) {
		f.settle = max(f.settle, o.leftOfReturn(pod.Spec.NodeName))
	}
	return f, true
}

func (o *observation) othersUnready(w Workload) bool {
	for other := range o.unready {
		if other != w {
			return true
		}
	}
	return false
}

// exits counts how often a container exited since the wait began.
func (o *observation) exits(pod *corev1.Pod, c containerStatus) int {
	return int(countExits(c) - o.baseline[exitKey(pod, c)])
}

func exitKey(pod *corev1.Pod, c containerStatus) string { return string(pod.UID) + "/" + c.Name }

// countExits counts all exits: the kubelet counts a restart when the next run begins.
func countExits(c containerStatus) int32 {
	if c.running() || lastEnd(c) == nil {
		return c.RestartCount
	}
	return c.RestartCount + 1
}

func (c containerStatus) running() bool { return c.State.Running != nil }

// inPod names the container when it is not the pod's main one.
func (c containerStatus) inPod() string {
	if c.init {
		return " (init container " + c.Name + ")"
	}
	return ""
}

// lastEnd is how the container's last run ended, or nil.
func lastEnd(c containerStatus) *corev1.ContainerStateTerminated {
	if c.State.Terminated != nil {
		return c.State.Terminated
	}
	return c.LastTerminationState.Terminated
}

// ran is how long a run took. The cluster keeps times in whole seconds.
func ran(ended *corev1.ContainerStateTerminated) string {
	if took := ended.FinishedAt.Sub(ended.StartedAt.Time).Round(time.Second); took >= time.Second {
		return took.String()
	}
	return "less than 1s"
}

func ordinal(n int) string {
	switch {
	case n%10 == 1 && n%100 != 11:
		return fmt.Sprintf("%dst", n)
	case n%10 == 2 && n%100 != 12:
		return fmt.Sprintf("%dnd", n)
	case n%10 == 3 && n%100 != 13:
		return fmt.Sprintf("%drd", n)
	}
	return fmt.Sprintf("%dth", n)
}

package kube

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// probeSource is the HTTP probe that fails, to ask it for its answer.
type probeSource struct {
	pod    *corev1.Pod
	port   string
	path   string
	scheme string
}

var (
	probeSaid   = regexp.MustCompile(`^(Readiness|Liveness|Startup) probe (?:failed|errored)[^:]*: (?s:(.*))$`)
	probeKilled = regexp.MustCompile(`failed (liveness|startup) probe`)
)

// probeKill tells of a container that the kubelet ended because of its probe.
func (o *observation) probeKill(w Workload, pod *corev1.Pod, c containerStatus) (finding, bool) {
	e := o.newestEvent(pod.UID, "Killing")
	if e == nil || !probeKilled.MatchString(e.Message) || o.exits(pod, c) < 1 || !concerns(e, c) {
		return finding{}, false
	}
	kind := probeKilled.FindStringSubmatch(e.Message)[1]
	said := o.probeMessage(pod, c, kind)
	return finding{
		settle: o.leftOfReturn(pod.Spec.NodeName),
		logs:   &logSource{pod: pod, container: c.Name, previous: c.State.Terminated == nil},
		Diagnosis: Diagnosis{
			Workload: w, Reason: ProbeFailing,
			Sentence: fmt.Sprintf("%s is ended by its %s probe again and again: %s", w.label(), kind, answerWords(said)),
			Evidence: []string{o.evidence(e.Message, pod, eventTime(e))},
			Next:     fmt.Sprintf("see why it does not answer, or correct its port in %s, then %s", o.described(w), o.again),
		},
	}, true
}

// probeFinding tells of a program that runs but fails its probe steadily. While
// something else that is waited for is still coming it may depend on that.
func (o *observation) probeFinding(w Workload, pod *corev1.Pod, c containerStatus) (finding, bool) {
	if c.State.Running == nil || c.Ready || c.init || w.Kind == Job {
		return finding{}, false
	}
	started := c.State.Running.StartedAt.Time
	e := o.unhealthy(pod, c, "")
	if e == nil || eventTime(e).Before(started) {
		return finding{}, false
	}
	settle := settleProbe
	if o.othersComing(w) || o.thirdParty(w) {
		settle = settleDependent
	}
	match := probeSaid.FindStringSubmatch(e.Message)
	kind := strings.ToLower(match[1])
	return finding{
		settle: max(o.leftQuiet(settle, started), o.leftOfReturn(pod.Spec.NodeName)),
		logs:   &logSource{pod: pod, container: c.Name},
		answer: httpProbe(pod, c, kind),
		Diagnosis: Diagnosis{
			Workload: w, Reason: ProbeFailing,
			Sentence: fmt.Sprintf("%s runs but its %s probe fails: %s", w.label(), kind, answerWords(match[2])),
			Evidence: []string{o.evidence(e.Message, pod, eventTime(e))},
			Next:     fmt.Sprintf("see why it does not answer, or correct its port in %s, then %s", o.described(w), o.again),
		},
	}, true
}

// leftOfReturn is how long a node that was gone and has come back may still take: its pods are
// started before its network knows services and the other nodes, and they it. A node that is new has no pods yet.
func (o *observation) leftOfReturn(name string) time.Duration {
	for _, node := range o.nodes {
		if node.Name != name {
			continue
		}
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.LastTransitionTime.Sub(node.CreationTimestamp.Time) > settleNode {
				return o.left(settleNode, c.LastTransitionTime.Time)
			}
		}
	}
	return 0
}

// thirdParty tells a part of the platform from a service of the repository: how long it takes to
// begin is not in the hands of who runs it. The metrics server is unready until it has measured.
func (o *observation) thirdParty(w Workload) bool {
	return len(o.services) > 0 && !slices.Contains(o.services, w.label())
}

func (o *observation) othersComing(w Workload) bool {
	for other, coming := range o.coming {
		if coming && other != w {
			return true
		}
	}
	return false
}

// unhealthy is the newest event of a failing probe, of one kind if it is given.
func (o *observation) unhealthy(pod *corev1.Pod, c containerStatus, kind string) *corev1.Event {
	return o.newestMatch(pod.UID, func(e *corev1.Event) bool {
		match := probeSaid.FindStringSubmatch(e.Message)
		return e.Reason == "Unhealthy" && match != nil && concerns(e, c) && (kind == "" || strings.EqualFold(match[1], kind))
	})
}

func (o *observation) probeMessage(pod *corev1.Pod, c containerStatus, kind string) string {
	e := o.unhealthy(pod, c, kind)
	if e == nil {
		return "it does not answer"
	}
	return probeSaid.FindStringSubmatch(e.Message)[2]
}

// concerns reports whether an event is about a container, which its field path
// names: "spec.containers{service}".
func concerns(e *corev1.Event, c containerStatus) bool {
	return e.InvolvedObject.FieldPath == "" || strings.HasSuffix(e.InvolvedObject.FieldPath, "{"+c.Name+"}")
}

var statusCode = regexp.MustCompile(`statuscode: (\d+)`)

// answerWords says in words what a probe got.
func answerWords(said string) string {
	switch {
	case statusCode.MatchString(said):
		return "it answers " + statusCode.FindStringSubmatch(said)[1]
	case strings.Contains(said, "connection refused"):
		return "nothing listens on its port"
	case strings.Contains(said, "context deadline exceeded"), strings.Contains(said, "Client.Timeout"), strings.Contains(said, "timed out"):
		return "it does not answer in time"
	}
	return strings.TrimSpace(said)
}

// httpProbe is the HTTP probe of a kind, or nil when it is of another type.
func httpProbe(pod *corev1.Pod, c containerStatus, kind string) *probeSource {
	probe := map[string]*corev1.Probe{
		"readiness": c.spec.ReadinessProbe, "liveness": c.spec.LivenessProbe, "startup": c.spec.StartupProbe,
	}[kind]
	if probe == nil || probe.HTTPGet == nil {
		return nil
	}
	get := probe.HTTPGet
	port := get.Port.String()
	for _, declared := range c.spec.Ports {
		if declared.Name == port {
			port = fmt.Sprint(declared.ContainerPort)
		}
	}
	return &probeSource{pod: pod, port: port, path: get.Path, scheme: strings.ToLower(string(get.Scheme))}
}

// sandboxFinding tells of a pod whose containers cannot even be made: volumes
// that are not mounted, no network.
func (o *observation) sandboxFinding(w Workload, pod *corev1.Pod) (finding, bool) {
	for _, c := range statuses(pod) {
		if c.State.Waiting == nil || (c.State.Waiting.Reason != "ContainerCreating" && c.State.Waiting.Reason != "PodInitializing") {
			return finding{}, false
		}
	}
	e := o.newestEvent(pod.UID, "FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox", "Pulling", "Pulled")
	if e == nil || e.Reason == "Pulling" || e.Reason == "Pulled" || pod.Spec.NodeName == "" {
		return finding{}, false
	}
	reason, words := VolumeFailed, "a volume cannot be mounted"
	if e.Reason == "FailedCreatePodSandBox" {
		reason, words = NetworkFailed, "its pod gets no network or sandbox"
	}
	f := finding{settle: o.left(settleVolume, startOf(pod)), Diagnosis: Diagnosis{
		Workload: w, Reason: reason,
		Sentence: fmt.Sprintf("%s cannot start: %s", w.label(), words),
		Evidence: []string{o.evidence(e.Message, pod, eventTime(e))},
		Next:     fmt.Sprintf("kubectl describe pod -n %s %s", pod.Namespace, pod.Name),
	}}
	if objectMissing.MatchString(e.Message) {
		o.nameMissing(&f, e.Message, pod.Namespace)
		f.settle = o.left(2*time.Second, startOf(pod))
	}
	return f, true
}

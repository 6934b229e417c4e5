package kube

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

var pullReasons = []string{"ErrImagePull", "ImagePullBackOff", "ErrImageNeverPull", "InvalidImageName", "RegistryUnavailable", "SignatureValidationFailed", "ImageInspectError"}

// pullCauses are what container runtimes and registries say, in the order of
// looking: "no such host" is a registry that is away, not an image that is missing.
var pullCauses = []struct {
	said   *regexp.Regexp
	reason Reason
	words  string
	settle time.Duration
}{
	{regexp.MustCompile(`(?i)no space left`), ImagePullFailed, "its image does not fit: the node's disk is full", 0},
	{regexp.MustCompile(`(?i)no match for platform|no matching manifest|exec format`), ImagePullFailed, "its image is not made for the node's processor", 0},
	{regexp.MustCompile(`(?i)x509|certificate|http response to https client`), ImagePullFailed, "the node does not trust the registry of its image", 0},
	{regexp.MustCompile(`(?i)dial tcp|connection refused|no such host|i/o timeout|tls handshake|connection reset|unexpected eof|\b50[0234]\b|context deadline|RegistryUnavailable`), RegistryAway, "the registry of its image does not answer", settleRegistry},
	{regexp.MustCompile(`(?i)\b40[13]\b|unauthorized|forbidden|denied`), ImageRefused, "the registry refuses its image to the node", 0},
	{regexp.MustCompile(`(?i)not ?found|manifest unknown|name unknown|does not exist|\b404\b`), ImageMissing, "its image is not in the registry", 0},
	{regexp.MustCompile(`(?i)InvalidImageName|invalid reference`), ImagePullFailed, "its image has no valid name", 0},
	{regexp.MustCompile(`ErrImageNeverPull`), ImageMissing, "its image is not on the node and may not be fetched", 0},
}

func (o *observation) imageFinding(w Workload, pod *corev1.Pod, c containerStatus) (finding, bool) {
	waiting := c.State.Waiting
	if waiting == nil || !slices.Contains(pullReasons, waiting.Reason) {
		return finding{}, false
	}
	said, at := o.pullMessage(pod, c)
	f := finding{settle: o.left(settleRegistry, startOf(pod)), Diagnosis: Diagnosis{
		Workload: w, Reason: ImagePullFailed,
		Sentence: w.label() + " cannot start: its image cannot be fetched",
		Evidence: []string{o.evidence(said, pod, at)},
		Next:     fmt.Sprintf("kubectl describe pod -n %s %s", pod.Namespace, pod.Name),
	}}
	for _, cause := range pullCauses {
		if cause.said.MatchString(waiting.Reason + " " + withoutImage(said, c.Image)) {
			f.Reason, f.Sentence = cause.reason, w.label()+" cannot start: "+cause.words
			f.settle = o.left(cause.settle, startOf(pod))
			break
		}
	}
	if next := o.pullNext(w, f.Reason, c); next != "" {
		f.Next = next
	}
	return f, true
}

// pullMessage is what the runtime said: the container's state where it tells
// the cause, else the event of the last attempt.
func (o *observation) pullMessage(pod *corev1.Pod, c containerStatus) (said string, at time.Time) {
	failed := func(e *corev1.Event) bool {
		return e.Reason == "Failed" && strings.HasPrefix(e.Message, "Failed to pull image")
	}
	if e := o.newestMatch(pod.UID, failed); e != nil {
		return e.Message, eventTime(e)
	}
	if message := c.State.Waiting.Message; message != "" {
		return message, time.Time{}
	}
	return fmt.Sprintf("%s: %s", c.State.Waiting.Reason, c.Image), time.Time{}
}

// withoutImage takes the image's name out of a message, so that a service
// called "denied" is not taken for a refusal.
func withoutImage(said, image string) string {
	name, _, _ := strings.Cut(image, "@")
	return strings.ReplaceAll(strings.ReplaceAll(said, image, ""), name, "")
}

func (o *observation) pullNext(w Workload, reason Reason, c containerStatus) string {
	host, _, _ := strings.Cut(c.Image, "/")
	switch reason {
	case ImageMissing:
		if slices.Contains(o.services, w.label()) {
			return fmt.Sprintf("%s builds and pushes it again", o.again)
		}
		return "make supply, then " + o.again
	case RegistryAway:
		return fmt.Sprintf("see that registry %s runs and that the nodes reach it (make doctor), then %s", host, o.again)
	case ImageRefused:
		return fmt.Sprintf("give the nodes access to registry %s, then %s", host, o.again)
	}
	return ""
}

func startOf(pod *corev1.Pod) time.Time {
	if pod.Status.StartTime != nil {
		return pod.Status.StartTime.Time
	}
	return pod.CreationTimestamp.Time
}

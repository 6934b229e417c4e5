package kube

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
)

// refusals are how the API server refuses a pod to its controller.
var refusals = []struct {
	said   *regexp.Regexp
	reason Reason
	words  string // %s: the first group of what was said
	settle time.Duration
	next   string
}{
	{regexp.MustCompile(`exceeded quota: ([^,]+), requested: .*`), QuotaExceeded, "quota %s of its namespace is used up", settleRegistry, "raise the quota or ask for less"},
	{regexp.MustCompile(`violates PodSecurity "([^"]+)"`), AdmissionRefused, "pod security (%s) refuses its pods", 0, "correct what the refusal names"},
	{regexp.MustCompile(`failed calling webhook "([^"]+)"`), AdmissionRefused, "admission webhook %s does not answer", settleVolume, "see that the webhook runs"},
	{regexp.MustCompile(`admission webhook "([^"]+)" denied`), AdmissionRefused, "admission webhook %s refuses its pods", 0, "correct what the refusal names"},
	{regexp.MustCompile(`ValidatingAdmissionPolicy '([^']+)'`), AdmissionRefused, "admission policy %s refuses its pods", 0, "correct what the refusal names"},
	{regexp.MustCompile(`serviceaccounts? "([^"]+)" not found`), ConfigMissing, "service account %s does not exist", settleSchedule, "apply again"},
	{regexp.MustCompile(`(?:is invalid|Invalid value): (.*)`), AdmissionRefused, "its pods are invalid: %s", 0, "correct what the refusal names"},
}

// creationFindings tell of pods that the API server refuses. They are said by
// the ReplicaSet's condition, for other workloads by an event.
func (o *observation) creationFindings(w Workload) []finding {
	said, since := o.refusal(w)
	if said == "" {
		return nil
	}
	f := finding{settle: o.left(settleSchedule, since), Diagnosis: Diagnosis{
		Workload: w, Reason: AdmissionRefused,
		Sentence: w.label() + " gets no pods: the cluster refuses to make them",
		Evidence: []string{fmt.Sprintf("%s (%s %s)", strings.TrimSpace(said), strings.ToLower(w.Kind), w.Name)},
		Next:     fmt.Sprintf("correct what the refusal names in %s, then %s", o.described(w), o.again),
	}}
	for _, refusal := range refusals {
		if match := refusal.said.FindStringSubmatch(said); match != nil {
			f.Reason = refusal.reason
			f.Sentence = fmt.Sprintf("%s gets no pods: "+refusal.words, w.label(), match[1])
			f.settle = o.left(refusal.settle, since)
			f.Next = fmt.Sprintf("%s (%s), then %s", refusal.next, o.described(w), o.again)
			break
		}
	}
	return []finding{f}
}

// refusal is what the API server said and since when, or "".
func (o *observation) refusal(w Workload) (said string, since time.Time) {
	switch w.Kind {
	case Deployment:
		set := o.currentReplicaSet(o.deployments[w.key()])
		if set == nil {
			return "", time.Time{}
		}
		for _, c := range set.Status.Conditions {
			if c.Type == appsv1.ReplicaSetReplicaFailure && c.Status == corev1.ConditionTrue && c.Reason == "FailedCreate" {
				return c.Message, c.LastTransitionTime.Time
			}
		}
		return "", time.Time{}
	case StatefulSet:
		return o.failedCreate(o.statefulSets[w.key()].UID)
	case DaemonSet:
		return o.failedCreate(o.daemonSets[w.key()].UID)
	default:
		return o.failedCreate(o.jobs[w.key()].UID)
	}
}

// failedCreate is the event of a refusal, unless a pod was made after it.
func (o *observation) failedCreate(owner types.UID) (said string, since time.Time) {
	e := o.newestEvent(owner, "FailedCreate", "SuccessfulCreate")
	if e == nil || e.Reason != "FailedCreate" {
		return "", time.Time{}
	}
	if since = e.FirstTimestamp.Time; since.IsZero() {
		since = e.EventTime.Time
	}
	return e.Message, since
}

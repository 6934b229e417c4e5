package kube

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/klog/v2"
)

var (
	insufficient = regexp.MustCompile(`\d+ Insufficient ([^\s,.]+(?:\.[^\s,]+)*)`)
	// Newer schedulers do not name the taint.
	taint = regexp.MustCompile(`untolerated taint(?:\(s\))?(?: \{([^:}]+))?`)
	// What the scheduler appends to the causes.
	afterCause   = regexp.MustCompile(`(?s)\.? (?:no new claims to deallocate|preemption:).*$`)
	claimMissing = regexp.MustCompile(`persistentvolumeclaim "([^"]+)" not found`)
)

// lack is one thing that the scheduler misses.
type lack struct {
	words  string
	settle time.Duration
	reason Reason
}

// unschedulable says what no node has. The scheduler's message lists a cause
// for each group of nodes; all of them are told.
func (o *observation) unschedulable(w Workload, pod *corev1.Pod, c *corev1.PodCondition) finding {
	lacks := o.lacks(pod, c.Message)
	words, settle, reason := make([]string, len(lacks)), settleSchedule, Unschedulable
	for i, l := range lacks {
		words[i] = l.words
		settle = max(settle, l.settle)
		if l.reason != "" {
			reason = l.reason
		}
	}
	if o.leaving > 0 {
		// What is being terminated still holds its room.
		settle = max(settle, settleNode)
	}
	next := fmt.Sprintf("change what it asks for in %s or add a node that has it, then %s", o.described(w), o.again)
	if reason == VolumeFailed {
		next = fmt.Sprintf("kubectl describe pvc -n %s tells more; mend it, then %s", pod.Namespace, o.again)
	}
	said := afterCause.ReplaceAllString(c.Message, "")
	return finding{settle: o.left(settle, c.LastTransitionTime.Time), Diagnosis: Diagnosis{
		Workload: w, Reason: reason,
		Sentence: fmt.Sprintf("%s cannot be placed on a node: %s", w.label(), strings.Join(words, "; ")),
		Evidence: slices.Concat(o.unreadyNodes(), []string{o.evidence(said, pod, c.LastTransitionTime.Time)}, o.claimEvidence(pod)),
		Next:     next,
	}}
}

func (o *observation) lacks(pod *corev1.Pod, message string) []lack {
	var lacks []lack
	for _, match := range insufficient.FindAllStringSubmatch(message, -1) {
		wanted := requested(pod, corev1.ResourceName(match[1]))
		lacks = append(lacks, lack{words: fmt.Sprintf("too little %s is free (it asks for %s)", match[1], wanted.String())})
	}
	if match := taint.FindStringSubmatch(message); match != nil {
		lacks = append(lacks, o.tainted(pod, strings.TrimSpace(match[1])))
	}
	if match := claimMissing.FindStringSubmatch(message); match != nil {
		lacks = append(lacks, lack{words: "its volume claim " + match[1] + " does not exist", settle: settleProbe, reason: VolumeFailed})
	}
	for _, known := range []struct {
		said string
		lack lack
	}{
		{"unbound immediate PersistentVolumeClaims", lack{words: "its volume is not made", settle: settleVolume, reason: VolumeFailed}},
		{"node affinity", lack{words: "no node has the labels it asks for: " + selectorText(pod.Spec.NodeSelector)}},
		{"free ports", lack{words: "its host port is taken on every node" + hostPorts(pod)}},
		{"anti-affinity", lack{words: "it may not share a node with its like, and there are too few nodes"}},
		{"topology spread", lack{words: "its spread over nodes leaves none"}},
		{"Too many pods", lack{words: "nodes run as many pods as they may"}},
		{"unschedulable.", lack{words: "nodes are cordoned"}},
	} {
		if strings.Contains(message, known.said) {
			lacks = append(lacks, known.lack)
		}
	}
	if len(lacks) == 0 {
		lacks = append(lacks, lack{words: lowerFirst(strings.TrimSuffix(message, "."))})
	}
	return lacks
}

// tainted tells of taints: the one that the scheduler names, or else those that the nodes have now.
func (o *observation) tainted(pod *corev1.Pod, named string) lack {
	taints := []string{named}
	if named == "" {
		taints = o.untolerated(pod)
	}
	if len(taints) == 0 {
		return lack{words: "nodes had taints, which they have no longer", settle: settleNode}
	}
	words := strings.Join(taints, ", ")
	if slices.ContainsFunc(taints, func(key string) bool {
		return strings.HasPrefix(key, "node.kubernetes.io/") || strings.HasPrefix(key, "node.cloudprovider.kubernetes.io/")
	}) {
		return lack{words: fmt.Sprintf("nodes are not ready (taint %s)", words), settle: settleNode}
	}
	return lack{words: fmt.Sprintf("nodes have taint %s, which it does not tolerate", words)}
}

// untolerated are the keys of the taints that keep a pod off nodes.
func (o *observation) untolerated(pod *corev1.Pod) []string {
	var keys []string
	for _, node := range o.nodes {
		for _, taint := range node.Spec.Taints {
			tolerated := taint.Effect == corev1.TaintEffectPreferNoSchedule || slices.ContainsFunc(pod.Spec.Tolerations, func(t corev1.Toleration) bool {
				return t.ToleratesTaint(klog.Background(), &taint, true)
			})
			if !tolerated && !slices.Contains(keys, taint.Key) {
				keys = append(keys, taint.Key)
			}
		}
	}
	slices.Sort(keys)
	return keys
}

// unreadyNodes is what nodes that are not ready say of it.
func (o *observation) unreadyNodes() []string {
	var said []string
	for _, node := range o.nodes {
		for _, c := range node.Status.Conditions {
			if c.Type == corev1.NodeReady && c.Status != corev1.ConditionTrue {
				said = append(said, fmt.Sprintf("node %s: %s", node.Name, cut(c.Message)))
			}
		}
	}
	return said
}

// requested is what a pod asks for: the sum over its containers, or the largest
// init container if that is more.
func requested(pod *corev1.Pod, name corev1.ResourceName) resource.Quantity {
	var sum resource.Quantity
	for _, c := range pod.Spec.Containers {
		sum.Add(c.Resources.Requests[name])
	}
	for _, c := range pod.Spec.InitContainers {
		if wanted := c.Resources.Requests[name]; wanted.Cmp(sum) > 0 {
			sum = wanted
		}
	}
	return sum
}

func selectorText(selector map[string]string) string {
	if len(selector) == 0 {
		return "see its node affinity"
	}
	var labels []string
	for _, key := range slices.Sorted(maps.Keys(selector)) {
		labels = append(labels, key+"="+selector[key])
	}
	return strings.Join(labels, ", ")
}

func hostPorts(pod *corev1.Pod) string {
	var ports []string
	for _, c := range pod.Spec.Containers {
		for _, p := range c.Ports {
			if p.HostPort != 0 {
				ports = append(ports, fmt.Sprint(p.HostPort))
			}
		}
	}
	if len(ports) == 0 {
		return ""
	}
	return " (" + strings.Join(ports, ", ") + ")"
}

// claimEvidence is what the provisioner says of a pod's volume claims.
func (o *observation) claimEvidence(pod *corev1.Pod) []string {
	var said []string
	for _, volume := range pod.Spec.Volumes {
		if volume.PersistentVolumeClaim == nil {
			continue
		}
		claim := o.claims[pod.Namespace+"/"+volume.PersistentVolumeClaim.ClaimName]
		if claim == nil || claim.Status.Phase == corev1.ClaimBound {
			continue
		}
		if e := o.newestEvent(claim.UID, "ProvisioningFailed", "FailedBinding"); e != nil {
			said = append(said, fmt.Sprintf("%s (claim %s)", e.Message, claim.Name))
		}
	}
	return said
}

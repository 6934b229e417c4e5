package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// Times within which a bad sign may still pass. They are counted from the sign's
// first sight, or from the last progress of anything that is waited for.
const (
	settleSchedule  = 5 * time.Second  // a node may be just joining, a claim just being made
	settleRegistry  = 10 * time.Second // a registry may be just restarting
	settleProbe     = 15 * time.Second // a program may take this long to answer
	settleVolume    = 30 * time.Second // provisioners take some time
	settleNode      = 60 * time.Second // nodes become ready, terminating pods free their room
	settleDependent = 90 * time.Second // what it depends on may still be coming
)

// finding is a bad sign. It becomes a diagnosis when it has settled and, where
// confirm is set, when a look at the cluster confirms it.
type finding struct {
	Diagnosis
	settle  time.Duration // still to wait; zero or less: conclusive
	confirm func(context.Context, *Client) bool
	logs    *logSource   // whose last lines belong to the evidence
	answer  *probeSource // what to ask for the failing answer
}

// logSource is a run of a container.
type logSource struct {
	pod       *corev1.Pod
	container string
	previous  bool // the run before the one that is running
}

// observation is a view together with what the wait knows of time.
type observation struct {
	*view
	now       time.Time
	progress  time.Time         // when anything that is waited for last advanced
	coming    map[Workload]bool // workloads that are still fetching images, volumes or nodes
	unready   map[Workload]bool // workloads that are not done
	baseline  map[string]int32  // exits of containers before the wait, by exitKey
	lastLines func(*logSource) []string
	services  []string // parts that have a folder under services/
	again     string   // the command that is to be run again
}

// left is how much of a settling time is left when it began at start.
func (o *observation) left(settle time.Duration, start time.Time) time.Duration {
	return settle - o.now.Sub(start)
}

// leftQuiet counts from start or, if later, from the last progress of anything.
func (o *observation) leftQuiet(settle time.Duration, start time.Time) time.Duration {
	if o.progress.After(start) {
		start = o.progress
	}
	return o.left(settle, start)
}

// findings are the bad signs of a workload that is not done, the most telling first.
func (o *observation) findings(w Workload) []finding {
	if status, found := o.status(w); !found {
		return []finding{o.missing(w)}
	} else if status.Done {
		return nil
	}
	var all []finding
	for _, pod := range o.currentPods(w) {
		if f, ok := o.podFinding(w, pod); ok {
			all = append(all, f)
		}
	}
	slices.SortStableFunc(all, func(a, b finding) int { return int(a.settle - b.settle) })
	all = append(all, o.creationFindings(w)...)
	if len(all) == 0 {
		all = append(all, o.controllerFindings(w)...)
	}
	return all
}

func (o *observation) missing(w Workload) finding {
	return finding{settle: o.left(settleSchedule, o.progress), Diagnosis: Diagnosis{
		Workload: w, Reason: WorkloadMissing,
		Sentence: fmt.Sprintf("%s does not exist in the cluster: somebody removed %s %s", w.label(), strings.ToLower(w.Kind), w.key()),
		Next:     o.again,
	}}
}

// podFinding is the one sign of a pod that tells most.
func (o *observation) podFinding(w Workload, pod *corev1.Pod) (finding, bool) {
	if isReady(pod) || pod.Status.Phase == corev1.PodSucceeded {
		return finding{}, false
	}
	if scheduled := condition(pod, corev1.PodScheduled); scheduled != nil && scheduled.Reason == corev1.PodReasonUnschedulable {
		return o.unschedulable(w, pod, scheduled), true
	}
	if pod.Status.Phase == corev1.PodFailed && w.Kind != Job {
		return o.failedPod(w, pod)
	}
	for _, c := range statuses(pod) {
		for _, look := range []func(Workload, *corev1.Pod, containerStatus) (finding, bool){
			o.imageFinding, o.configFinding, o.startFinding, o.memoryFinding, o.probeKill, o.crashFinding, o.probeFinding,
		} {
			if f, ok := look(w, pod, c); ok {
				return o.heldUpdate(w, pod, f), true
			}
		}
	}
	return o.sandboxFinding(w, pod)
}

// heldUpdate tells of a StatefulSet that waits for a broken pod of the revision
// before: its controller replaces that pod only once it is ready, which is never.
func (o *observation) heldUpdate(w Workload, pod *corev1.Pod, f finding) finding {
	set := o.statefulSets[w.key()]
	if w.Kind != StatefulSet || set == nil || set.Spec.PodManagementPolicy == appsv1.ParallelPodManagement {
		return f
	}
	if revision := pod.Labels[appsv1.ControllerRevisionHashLabelKey]; revision != "" && revision != set.Status.UpdateRevision {
		f.Evidence = append(f.Evidence, fmt.Sprintf("pod %s is of the revision before; the update waits for it", pod.Name))
		f.Next = fmt.Sprintf("kubectl delete pod -n %s %s, then %s", pod.Namespace, pod.Name, o.again)
	}
	return f
}

// failedPod tells of pods that a node threw out. One is replaced; when it
// happens again there is a reason.
func (o *observation) failedPod(w Workload, pod *corev1.Pod) (finding, bool) {
	failed := 0
	for _, other := range o.currentPods(w) {
		if other.Status.Phase == corev1.PodFailed {
			failed++
		}
	}
	if failed < 2 {
		return finding{}, false
	}
	return finding{Diagnosis: Diagnosis{
		Workload: w, Reason: Evicted,
		Sentence: fmt.Sprintf("%s is thrown out by its node again and again: %s", w.label(), lowerFirst(pod.Status.Message)),
		Evidence: []string{o.evidence(pod.Status.Reason+": "+pod.Status.Message, pod, time.Time{})},
		Next:     "free what the node lacks (kubectl describe node " + pod.Spec.NodeName + "), then " + o.again,
	}}, true
}

// controllerFindings are what the workload's controller says, for want of a pod's own sign.
func (o *observation) controllerFindings(w Workload) []finding {
	switch w.Kind {
	case Deployment:
		for _, c := range o.deployments[w.key()].Status.Conditions {
			if c.Type == appsv1.DeploymentProgressing && c.Reason == "ProgressDeadlineExceeded" {
				return []finding{{Diagnosis: Diagnosis{
					Workload: w, Reason: DeadlineExceeded,
					Sentence: w.label() + " made no progress within its deadline",
					Evidence: []string{c.Message},
					Next:     fmt.Sprintf("kubectl describe deployment -n %s %s", w.Namespace, w.Name),
				}}}
			}
		}
	case Job:
		if failed := jobCondition(o.jobs[w.key()], batchv1.JobFailed); failed != nil {
			return []finding{o.jobFailed(w, failed)}
		}
	case DaemonSet:
		if d := o.daemonSets[w.key()]; d.Status.DesiredNumberScheduled == 0 && d.Status.ObservedGeneration >= d.Generation {
			return []finding{{settle: o.left(settleNode, d.CreationTimestamp.Time), Diagnosis: Diagnosis{
				Workload: w, Reason: Unschedulable,
				Sentence: w.label() + " runs nowhere: no node has the labels it asks for",
				Evidence: []string{"node selector " + selectorText(d.Spec.Template.Spec.NodeSelector)},
				Next:     "label a node, or change the node selector",
			}}}
		}
	}
	return nil
}

func (o *observation) jobFailed(w Workload, failed *batchv1.JobCondition) finding {
	f := finding{Diagnosis: Diagnosis{
		Workload: w, Reason: JobFailed,
		Sentence: fmt.Sprintf("%s failed: job %s gave up", w.label(), w.Name),
		Evidence: []string{fmt.Sprintf("%s: %s", failed.Reason, failed.Message)},
		Next:     fmt.Sprintf("mend the cause, kubectl delete job -n %s %s, then %s", w.Namespace, w.Name, o.again),
	}}
	pods := o.pods[o.jobs[w.key()].UID]
	for i := len(pods) - 1; i >= 0; i-- {
		for _, c := range statuses(pods[i]) {
			if c.State.Terminated != nil && c.State.Terminated.ExitCode != 0 {
				f.Sentence = fmt.Sprintf("%s failed: job %s gave up, its last run with exit code %d", w.label(), w.Name, c.State.Terminated.ExitCode)
				f.logs = &logSource{pod: pods[i], container: c.Name}
				return f
			}
		}
	}
	return f
}

// evidence is a line of what the cluster says, with its pod and age.
func (o *observation) evidence(text string, pod *corev1.Pod, at time.Time) string {
	where := "pod " + pod.Name
	if !at.IsZero() {
		where += fmt.Sprintf(", %d s ago", max(0, int(o.now.Sub(at).Seconds())))
	}
	return fmt.Sprintf("%s (%s)", strings.TrimSpace(text), where)
}

// described is where a part is described: the file to edit.
func (o *observation) described(w Workload) string {
	if slices.Contains(o.services, w.label()) {
		return "services/" + w.label() + "/service.yaml"
	}
	return "modules/" + w.label()
}

func lowerFirst(text string) string {
	if len(text) > 1 && text[1] >= 'a' && text[1] <= 'z' {
		return strings.ToLower(text[:1]) + text[1:]
	}
	return text
}

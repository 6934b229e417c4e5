package kube

import (
	"cmp"
	"fmt"
	"slices"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
)

// status says how far a workload is; found is false when it does not exist.
func (v *view) status(w Workload) (s Status, found bool) {
	s.Workload = w
	switch w.Kind {
	case Deployment:
		if d := v.deployments[w.key()]; d != nil {
			s = deploymentStatus(s, d)
			s.Started = !s.Done && rollsOut(d) && v.countPods(w, started) >= s.Desired
			return s, true
		}
	case StatefulSet:
		if set := v.statefulSets[w.key()]; set != nil {
			return statefulSetStatus(s, set), true
		}
	case DaemonSet:
		if d := v.daemonSets[w.key()]; d != nil {
			return daemonSetStatus(s, d), true
		}
	case Job:
		if j := v.jobs[w.key()]; j != nil {
			return jobStatus(s, j, v.countPods(w, succeeded)), true
		}
	}
	s.Message = "does not exist"
	return s, false
}

// rollsOut tells whether a rollout goes on: it has neither been completed nor given up.
func rollsOut(d *appsv1.Deployment) bool {
	return d.Status.ObservedGeneration >= d.Generation && slices.ContainsFunc(d.Status.Conditions, func(c appsv1.DeploymentCondition) bool {
		return c.Type == appsv1.DeploymentProgressing && c.Status == corev1.ConditionTrue && c.Reason != newRevisionAvailable
	})
}

// newRevisionAvailable is the reason of a rollout that was completed.
const newRevisionAvailable = "NewReplicaSetAvailable"

// countPods is how many current pods have containers that are all of a kind.
func (v *view) countPods(w Workload, are func(corev1.ContainerStatus) bool) int {
	count := 0
	for _, pod := range v.currentPods(w) {
		containers := pod.Status.ContainerStatuses
		if len(containers) > 0 && !slices.ContainsFunc(containers, func(c corev1.ContainerStatus) bool { return !are(c) }) {
			count++
		}
	}
	return count
}

func started(c corev1.ContainerStatus) bool { return c.Started != nil && *c.Started }

func succeeded(c corev1.ContainerStatus) bool {
	return c.State.Terminated != nil && c.State.Terminated.ExitCode == 0
}

func orOne(replicas *int32) int {
	if replicas == nil {
		return 1
	}
	return int(*replicas)
}

func firstImage(spec corev1.PodSpec) string {
	if len(spec.Containers) == 0 {
		return ""
	}
	return spec.Containers[0].Image
}

// unobserved is the message while the controller has not seen the newest generation.
const unobserved = "waiting for its controller"

func deploymentStatus(s Status, d *appsv1.Deployment) Status {
	s.Desired, s.Image = orOne(d.Spec.Replicas), firstImage(d.Spec.Template.Spec)
	s.Ready = min(int(d.Status.ReadyReplicas), s.Desired)
	updated, all, available := int(d.Status.UpdatedReplicas), int(d.Status.Replicas), int(d.Status.AvailableReplicas)
	switch {
	case d.Status.ObservedGeneration < d.Generation:
		s.Message = unobserved
	case updated < s.Desired:
		s.Message = fmt.Sprintf("%d of %d pods updated", updated, s.Desired)
	case all > updated:
		s.Message = fmt.Sprintf("%d pods of the revision before still run", all-updated)
	case available < s.Desired:
		s.Message = fmt.Sprintf("%d of %d pods available", available, s.Desired)
	default:
		s.Done = true
	}
	return s
}

func statefulSetStatus(s Status, set *appsv1.StatefulSet) Status {
	s.Desired, s.Image = orOne(set.Spec.Replicas), firstImage(set.Spec.Template.Spec)
	s.Ready = min(int(set.Status.ReadyReplicas), s.Desired)
	switch {
	case set.Status.ObservedGeneration < set.Generation:
		s.Message = unobserved
	case int(set.Status.ReadyReplicas) < s.Desired:
		s.Message = fmt.Sprintf("%d of %d pods ready", set.Status.ReadyReplicas, s.Desired)
	case set.Status.UpdateRevision != set.Status.CurrentRevision && int(set.Status.UpdatedReplicas) < s.Desired:
		s.Message = fmt.Sprintf("%d of %d pods updated", set.Status.UpdatedReplicas, s.Desired)
	case int(set.Status.AvailableReplicas) < s.Desired:
		s.Message = fmt.Sprintf("%d of %d pods available", set.Status.AvailableReplicas, s.Desired)
	default:
		s.Done = true
	}
	return s
}

func daemonSetStatus(s Status, d *appsv1.DaemonSet) Status {
	s.Desired, s.Image = int(d.Status.DesiredNumberScheduled), firstImage(d.Spec.Template.Spec)
	s.Ready = min(int(d.Status.NumberReady), s.Desired)
	switch {
	case d.Status.ObservedGeneration < d.Generation:
		s.Message = unobserved
	case s.Desired == 0:
		s.Message = "no node for it yet"
	case int(d.Status.UpdatedNumberScheduled) < s.Desired:
		s.Message = fmt.Sprintf("%d of %d pods updated", d.Status.UpdatedNumberScheduled, s.Desired)
	case int(d.Status.NumberAvailable) < s.Desired:
		s.Message = fmt.Sprintf("%d of %d pods available", d.Status.NumberAvailable, s.Desired)
	default:
		s.Done = true
	}
	return s
}

// jobStatus is done as soon as enough pods have succeeded: the Job's own condition follows a second or
// two later, when the kubelet has cleared the pod away.
func jobStatus(s Status, j *batchv1.Job, succeeded int) Status {
	s.Desired, s.Image = orOne(j.Spec.Completions), firstImage(j.Spec.Template.Spec)
	s.Ready = max(int(j.Status.Succeeded), succeeded)
	if s.Ready >= s.Desired || jobCondition(j, batchv1.JobComplete) != nil {
		s.Ready, s.Done = s.Desired, true
		return s
	}
	s.Message = fmt.Sprintf("%d of %d runs succeeded", s.Ready, s.Desired)
	if j.Status.Failed > 0 {
		s.Message += fmt.Sprintf(", %d failed", j.Status.Failed)
	}
	return s
}

func jobCondition(j *batchv1.Job, kind batchv1.JobConditionType) *batchv1.JobCondition {
	for i, c := range j.Status.Conditions {
		if c.Type == kind && c.Status == corev1.ConditionTrue {
			return &j.Status.Conditions[i]
		}
	}
	return nil
}

// podMessage says what the first pod that is not ready is doing.
func podMessage(pods []*corev1.Pod) string {
	for _, pod := range pods {
		if isReady(pod) || pod.Status.Phase == corev1.PodSucceeded {
			continue
		}
		if condition(pod, corev1.PodScheduled) == nil {
			return "waiting for the scheduler"
		}
		for _, c := range statuses(pod) {
			switch {
			case c.State.Waiting != nil:
				return waitingMessages[cmp.Or(c.State.Waiting.Reason, "ContainerCreating")]
			case c.State.Running != nil && !c.Ready && !c.init:
				return "started, not answering its probe yet"
			}
		}
	}
	return ""
}

// waitingMessages are the kubelet's reasons in words; those that are absent are
// told by a diagnosis.
var waitingMessages = map[string]string{
	"ContainerCreating": "fetching its image and volumes",
	"PodInitializing":   "running its init containers",
	"ErrImagePull":      "its image cannot be fetched, trying again",
	"ImagePullBackOff":  "its image cannot be fetched, trying again",
	"CrashLoopBackOff":  "exited, starting again",
}

// containerStatus is the status of a container with its declaration.
type containerStatus struct {
	corev1.ContainerStatus
	init bool
	spec *corev1.Container
}

// statuses are those of a pod's init containers, then of its containers.
func statuses(pod *corev1.Pod) []containerStatus {
	all := make([]containerStatus, 0, len(pod.Status.InitContainerStatuses)+len(pod.Status.ContainerStatuses))
	for _, c := range pod.Status.InitContainerStatuses {
		all = append(all, containerStatus{c, true, container(pod.Spec.InitContainers, c.Name)})
	}
	for _, c := range pod.Status.ContainerStatuses {
		all = append(all, containerStatus{c, false, container(pod.Spec.Containers, c.Name)})
	}
	return all
}

func container(declared []corev1.Container, name string) *corev1.Container {
	for i := range declared {
		if declared[i].Name == name {
			return &declared[i]
		}
	}
	return &corev1.Container{Name: name}
}

func condition(pod *corev1.Pod, kind corev1.PodConditionType) *corev1.PodCondition {
	for i, c := range pod.Status.Conditions {
		if c.Type == kind {
			return &pod.Status.Conditions[i]
		}
	}
	return nil
}

func isReady(pod *corev1.Pod) bool {
	ready := condition(pod, corev1.PodReady)
	return ready != nil && ready.Status == corev1.ConditionTrue
}

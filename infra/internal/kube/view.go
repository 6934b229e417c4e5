package kube

import (
	"cmp"
	"slices"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// view is the nodes and the objects of the watched namespaces at one moment.
type view struct {
	deployments  map[string]*appsv1.Deployment
	statefulSets map[string]*appsv1.StatefulSet
	daemonSets   map[string]*appsv1.DaemonSet
	jobs         map[string]*batchv1.Job
	claims       map[string]*corev1.PersistentVolumeClaim
	replicaSets  map[types.UID][]*appsv1.ReplicaSet // by owner
	pods         map[types.UID][]*corev1.Pod        // by owner
	events       map[types.UID][]*corev1.Event      // by object, the newest first
	nodes        []*corev1.Node
	leaving      int // pods that are being terminated
}

func newView(objects []any) *view {
	v := &view{
		deployments: map[string]*appsv1.Deployment{}, statefulSets: map[string]*appsv1.StatefulSet{},
		daemonSets: map[string]*appsv1.DaemonSet{}, jobs: map[string]*batchv1.Job{},
		claims:      map[string]*corev1.PersistentVolumeClaim{},
		replicaSets: map[types.UID][]*appsv1.ReplicaSet{}, pods: map[types.UID][]*corev1.Pod{},
		events: map[types.UID][]*corev1.Event{},
	}
	for _, object := range objects {
		v.add(object)
	}
	for _, pods := range v.pods {
		slices.SortFunc(pods, func(a, b *corev1.Pod) int { return cmp.Compare(a.Name, b.Name) })
	}
	slices.SortFunc(v.nodes, func(a, b *corev1.Node) int { return cmp.Compare(a.Name, b.Name) })
	for _, events := range v.events {
		slices.SortStableFunc(events, func(a, b *corev1.Event) int { return eventTime(b).Compare(eventTime(a)) })
	}
	return v
}

func (v *view) add(object any) {
	switch o := object.(type) {
	case *appsv1.Deployment:
		v.deployments[keyOf(o)] = o
	case *appsv1.StatefulSet:
		v.statefulSets[keyOf(o)] = o
	case *appsv1.DaemonSet:
		v.daemonSets[keyOf(o)] = o
	case *batchv1.Job:
		v.jobs[keyOf(o)] = o
	case *corev1.PersistentVolumeClaim:
		v.claims[keyOf(o)] = o
	case *appsv1.ReplicaSet:
		if owner := metav1.GetControllerOf(o); owner != nil {
			v.replicaSets[owner.UID] = append(v.replicaSets[owner.UID], o)
		}
	case *corev1.Pod:
		if o.DeletionTimestamp != nil {
			v.leaving++
		} else if owner := metav1.GetControllerOf(o); owner != nil {
			v.pods[owner.UID] = append(v.pods[owner.UID], o)
		}
	case *corev1.Node:
		v.nodes = append(v.nodes, o)
	case *corev1.Event:
		v.events[o.InvolvedObject.UID] = append(v.events[o.InvolvedObject.UID], o)
	}
}

func keyOf(object metav1.Object) string { return object.GetNamespace() + "/" + object.GetName() }

// eventTime is when an event was last seen.
func eventTime(e *corev1.Event) time.Time {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time
	case !e.LastTimestamp.IsZero():
		return e.LastTimestamp.Time
	case !e.EventTime.IsZero():
		return e.EventTime.Time
	}
	return e.CreationTimestamp.Time
}

// newestEvent is the newest event of an object with one of the reasons.
func (v *view) newestEvent(object types.UID, reasons ...string) *corev1.Event {
	return v.newestMatch(object, func(e *corev1.Event) bool { return slices.Contains(reasons, e.Reason) })
}

func (v *view) newestMatch(object types.UID, matches func(*corev1.Event) bool) *corev1.Event {
	if i := slices.IndexFunc(v.events[object], matches); i >= 0 {
		return v.events[object][i]
	}
	return nil
}

const revisionAnnotation = "deployment.kubernetes.io/revision"

// currentReplicaSet is the one that belongs to a Deployment's newest revision;
// nil as long as the controller has not made it.
func (v *view) currentReplicaSet(d *appsv1.Deployment) *appsv1.ReplicaSet {
	revision := d.Annotations[revisionAnnotation]
	for _, set := range v.replicaSets[d.UID] {
		if revision != "" && set.Annotations[revisionAnnotation] == revision {
			return set
		}
	}
	return nil
}

// currentPods are a workload's pods that are not being terminated and belong to
// its newest revision. Those of a StatefulSet's revision before are given too,
// since its update waits for them.
func (v *view) currentPods(w Workload) []*corev1.Pod {
	switch w.Kind {
	case Deployment:
		if d := v.deployments[w.key()]; d != nil {
			if set := v.currentReplicaSet(d); set != nil {
				return v.pods[set.UID]
			}
		}
	case StatefulSet:
		if s := v.statefulSets[w.key()]; s != nil {
			return v.pods[s.UID]
		}
	case DaemonSet:
		if d := v.daemonSets[w.key()]; d != nil {
			return currentDaemonPods(d, v.pods[d.UID])
		}
	case Job:
		if j := v.jobs[w.key()]; j != nil {
			return v.pods[j.UID]
		}
	}
	return nil
}

func currentDaemonPods(d *appsv1.DaemonSet, pods []*corev1.Pod) []*corev1.Pod {
	generation := d.Annotations[appsv1.DeprecatedTemplateGeneration]
	var current []*corev1.Pod
	for _, pod := range pods {
		of := pod.Labels["pod-template-generation"]
		if generation == "" || of == "" || of == generation {
			current = append(current, pod)
		}
	}
	return current
}

package kube

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/client-go/kubernetes/fake"
	"k8s.io/client-go/rest"
	clienttesting "k8s.io/client-go/testing"
)

var (
	noon      = time.Date(2026, 1, 2, 12, 0, 0, 0, time.UTC)
	inventory = Workload{Kind: Deployment, Namespace: "apps", Name: "inventory", Part: "inventory"}
	database  = Workload{Kind: StatefulSet, Namespace: "apps", Name: "database", Part: "database"}
	migration = Workload{Kind: Job, Namespace: "apps", Name: "inventory-database-1a2b", Part: "inventory database"}
	agent     = Workload{Kind: DaemonSet, Namespace: "apps", Name: "agent", Part: "agent"}
)

const stockImage = "localhost:5001/inventory@sha256:91b2e0"

func ago(seconds int) metav1.Time {
	return metav1.NewTime(noon.Add(-time.Duration(seconds) * time.Second))
}

func meta1(name string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Namespace: "apps", Name: name, UID: types.UID("uid-" + name), CreationTimestamp: ago(60), Generation: 1}
}

func ownedBy(kind string, name string) []metav1.OwnerReference {
	controller := true
	return []metav1.OwnerReference{{Kind: kind, Name: name, UID: types.UID("uid-" + name), Controller: &controller}}
}

func template() corev1.PodTemplateSpec {
	return corev1.PodTemplateSpec{Spec: corev1.PodSpec{
		NodeName: "dev-control-plane",
		Containers: []corev1.Container{{
			Name: "service", Image: stockImage,
			Ports: []corev1.ContainerPort{{Name: "http", ContainerPort: 8080}},
			Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("64Gi")},
				Limits:   corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("128Mi")},
			},
			ReadinessProbe: &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: "/readyz", Port: intstr.FromString("http")}}},
		}},
	}}
}

// deployment is inventory's, its replica set and one pod of it that was
// started 60 s before noon; change makes the pod what a test is about.
func deployment(change func(*corev1.Pod)) []runtime.Object {
	two := int32(2)
	d := &appsv1.Deployment{ObjectMeta: meta1("inventory"), Spec: appsv1.DeploymentSpec{Replicas: &two, Template: template()},
		Status: appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 2, UpdatedReplicas: 2, ReadyReplicas: 1, AvailableReplicas: 1}}
	d.Annotations = map[string]string{revisionAnnotation: "2"}
	set := &appsv1.ReplicaSet{ObjectMeta: meta1("inventory-7c9d")}
	set.Annotations = d.Annotations
	set.OwnerReferences = ownedBy(Deployment, "inventory")
	old := &appsv1.ReplicaSet{ObjectMeta: meta1("inventory-0000")}
	old.Annotations = map[string]string{revisionAnnotation: "1"}
	old.OwnerReferences = set.OwnerReferences
	broken := pod("inventory-0000-x", "inventory-0000", waiting("CrashLoopBackOff", "of the revision before"))
	return []runtime.Object{d, set, old, broken, pod("inventory-7c9d-x", "inventory-7c9d", change)}
}

func pod(name, owner string, change func(*corev1.Pod)) *corev1.Pod {
	p := &corev1.Pod{ObjectMeta: meta1(name), Spec: template().Spec}
	p.OwnerReferences = ownedBy("", owner)
	start := ago(60)
	p.Status = corev1.PodStatus{
		Phase: corev1.PodPending, StartTime: &start,
		Conditions:        []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: start}},
		ContainerStatuses: []corev1.ContainerStatus{{Name: "service", Image: stockImage}},
	}
	change(p)
	return p
}

func waiting(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses[0].State.Waiting = &corev1.ContainerStateWaiting{Reason: reason, Message: message}
	}
}

func unschedulable(message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Spec.NodeName = ""
		p.Status.StartTime, p.Status.ContainerStatuses = nil, nil
		p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse,
			Reason: corev1.PodReasonUnschedulable, Message: message, LastTransitionTime: ago(10)}}
	}
}

// ended is a container whose last run ended 2 s before noon and which waits to be started again.
func ended(restarts int32, end corev1.ContainerStateTerminated) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		end.StartedAt, end.FinishedAt = ago(3), ago(2)
		c := &p.Status.ContainerStatuses[0]
		c.RestartCount = restarts
		c.State.Waiting = &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff", Message: "back-off 10s"}
		c.LastTerminationState.Terminated = &end
	}
}

func running(startedSecondsAgo int) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.Phase = corev1.PodRunning
		p.Status.ContainerStatuses[0].State.Running = &corev1.ContainerStateRunning{StartedAt: ago(startedSecondsAgo)}
		p.Status.ContainerStatuses[0].ContainerID = "containerd://1"
	}
}

// node is ready unless it says why not, and has a taint unless that is empty.
func node(name, unready, taint string) *corev1.Node {
	n := &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}
	ready := corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionTrue}
	if unready != "" {
		ready.Status, ready.Message = corev1.ConditionFalse, unready
	}
	n.Status.Conditions = []corev1.NodeCondition{ready}
	if taint != "" {
		n.Spec.Taints = []corev1.Taint{{Key: taint, Effect: corev1.TaintEffectNoSchedule}}
	}
	return n
}

// returned is a node that was made, and became ready the last time, so many seconds ago.
func returned(name string, made, ready int) *corev1.Node {
	n := node(name, "", "")
	n.CreationTimestamp, n.Status.Conditions[0].LastTransitionTime = ago(made), ago(ready)
	return n
}

func onNode(change func(*corev1.Pod)) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		change(p)
		p.Spec.NodeName = "dev-worker"
	}
}

func event(object, reason, message string, secondsAgo int) *corev1.Event {
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Namespace: "apps", Name: fmt.Sprintf("%s.%s.%d", object, reason, secondsAgo)},
		InvolvedObject: corev1.ObjectReference{UID: types.UID("uid-" + object)},
		Reason:         reason, Message: message, FirstTimestamp: ago(secondsAgo), LastTimestamp: ago(secondsAgo),
	}
}

func unhealthy(message string) *corev1.Event {
	return event("inventory-7c9d-x", "Unhealthy", message, 1)
}

func refused(objects []runtime.Object, message string) []runtime.Object {
	objects[1].(*appsv1.ReplicaSet).Status.Conditions = []appsv1.ReplicaSetCondition{{
		Type: appsv1.ReplicaSetReplicaFailure, Status: corev1.ConditionTrue, Reason: "FailedCreate", Message: message, LastTransitionTime: ago(40),
	}}
	return objects[:4] // there is no pod
}

func statefulSet(change func(*corev1.Pod)) []runtime.Object {
	set := &appsv1.StatefulSet{ObjectMeta: meta1("database"), Spec: appsv1.StatefulSetSpec{Template: template()},
		Status: appsv1.StatefulSetStatus{ObservedGeneration: 1, CurrentRevision: "database-1", UpdateRevision: "database-2"}}
	p := pod("database-0", "database", change)
	p.Labels = map[string]string{appsv1.ControllerRevisionHashLabelKey: "database-1"}
	return []runtime.Object{set, p}
}

func job(change func(*corev1.Pod)) []runtime.Object {
	j := &batchv1.Job{ObjectMeta: meta1(migration.Name), Spec: batchv1.JobSpec{Template: template()}}
	return []runtime.Object{j, pod(migration.Name+"-x", migration.Name, change)}
}

func daemonSet(change func(*corev1.Pod)) []runtime.Object {
	d := &appsv1.DaemonSet{ObjectMeta: meta1("agent"), Spec: appsv1.DaemonSetSpec{Template: template()},
		Status: appsv1.DaemonSetStatus{ObservedGeneration: 1, DesiredNumberScheduled: 1}}
	return []runtime.Object{d, pod("agent-x", "agent", change)}
}

// client is a client of a fake cluster at noon.
func client(objects ...runtime.Object) (*Client, *fake.Clientset) {
	system := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: metav1.NamespaceSystem, UID: "uid-cluster"}}
	api := fake.NewClientset(append(objects, system)...)
	api.AddProxyReactor("pods", func(action clienttesting.Action) (bool, rest.ResponseWrapper, error) {
		get := action.(clienttesting.ProxyGetAction)
		if get.GetPort() == "9999" {
			return true, answer(`{"message":"error trying to reach service: dial tcp"}`), nil
		}
		return true, answer(fmt.Sprintf("asked %s %s:%s\n", get.GetName(), get.GetPort(), get.GetPath())), nil
	})
	return &Client{api: api, now: func() time.Time { return noon }}, api
}

// answer is what the API server's proxy brings back from a pod.
type answer string

func (a answer) DoRaw(context.Context) ([]byte, error) { return []byte(a), nil }
func (a answer) Stream(context.Context) (io.ReadCloser, error) {
	return io.NopCloser(strings.NewReader(string(a))), nil
}

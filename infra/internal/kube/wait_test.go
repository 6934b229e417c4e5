package kube

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func readyDeployment() *appsv1.Deployment {
	d := deployment(running(1))[0].(*appsv1.Deployment)
	d.Status.ReadyReplicas, d.Status.AvailableReplicas = 2, 2
	return d
}

func TestAllKindsAreReadyWhenTheirNewestRevisionRuns(t *testing.T) {
	set := statefulSet(running(1))[0].(*appsv1.StatefulSet)
	set.Status = appsv1.StatefulSetStatus{ObservedGeneration: 1, ReadyReplicas: 1, UpdatedReplicas: 1, AvailableReplicas: 1, CurrentRevision: "2", UpdateRevision: "2"}
	daemons := daemonSet(running(1))[0].(*appsv1.DaemonSet)
	daemons.Status = appsv1.DaemonSetStatus{ObservedGeneration: 1, DesiredNumberScheduled: 1, UpdatedNumberScheduled: 1, NumberReady: 1, NumberAvailable: 1}
	run := job(running(1))[0].(*batchv1.Job)
	run.Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobComplete, Status: corev1.ConditionTrue}}
	c, _ := client(readyDeployment(), set, daemons, run)

	var seen []Status
	err := c.WaitReady(t.Context(), Wait{
		Workloads: []Workload{inventory, database, agent, migration},
		Progress:  func(s Status) { seen = append(seen, s) },
	})

	require.NoError(t, err)
	require.Len(t, seen, 4)
	assert.Equal(t, Status{Workload: inventory, Ready: 2, Desired: 2, Image: stockImage, Done: true}, seen[0])
	for _, s := range seen {
		assert.True(t, s.Done, s.Kind)
	}
}

func TestAJobIsDoneWhenItsPodHasEndedWell(t *testing.T) {
	for code, done := range map[int32]bool{0: true, 1: false} {
		c, _ := client(job(func(p *corev1.Pod) {
			p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code}}
		})...)
		statuses, err := c.Snapshot(t.Context(), []Workload{migration})
		require.NoError(t, err)
		assert.Equal(t, done, statuses[0].Done, "exit code %d, the Job says nothing yet", code)
	}
}

func TestARolloutIsNotReadyBeforeItIsComplete(t *testing.T) {
	for message, change := range map[string]func(*appsv1.Deployment){
		"waiting for its controller":              func(d *appsv1.Deployment) { d.Generation = 2 },
		"1 of 2 pods updated":                     func(d *appsv1.Deployment) { d.Status.UpdatedReplicas = 1 },
		"1 pods of the revision before still run": func(d *appsv1.Deployment) { d.Status.Replicas = 3 },
		"1 of 2 pods available":                   func(d *appsv1.Deployment) { d.Status.AvailableReplicas = 1 },
	} {
		d := readyDeployment()
		change(d)
		status, found := newView([]any{d}).status(inventory)
		assert.True(t, found)
		assert.False(t, status.Done)
		assert.Equal(t, message, status.Message)
	}
	set := &appsv1.StatefulSet{ObjectMeta: meta1("database"), Status: appsv1.StatefulSetStatus{ObservedGeneration: 1, ReadyReplicas: 1, AvailableReplicas: 1, CurrentRevision: "1", UpdateRevision: "2"}}
	status, _ := newView([]any{set}).status(database)
	assert.Equal(t, "0 of 1 pods updated", status.Message)
}

func TestAChangeIsNoticedByAWatchAtOnce(t *testing.T) {
	objects := deployment(waiting("ContainerCreating", ""))
	c, api := client(objects...)
	var messages []string
	err := c.WaitReady(t.Context(), Wait{Workloads: []Workload{inventory}, Progress: func(s Status) {
		messages = append(messages, s.Message)
		if len(messages) == 1 {
			_, err := api.AppsV1().Deployments("apps").UpdateStatus(t.Context(), readyDeployment(), metav1.UpdateOptions{})
			assert.NoError(t, err)
		}
	}})
	require.NoError(t, err)
	assert.Equal(t, []string{"fetching its image and volumes", ""}, messages)
}

func TestAFailureThatAppearsDuringTheWaitEndsIt(t *testing.T) {
	objects := deployment(waiting("ContainerCreating", ""))
	c, api := client(objects...)
	var once sync.Once
	err := c.WaitReady(t.Context(), Wait{Workloads: []Workload{inventory}, Progress: func(Status) {
		once.Do(func() {
			broken := pod("inventory-7c9d-x", "inventory-7c9d", waiting("ErrImagePull", "not found"))
			_, err := api.CoreV1().Pods("apps").UpdateStatus(t.Context(), broken, metav1.UpdateOptions{})
			assert.NoError(t, err)
		})
	}})
	var notReady *NotReadyError
	require.ErrorAs(t, err, &notReady)
	assert.Equal(t, ImageMissing, notReady.Diagnoses[0].Reason)
}

func TestASignThatSettlesEndsTheWaitWithoutAnotherChange(t *testing.T) {
	c, _ := client(deployment(func(p *corev1.Pod) {
		unschedulable("0/1 nodes are available: 1 Insufficient cpu.")(p)
		p.Status.Conditions[0].LastTransitionTime = ago(0)
	})...)
	began := time.Now()
	c.now = func() time.Time { return noon.Add(settleSchedule - 50*time.Millisecond + time.Since(began)) }
	err := c.WaitReady(t.Context(), Wait{Workloads: []Workload{inventory}})
	assert.ErrorContains(t, err, "too little cpu is free")
}

func TestPodsThatWereStuckBeforeAreTriedAnew(t *testing.T) {
	for _, reason := range []string{"ImagePullBackOff", "ErrImagePull", "CrashLoopBackOff"} {
		t.Run(reason, func(t *testing.T) { triedAnew(t, reason) })
	}
}

func triedAnew(t *testing.T, reason string) {
	t.Helper()
	c, api := client(deployment(waiting(reason, "not found"))...)
	ctx, cancel := context.WithCancelCause(t.Context())
	err := c.WaitReady(ctx, Wait{Workloads: []Workload{inventory}, Since: noon, Progress: func(Status) {
		cancel(errors.New("enough seen"))
	}})
	var timeout *TimeoutError
	require.ErrorAs(t, err, &timeout, "what was seen of the pod before is no diagnosis")
	assert.EqualError(t, err, "not ready yet: inventory 1/2 (1 of 2 pods available): enough seen")
	_, err = api.CoreV1().Pods("apps").Get(t.Context(), "inventory-7c9d-x", metav1.GetOptions{})
	assert.True(t, apierrors.IsNotFound(err), "its controller makes a new one")
	_, err = api.CoreV1().Pods("apps").Get(t.Context(), "inventory-0000-x", metav1.GetOptions{})
	assert.NoError(t, err, "pods of other revisions are left alone")
}

func TestExitsFromBeforeTheWaitDoNotCount(t *testing.T) {
	c, api := client(deployment(func(p *corev1.Pod) {
		ended(0, corev1.ContainerStateTerminated{ExitCode: 255})(p)
		p.Status.ContainerStatuses[0].State = corev1.ContainerState{Terminated: p.Status.ContainerStatuses[0].LastTerminationState.Terminated}
	})...)
	w := newWatcher(c, Wait{Workloads: []Workload{inventory}, Since: noon})
	require.NoError(t, w.start(t.Context()))
	w.begin(t.Context())
	again := pod("inventory-7c9d-x", "inventory-7c9d", ended(1, corev1.ContainerStateTerminated{ExitCode: 255}))
	_, err := api.CoreV1().Pods("apps").UpdateStatus(t.Context(), again, metav1.UpdateOptions{})
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		return statuses(w.view().currentPods(inventory)[0])[0].RestartCount == 1
	}, 5*time.Second, time.Millisecond, "the watch tells")
	_, _, err = w.look(t.Context())
	assert.NoError(t, err, "the second exit is the first of this wait")
}

func TestADeadlineTellsWhatIsNotReady(t *testing.T) {
	c, _ := client(deployment(waiting("ContainerCreating", ""))...)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := c.WaitReady(ctx, Wait{Workloads: []Workload{inventory}})
	assert.EqualError(t, err, "not ready yet: inventory 1/2 (fetching its image and volumes): context deadline exceeded")
	assert.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestNothingToWaitForIsReady(t *testing.T) {
	c, _ := client()
	assert.NoError(t, c.WaitReady(t.Context(), Wait{}))
}

func TestASnapshotTellsWhatEachWorkloadIsDoing(t *testing.T) {
	set := statefulSet(waiting("ContainerCreating", ""))
	crash := job(running(1))
	c, _ := client(append(append(deployment(waiting("ErrImagePull", "not found")), set...), crash...)...)
	statuses, err := c.Snapshot(t.Context(), []Workload{inventory, database, agent, migration})
	require.NoError(t, err)
	require.Len(t, statuses, 4)
	assert.Equal(t, Status{Workload: inventory, Ready: 1, Desired: 2, Image: stockImage, Message: "inventory cannot start: its image is not in the registry"}, statuses[0])
	assert.Equal(t, "fetching its image and volumes", statuses[1].Message)
	assert.Equal(t, "does not exist", statuses[2].Message)
	assert.Equal(t, "started, not answering its probe yet", statuses[3].Message)
}

// startedDeployment is inventory's with one pod that has passed its startup probe and is not ready.
func startedDeployment(change func(*appsv1.Deployment, *corev1.Pod)) []runtime.Object {
	objects := deployment(running(30))
	d, p := objects[0].(*appsv1.Deployment), objects[len(objects)-1].(*corev1.Pod)
	one, yes := int32(1), true
	d.Spec.Replicas = &one
	d.Status = appsv1.DeploymentStatus{ObservedGeneration: 1, Replicas: 1, UpdatedReplicas: 1,
		Conditions: []appsv1.DeploymentCondition{{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionTrue, Reason: "ReplicaSetUpdated"}}}
	p.Status.ContainerStatuses[0].Started = &yes
	change(d, p)
	return objects
}

func TestADeploymentThatIsAwaitedAsStartedIsWaitedForNoLonger(t *testing.T) {
	started := inventory
	started.Await = Started
	c, _ := client(startedDeployment(func(*appsv1.Deployment, *corev1.Pod) {})...)
	require.NoError(t, c.WaitReady(t.Context(), Wait{Workloads: []Workload{started}, Progress: func(Status) {}}))

	for name, c := range map[string]struct {
		workload Workload
		change   func(*appsv1.Deployment, *corev1.Pod)
	}{
		"it is awaited as ready":   {inventory, func(*appsv1.Deployment, *corev1.Pod) {}},
		"a pod has not started":    {started, func(_ *appsv1.Deployment, p *corev1.Pod) { p.Status.ContainerStatuses[0].Started = nil }},
		"a pod is missing":         {started, func(d *appsv1.Deployment, _ *corev1.Pod) { *d.Spec.Replicas = 2 }},
		"the revision is not seen": {started, func(d *appsv1.Deployment, _ *corev1.Pod) { d.Generation = 2 }},
		"it was ready before":      {started, func(d *appsv1.Deployment, _ *corev1.Pod) { d.Status.Conditions[0].Reason = "NewReplicaSetAvailable" }},
		"its time is over": {started, func(d *appsv1.Deployment, _ *corev1.Pod) {
			d.Status.Conditions[0].Status, d.Status.Conditions[0].Reason = corev1.ConditionFalse, "ProgressDeadlineExceeded"
		}},
	} {
		t.Run(name, func(t *testing.T) {
			client, _ := client(startedDeployment(c.change)...)
			statuses, err := client.Snapshot(t.Context(), []Workload{c.workload})
			require.NoError(t, err)
			assert.False(t, statuses[0].Settled())
			assert.NotEmpty(t, statuses[0].Message)
		})
	}
}

package kube

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

func TestSignsThatMayPassAreNoDiagnosis(t *testing.T) {
	soon := func(change func(*corev1.Pod)) func(*corev1.Pod) {
		return func(p *corev1.Pod) {
			change(p)
			start := ago(1)
			p.Status.StartTime = &start
			for i := range p.Status.Conditions {
				p.Status.Conditions[i].LastTransitionTime = start
			}
		}
	}
	for name, c := range map[string]struct {
		objects  []runtime.Object
		workload Workload
		within   time.Duration // when it is looked at again; 0: only when something changes
	}{
		"image is being fetched": {objects: deployment(waiting("ContainerCreating", ""))},
		"registry restarts":      {objects: deployment(soon(waiting("ErrImagePull", "dial tcp: connection refused"))), within: 9 * time.Second},
		"runtime fails once":     {objects: deployment(ended(0, corev1.ContainerStateTerminated{ExitCode: 128, Reason: "StartError", Message: "unable to freeze"})), within: 28 * time.Second},
		"first exit":             {objects: deployment(ended(0, corev1.ContainerStateTerminated{ExitCode: 1}))},
		"runs again after two exits": {objects: deployment(func(p *corev1.Pod) {
			ended(2, corev1.ContainerStateTerminated{ExitCode: 1})(p)
			running(1)(p)
			p.Status.ContainerStatuses[0].State.Waiting = nil
		})},
		"node joins":                               {objects: deployment(soon(unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }."))), within: 59 * time.Second},
		"node becomes ready":                       {objects: append(deployment(soon(unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint(s)."))), node("dev-control-plane", "starting", corev1.TaintNodeNotReady)), within: 59 * time.Second},
		"node has become ready":                    {objects: append(deployment(soon(unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint(s)."))), node("dev-control-plane", "", "")), within: 59 * time.Second},
		"volume is being made":                     {objects: statefulSet(soon(unschedulable("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims."))), workload: database, within: 29 * time.Second},
		"room just taken":                          {objects: deployment(soon(unschedulable("0/1 nodes are available: 1 Insufficient cpu."))), within: 4 * time.Second},
		"starts to answer":                         {objects: with(deployment(running(5)), unhealthy("Startup probe failed: dial tcp: connect: connection refused")), within: 10 * time.Second},
		"its node has just come back":              {objects: append(with(deployment(onNode(running(30))), unhealthy("Readiness probe failed: HTTP probe failed with statuscode: 503")), returned("dev-worker", 3600, 20)), within: 40 * time.Second},
		"killed on a node that has just come back": {objects: append(with(deployment(onNode(ended(1, corev1.ContainerStateTerminated{ExitCode: 2}))), unhealthy(`Liveness probe failed: HTTP probe failed with statuscode: 500`), event("inventory-7c9d-x", "Killing", "Container service failed liveness probe, will be restarted", 3)), returned("dev-worker", 3600, 20)), within: 40 * time.Second},
		"exits on a node that has just come back":  {objects: append(deployment(onNode(ended(2, corev1.ContainerStateTerminated{ExitCode: 2, Message: "panic: certificate of somebody else"}))), returned("dev-worker", 3600, 20)), within: 40 * time.Second},
		"probe of an earlier run":                  {objects: with(deployment(running(30)), event("inventory-7c9d-x", "Unhealthy", "Readiness probe failed: HTTP probe failed with statuscode: 503", 40))},
		"kubelet was not yet told":                 {objects: deployment(soon(waiting("CreateContainerConfigError", "failed to sync configmap cache: timed out waiting for the condition"))), within: 29 * time.Second},
		"secret was made meanwhile":                {objects: with(deployment(waiting("CreateContainerConfigError", `secret "inventory-database" not found`)), &corev1.Secret{ObjectMeta: meta1("inventory-database")}), within: 10 * time.Second},
		"job tries again":                          {objects: job(ended(3, corev1.ContainerStateTerminated{ExitCode: 1})), workload: migration},
		"refused, but then made":                   {objects: with(daemonSet(running(5)), event("agent", "FailedCreate", "Error creating: exceeded quota: a, requested: b", 40), event("agent", "SuccessfulCreate", "Created pod", 30)), workload: agent},
		"one eviction":                             {objects: deployment(evicted)},
		"waits for the scheduler":                  {objects: deployment(func(p *corev1.Pod) { p.Status = corev1.PodStatus{} })},
		"volume mounted after a retry":             {objects: with(deployment(waiting("ContainerCreating", "")), event("inventory-7c9d-x", "FailedMount", "timed out", 20), event("inventory-7c9d-x", "Pulling", "Pulling image", 10))},
	} {
		t.Run(name, func(t *testing.T) {
			workload := c.workload
			if workload.Kind == "" {
				workload = inventory
			}
			api, _ := client(c.objects...)
			done, next, diagnoses := glance(t, api, workload)
			assert.False(t, done)
			assert.Empty(t, diagnoses)
			if c.within == 0 {
				c.within = time.Minute
			}
			assert.Equal(t, c.within, next)
		})
	}
}

func TestRoomThatTerminatingPodsHoldIsWaitedFor(t *testing.T) {
	leaving := pod("catalog-x", "catalog", running(60))
	now, finalizers := ago(1), []string{"kept"}
	leaving.DeletionTimestamp, leaving.Finalizers = &now, finalizers
	api, _ := client(with(deployment(unschedulable("0/1 nodes are available: 1 Insufficient cpu.")), leaving)...)
	_, next, diagnoses := glance(t, api, inventory)
	assert.Empty(t, diagnoses)
	assert.Equal(t, 50*time.Second, next)
}

func TestAProbeMayFailWhileAnotherWorkloadIsStillComing(t *testing.T) {
	failing := with(deployment(running(30)), unhealthy("Readiness probe failed: HTTP probe failed with statuscode: 503"))
	api, _ := client(with(failing, statefulSet(waiting("ContainerCreating", ""))...)...)
	_, next, diagnoses := glance(t, api, inventory, database)
	assert.Empty(t, diagnoses)
	assert.Equal(t, 60*time.Second, next)
}

func TestAServiceMayExitWhileWhatItCallsIsNotReady(t *testing.T) {
	exits := deployment(ended(2, corev1.ContainerStateTerminated{ExitCode: 1, Message: "dial tcp 10.0.0.1:5432: connect: connection refused"}))
	api, _ := client(with(exits, statefulSet(waiting("ContainerCreating", ""))...)...)
	_, next, diagnoses := glance(t, api, inventory, database)
	assert.Empty(t, diagnoses)
	assert.Equal(t, 30*time.Second, next)

	api, _ = client(exits...)
	_, _, diagnoses = glance(t, api, inventory)
	assert.Len(t, diagnoses, 1, "with nothing left to come it is conclusive")
}

func TestAPartOfThePlatformIsGivenLongerThanAService(t *testing.T) {
	api, _ := client(with(deployment(running(30)), unhealthy("Readiness probe failed: HTTP probe failed with statuscode: 500"))...)
	_, _, diagnoses := glance(t, api, inventory)
	assert.Len(t, diagnoses, 1, "a service that has not answered for 30 s is not going to")

	part := inventory
	part.Part = "metrics-server"
	_, next, diagnoses := glance(t, api, part)
	assert.Empty(t, diagnoses)
	assert.Equal(t, 60*time.Second, next)
}

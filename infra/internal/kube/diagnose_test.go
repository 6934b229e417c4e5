package kube

import (
	"errors"
	"slices"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// glance looks once at a cluster, as a wait does that began long before.
func glance(t *testing.T, c *Client, workloads ...Workload) (done bool, next time.Duration, diagnoses []*Diagnosis) {
	t.Helper()
	w := newWatcher(c, Wait{Workloads: workloads, Services: []string{"inventory"}, Again: "make up env=dev"})
	w.progress = noon.Add(-time.Hour)
	require.NoError(t, w.start(t.Context()))
	w.score = 1000 // nothing advances any more
	done, next, err := w.look(t.Context())
	var notReady *NotReadyError
	if errors.As(err, &notReady) {
		diagnoses = notReady.Diagnoses
	} else {
		require.NoError(t, err)
	}
	return done, next, diagnoses
}

func with(objects []runtime.Object, more ...runtime.Object) []runtime.Object {
	return append(slices.Clone(objects), more...)
}

func TestEachCauseIsToldInOneSentence(t *testing.T) {
	const failedPull = `Failed to pull image "` + stockImage + `": failed to resolve reference "` + stockImage + `": `
	crash := corev1.ContainerStateTerminated{ExitCode: 3, Reason: "Error"}
	for name, c := range map[string]struct {
		objects  []runtime.Object
		workload Workload
		reason   Reason
		sentence string
		evidence string // the first
		next     string
	}{
		"image is not in the registry": {
			objects: with(deployment(waiting("ImagePullBackOff", "Back-off pulling image")),
				event("inventory-7c9d-x", "Failed", failedPull+"localhost:5001/inventory: not found", 2),
				event("inventory-7c9d-x", "Failed", "Error: ImagePullBackOff", 1)),
			reason:   ImageMissing,
			sentence: "inventory cannot start: its image is not in the registry",
			evidence: failedPull + "localhost:5001/inventory: not found (pod inventory-7c9d-x, 2 s ago)",
			next:     "make up env=dev builds and pushes it again",
		},
		"registry does not answer": {
			objects:  deployment(waiting("ErrImagePull", failedPull+`dial tcp: lookup dev-registry: no such host`)),
			reason:   RegistryAway,
			sentence: "inventory cannot start: the registry of its image does not answer",
			next:     "see that registry localhost:5001 runs and that the nodes reach it (make doctor), then make up env=dev",
		},
		"registry refuses": {
			objects:  deployment(waiting("ErrImagePull", "unexpected status from HEAD request: 401 Unauthorized")),
			reason:   ImageRefused,
			sentence: "inventory cannot start: the registry refuses its image to the node",
			next:     "give the nodes access to registry localhost:5001, then make up env=dev",
		},
		"image for another processor": {
			objects:  deployment(waiting("ErrImagePull", "no match for platform in manifest: not found")),
			reason:   ImagePullFailed,
			sentence: "inventory cannot start: its image is not made for the node's processor",
		},
		"unknown pull failure": {
			objects:  deployment(waiting("ImagePullBackOff", "something new")),
			reason:   ImagePullFailed,
			sentence: "inventory cannot start: its image cannot be fetched",
			evidence: "something new (pod inventory-7c9d-x)",
		},
		"exits for the second time": {
			objects:  deployment(ended(1, crash)),
			reason:   Crashing,
			sentence: "inventory does not stay up: it exits with code 3",
			evidence: "exit code 3 after 1s, for the 2nd time (pod inventory-7c9d-x, 2 s ago)",
			next:     "mend what its last lines tell, then make up env=dev",
		},
		"exits for the first time without hope": {
			objects:  deployment(ended(0, corev1.ContainerStateTerminated{ExitCode: 2, Message: "error: invalid configuration: SERVER_PORT is \"x\""})),
			reason:   Crashing,
			sentence: "inventory does not stay up: it exits with code 2",
		},
		"runs out of memory": {
			objects:  deployment(ended(0, corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"})),
			reason:   OutOfMemory,
			sentence: "inventory was killed: it needs more than its memory limit of 128Mi",
			evidence: "OOMKilled after 1s, exit code 137 (pod inventory-7c9d-x, 2 s ago)",
			next:     "raise resources.limits.memory in services/inventory/service.yaml, then make up env=dev",
		},
		"program is not in the image": {
			objects:  deployment(ended(0, corev1.ContainerStateTerminated{ExitCode: 128, Reason: "StartError", Message: `exec: "/service": stat /service: no such file or directory`})),
			reason:   CannotStart,
			sentence: "inventory cannot start: its program is not in the image",
		},
		"runtime fails twice": {
			objects:  deployment(ended(1, corev1.ContainerStateTerminated{ExitCode: 128, Reason: "StartError", Message: "unable to freeze"})),
			reason:   CannotStart,
			sentence: "inventory cannot start: the container runtime cannot start its program",
			evidence: "unable to freeze (pod inventory-7c9d-x, 2 s ago)",
		},
		"no node has room": {
			objects:  deployment(unschedulable("0/1 nodes are available: 1 Insufficient memory. no new claims to deallocate, preemption: 0/1 nodes are available: 1 No preemption victims found.")),
			reason:   Unschedulable,
			sentence: "inventory cannot be placed on a node: too little memory is free (it asks for 64Gi)",
			evidence: "0/1 nodes are available: 1 Insufficient memory (pod inventory-7c9d-x, 10 s ago)",
			next:     "change what it asks for in services/inventory/service.yaml or add a node that has it, then make up env=dev",
		},
		"no node has the labels": {
			objects: deployment(func(p *corev1.Pod) {
				unschedulable("0/3 nodes are available: 1 node(s) didn't match Pod's node affinity/selector, 2 node(s) had untolerated taint {dedicated: db}.")(p)
				p.Spec.NodeSelector = map[string]string{"disk": "ssd"}
			}),
			reason:   Unschedulable,
			sentence: "inventory cannot be placed on a node: nodes have taint dedicated, which it does not tolerate; no node has the labels it asks for: disk=ssd",
		},
		"nodes have a taint that the scheduler does not name": {
			objects: append(deployment(unschedulable("0/2 nodes are available: 2 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/2 nodes are available: 2 Preemption is not helpful for scheduling.")),
				node("one", "", "dedicated"), node("two", "", "")),
			reason:   Unschedulable,
			sentence: "inventory cannot be placed on a node: nodes have taint dedicated, which it does not tolerate",
			evidence: "0/2 nodes are available: 2 node(s) had untolerated taint(s) (pod inventory-7c9d-x, 10 s ago)",
		},
		"no node becomes ready": {
			objects: append(deployment(func(p *corev1.Pod) {
				unschedulable("0/1 nodes are available: 1 node(s) had untolerated taint(s).")(p)
				p.Status.Conditions[0].LastTransitionTime = ago(61)
			}), node("dev-control-plane", "container runtime network not ready: cni plugin not initialized", corev1.TaintNodeNotReady)),
			reason:   Unschedulable,
			sentence: "inventory cannot be placed on a node: nodes are not ready (taint node.kubernetes.io/not-ready)",
			evidence: "node dev-control-plane: container runtime network not ready: cni plugin not initialized",
		},
		"host port is taken": {
			objects: deployment(func(p *corev1.Pod) {
				unschedulable("0/1 nodes are available: 1 node(s) didn't have free ports for the requested pod ports.")(p)
				p.Spec.Containers[0].Ports = []corev1.ContainerPort{{HostPort: 443}}
			}),
			reason:   Unschedulable,
			sentence: "inventory cannot be placed on a node: its host port is taken on every node (443)",
		},
		"exits on a node that came back long ago": {
			objects:  append(deployment(onNode(ended(2, corev1.ContainerStateTerminated{ExitCode: 2}))), returned("dev-worker", 3600, 70)),
			reason:   Crashing,
			sentence: "inventory does not stay up: it exits with code 2",
		},
		"a flag that nobody knows, on a node that has just come back": {
			objects:  append(deployment(onNode(ended(2, corev1.ContainerStateTerminated{ExitCode: 2, Message: "unknown flag: --prot"}))), returned("dev-worker", 3600, 20)),
			reason:   Crashing,
			sentence: "inventory does not stay up: it exits with code 2",
		},
		"readiness probe fails on a node that came back long ago": {
			objects:  append(with(deployment(onNode(running(30))), unhealthy("Readiness probe failed: HTTP probe failed with statuscode: 503")), returned("dev-worker", 3600, 70)),
			reason:   ProbeFailing,
			sentence: "inventory runs but its readiness probe fails: it answers 503",
		},
		"readiness probe fails on a new node": {
			objects:  append(with(deployment(onNode(running(30))), unhealthy("Readiness probe failed: HTTP probe failed with statuscode: 503")), returned("dev-worker", 50, 35)),
			reason:   ProbeFailing,
			sentence: "inventory runs but its readiness probe fails: it answers 503",
		},
		"readiness probe fails": {
			objects:  with(deployment(running(30)), unhealthy("Readiness probe failed: HTTP probe failed with statuscode: 503")),
			reason:   ProbeFailing,
			sentence: "inventory runs but its readiness probe fails: it answers 503",
			evidence: "Readiness probe failed: HTTP probe failed with statuscode: 503 (pod inventory-7c9d-x, 1 s ago)",
			next:     "see why it does not answer, or correct its port in services/inventory/service.yaml, then make up env=dev",
		},
		"nothing listens": {
			objects:  with(deployment(running(30)), unhealthy(`Startup probe failed: Get "http://10.244.0.7:8080/livez": dial tcp 10.244.0.7:8080: connect: connection refused`)),
			reason:   ProbeFailing,
			sentence: "inventory runs but its startup probe fails: nothing listens on its port",
		},
		"liveness probe ends it": {
			objects: with(deployment(ended(0, corev1.ContainerStateTerminated{ExitCode: 2, Reason: "Error"})),
				unhealthy(`Liveness probe failed: Get "http://10.244.0.7:8080/livez": context deadline exceeded (Client.Timeout exceeded while awaiting headers)`),
				event("inventory-7c9d-x", "Killing", "Container service failed liveness probe, will be restarted", 3)),
			reason:   ProbeFailing,
			sentence: "inventory is ended by its liveness probe again and again: it does not answer in time",
		},
		"quota is used up": {
			objects:  refused(deployment(running(1)), `pods "inventory-7c9d-x" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=4, limited: pods=4`),
			reason:   QuotaExceeded,
			sentence: "inventory gets no pods: quota compute of its namespace is used up",
		},
		"pod security refuses": {
			objects:  refused(deployment(running(1)), `pods "inventory-7c9d-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true`),
			reason:   AdmissionRefused,
			sentence: "inventory gets no pods: pod security (restricted:latest) refuses its pods",
			evidence: `pods "inventory-7c9d-x" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true (deployment inventory)`,
			next:     "correct what the refusal names (services/inventory/service.yaml), then make up env=dev",
		},
		"admission webhook denies": {
			objects:  refused(deployment(running(1)), `admission webhook "policy.example.com" denied the request: no`),
			reason:   AdmissionRefused,
			sentence: "inventory gets no pods: admission webhook policy.example.com refuses its pods",
		},
		"secret is missing": {
			objects:  deployment(waiting("CreateContainerConfigError", `secret "inventory-database" not found`)),
			reason:   ConfigMissing,
			sentence: "inventory cannot start: Secret inventory-database does not exist in namespace apps",
			next:     "make up env=dev, which makes it again",
		},
		"key of a config map is missing": {
			objects: with(deployment(waiting("CreateContainerConfigError", `couldn't find key LOG_LEVEL in ConfigMap apps/inventory`)),
				&corev1.ConfigMap{ObjectMeta: meta1("inventory"), Data: map[string]string{"OTHER": ""}}),
			reason:   ConfigMissing,
			sentence: "inventory cannot start: key LOG_LEVEL of ConfigMap inventory does not exist in namespace apps",
		},
		"image runs as root": {
			objects:  deployment(waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")),
			reason:   CannotStart,
			sentence: "inventory cannot start: container has runAsNonRoot and image will run as root",
		},
		"volume of a missing secret": {
			objects:  with(deployment(waiting("ContainerCreating", "")), event("inventory-7c9d-x", "FailedMount", `MountVolume.SetUp failed for volume "tls" : secret "tls" not found`, 3)),
			reason:   ConfigMissing,
			sentence: "inventory cannot start: Secret tls does not exist in namespace apps",
		},
		"no network": {
			objects:  with(deployment(waiting("ContainerCreating", "")), event("inventory-7c9d-x", "FailedCreatePodSandBox", `plugin type="bridge" failed (add)`, 3)),
			reason:   NetworkFailed,
			sentence: "inventory cannot start: its pod gets no network or sandbox",
		},
		"somebody removed it": {
			objects:  nil,
			reason:   WorkloadMissing,
			sentence: "inventory does not exist in the cluster: somebody removed deployment apps/inventory",
			next:     "make up env=dev",
		},
		"no progress within the deadline": {
			objects: func() []runtime.Object {
				objects := deployment(running(600))
				objects[0].(*appsv1.Deployment).Status.Conditions = []appsv1.DeploymentCondition{
					{Type: appsv1.DeploymentProgressing, Status: corev1.ConditionFalse, Reason: "ProgressDeadlineExceeded", Message: `ReplicaSet "inventory-7c9d" has timed out progressing.`}}
				return objects
			}(),
			reason:   DeadlineExceeded,
			sentence: "inventory made no progress within its deadline",
			evidence: `ReplicaSet "inventory-7c9d" has timed out progressing.`,
		},
		"job gave up": {
			workload: migration,
			objects: func() []runtime.Object {
				objects := job(func(p *corev1.Pod) {
					p.Status.ContainerStatuses[0].State.Terminated = &corev1.ContainerStateTerminated{ExitCode: 1}
				})
				objects[0].(*batchv1.Job).Status.Conditions = []batchv1.JobCondition{{Type: batchv1.JobFailed, Status: corev1.ConditionTrue, Reason: "BackoffLimitExceeded", Message: "Job has reached the specified backoff limit"}}
				return objects
			}(),
			reason:   JobFailed,
			sentence: "inventory database failed: job inventory-database-1a2b gave up, its last run with exit code 1",
			evidence: "BackoffLimitExceeded: Job has reached the specified backoff limit",
		},
		"update waits for a broken pod": {
			workload: database,
			objects:  statefulSet(ended(4, crash)),
			reason:   Crashing,
			sentence: "database does not stay up: it exits with code 3",
			next:     "kubectl delete pod -n apps database-0, then make up env=dev",
		},
		"volume is not made": {
			workload: database,
			objects: with(statefulSet(func(p *corev1.Pod) {
				unschedulable("0/1 nodes are available: pod has unbound immediate PersistentVolumeClaims.")(p)
				p.Status.Conditions[0].LastTransitionTime = ago(40)
				p.Spec.Volumes = []corev1.Volume{{VolumeSource: corev1.VolumeSource{PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: "data"}}}}
			}), &corev1.PersistentVolumeClaim{ObjectMeta: meta1("data")}, event("data", "ProvisioningFailed", `storageclass.storage.k8s.io "fast" not found`, 5)),
			reason:   VolumeFailed,
			sentence: "database cannot be placed on a node: its volume is not made",
		},
		"no node for a daemon set": {
			workload: agent,
			objects: func() []runtime.Object {
				objects := daemonSet(running(1))[:1]
				objects[0].(*appsv1.DaemonSet).Status.DesiredNumberScheduled = 0
				objects[0].(*appsv1.DaemonSet).CreationTimestamp = ago(100)
				objects[0].(*appsv1.DaemonSet).Spec.Template.Spec.NodeSelector = map[string]string{"ingress-ready": "true"}
				return objects
			}(),
			reason:   Unschedulable,
			sentence: "agent runs nowhere: no node has the labels it asks for",
			evidence: "node selector ingress-ready=true",
		},
		"pods of a daemon set are refused": {
			workload: agent,
			objects: with(daemonSet(running(1))[:1], event("agent", "SuccessfulCreate", "Created pod: agent-y", 50),
				event("agent", "FailedCreate", `Error creating: pods "agent-x" is forbidden: violates PodSecurity "baseline:latest": hostPort`, 40)),
			reason:   AdmissionRefused,
			sentence: "agent gets no pods: pod security (baseline:latest) refuses its pods",
		},
		"node throws it out": {
			objects: with(deployment(evicted), pod("inventory-7c9d-y", "inventory-7c9d", evicted)),
			reason:  Evicted, sentence: "inventory is thrown out by its node again and again: the node was low on resource: memory.",
		},
	} {
		t.Run(name, func(t *testing.T) {
			workload := c.workload
			if workload.Kind == "" {
				workload = inventory
			}
			api, _ := client(c.objects...)
			done, _, diagnoses := glance(t, api, workload)
			assert.False(t, done)
			require.NotEmpty(t, diagnoses)
			d := diagnoses[0]
			assert.Equal(t, c.sentence, d.Sentence)
			assert.Equal(t, c.reason, d.Reason)
			assert.Equal(t, workload, d.Workload)
			require.NotEmpty(t, append(d.Evidence, d.Next))
			if c.evidence != "" {
				assert.Equal(t, c.evidence, d.Evidence[0])
			}
			if c.next != "" {
				assert.Equal(t, c.next, d.Next)
			}
			assert.NotEmpty(t, d.Next)
		})
	}
}

func evicted(p *corev1.Pod) {
	p.Status.Phase, p.Status.Reason, p.Status.Message = corev1.PodFailed, "Evicted", "The node was low on resource: memory."
}

func TestTheLastLogLinesAreEvidenceOfACrash(t *testing.T) {
	api, _ := client(deployment(ended(1, corev1.ContainerStateTerminated{ExitCode: 1}))...)
	_, _, diagnoses := glance(t, api, inventory)
	require.Len(t, diagnoses, 1)
	assert.Equal(t, []string{"exit code 1 after 1s, for the 2nd time (pod inventory-7c9d-x, 2 s ago)", "fake logs"}, diagnoses[0].Evidence)
}

func TestTheAnswerOfAFailingProbeIsEvidence(t *testing.T) {
	api, _ := client(with(deployment(running(30)), unhealthy("Readiness probe failed: HTTP probe failed with statuscode: 503"))...)
	_, _, diagnoses := glance(t, api, inventory)
	require.Len(t, diagnoses, 1)
	assert.Equal(t, []string{
		"Readiness probe failed: HTTP probe failed with statuscode: 503 (pod inventory-7c9d-x, 1 s ago)",
		"GET /readyz: asked inventory-7c9d-x 8080:/readyz",
		"fake logs",
	}, diagnoses[0].Evidence)
}

func TestAProxyThatReachesNobodyIsNoEvidence(t *testing.T) {
	api, _ := client(with(deployment(func(p *corev1.Pod) {
		running(30)(p)
		p.Spec.Containers[0].Ports[0].ContainerPort = 9999
	}), unhealthy("Readiness probe failed: dial tcp: connect: connection refused"))...)
	_, _, diagnoses := glance(t, api, inventory)
	require.Len(t, diagnoses, 1)
	assert.Equal(t, "fake logs", diagnoses[0].Evidence[1])
}

func TestEveryBrokenWorkloadIsTold(t *testing.T) {
	api, _ := client(with(deployment(waiting("ErrImagePull", "x: not found")), daemonSet(waiting("InvalidImageName", "couldn't parse"))...)...)
	w := newWatcher(api, Wait{Workloads: []Workload{inventory, agent}})
	require.NoError(t, w.start(t.Context()))
	_, _, err := w.look(t.Context())
	assert.EqualError(t, err, "inventory cannot start: its image is not in the registry; agent cannot start: its image has no valid name")
	var first *Diagnosis
	require.ErrorAs(t, err, &first)
	assert.Equal(t, inventory, first.Workload)
}

func TestInitContainersAreNamed(t *testing.T) {
	api, _ := client(deployment(func(p *corev1.Pod) {
		p.Spec.InitContainers = []corev1.Container{{Name: "migrate"}}
		waiting("PodInitializing", "")(p)
		p.Status.InitContainerStatuses = []corev1.ContainerStatus{{Name: "migrate", RestartCount: 1,
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 4, StartedAt: ago(2), FinishedAt: ago(1)}}}}
	})...)
	_, _, diagnoses := glance(t, api, inventory)
	require.Len(t, diagnoses, 1)
	assert.Equal(t, "inventory does not stay up: it exits with code 4 (init container migrate)", diagnoses[0].Sentence)
}

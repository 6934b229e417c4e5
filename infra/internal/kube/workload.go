package kube

import (
	"fmt"
	"strings"
)

// Workload is something that runs pods and is awaited.
type Workload struct {
	Kind      string `json:"kind"` // Deployment, StatefulSet, DaemonSet or Job
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Part      string `json:"part"` // what people call it: a service or a part of the platform
	// Await is how far it has to be: Started, or else ready.
	Await string `json:"await,omitempty"`
}

// Started is the Await of a Deployment whose pods become ready long after they have started, and
// which nobody needs before.
const Started = "started"

// label is the name that sentences begin with.
func (w Workload) label() string {
	if w.Part != "" {
		return w.Part
	}
	return w.Name
}

func (w Workload) key() string { return w.Namespace + "/" + w.Name }

// The kinds of workloads.
const (
	Deployment  = "Deployment"
	StatefulSet = "StatefulSet"
	DaemonSet   = "DaemonSet"
	Job         = "Job"
)

// Status is how far a workload is.
type Status struct {
	Workload
	Ready   int    `json:"ready"`   // pods that are ready; of a Job, those that succeeded
	Desired int    `json:"desired"` // pods that there should be
	Image   string `json:"image"`   // of the first container
	Message string `json:"message"` // what it is waiting for; empty when done
	Done    bool   `json:"done"`    // the newest revision runs completely; a Job has succeeded
	// Started tells of a Deployment whose rollout goes on that all pods of the newest revision have
	// passed their startup probes, or run where they have none.
	Started bool `json:"started,omitempty"`
}

// Settled tells whether the workload is as far as it is waited for.
func (s Status) Settled() bool { return s.Done || (s.Await == Started && s.Started) }

// Reason classifies a Diagnosis.
type Reason string

// The reasons why a workload does not become ready.
const (
	ImageMissing     Reason = "ImageMissing"     // the registry does not have it
	ImageRefused     Reason = "ImageRefused"     // the registry wants other credentials
	ImagePullFailed  Reason = "ImagePullFailed"  // any other failure to fetch the image
	RegistryAway     Reason = "RegistryAway"     // the registry does not answer
	CannotStart      Reason = "CannotStart"      // the container runtime cannot start the program
	Crashing         Reason = "Crashing"         // the program exits
	OutOfMemory      Reason = "OutOfMemory"      // killed at its memory limit
	Unschedulable    Reason = "Unschedulable"    // no node takes the pod
	ProbeFailing     Reason = "ProbeFailing"     // it runs but does not answer as it should
	ConfigMissing    Reason = "ConfigMissing"    // a Secret or ConfigMap, or a key of it
	VolumeFailed     Reason = "VolumeFailed"     // a volume is not made or not mounted
	NetworkFailed    Reason = "NetworkFailed"    // the pod gets no network
	QuotaExceeded    Reason = "QuotaExceeded"    // the namespace's quota is used up
	AdmissionRefused Reason = "AdmissionRefused" // pod security, a policy or a webhook refuses the pod
	Evicted          Reason = "Evicted"          // a node threw the pods out
	JobFailed        Reason = "JobFailed"        // all attempts of a Job failed
	DeadlineExceeded Reason = "DeadlineExceeded" // no progress within the deadline, cause unknown
	WorkloadMissing  Reason = "WorkloadMissing"  // it does not exist in the cluster
)

// Diagnosis says why a workload cannot become ready.
type Diagnosis struct {
	Workload Workload
	Reason   Reason
	Sentence string   // the cause: "inventory cannot start: its image is not in the registry"
	Evidence []string // what the cluster says, the most telling first
	Next     string   // what to do
}

func (d *Diagnosis) Error() string { return d.Sentence }

// NotReadyError holds the diagnoses of all workloads that cannot become ready.
type NotReadyError struct{ Diagnoses []*Diagnosis }

func (e *NotReadyError) Error() string {
	sentences := make([]string, len(e.Diagnoses))
	for i, d := range e.Diagnoses {
		sentences[i] = d.Sentence
	}
	return strings.Join(sentences, "; ")
}

// Unwrap gives the diagnoses to errors.As.
func (e *NotReadyError) Unwrap() []error {
	all := make([]error, len(e.Diagnoses))
	for i, d := range e.Diagnoses {
		all[i] = d
	}
	return all
}

// TimeoutError is a wait that ended before the workloads were ready, without a
// diagnosis of why they were not.
type TimeoutError struct {
	Waiting []Status // what was not ready
	Err     error    // why the wait ended
}

func (e *TimeoutError) Error() string {
	waiting := make([]string, len(e.Waiting))
	for i, s := range e.Waiting {
		waiting[i] = fmt.Sprintf("%s %d/%d", s.label(), s.Ready, s.Desired)
		if s.Message != "" {
			waiting[i] += " (" + s.Message + ")"
		}
	}
	return fmt.Sprintf("not ready yet: %s: %v", strings.Join(waiting, ", "), e.Err)
}

func (e *TimeoutError) Unwrap() error { return e.Err }

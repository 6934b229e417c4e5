package stack

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/ui"
)

const (
	// answerTimeout bounds the wait for the ingress controller to know the pods that are ready. As a
	// rule it is a moment behind; after a restart of the engine the cluster calls pods ready for as
	// long as it takes the kubelet to come up and start them anew.
	answerTimeout = 90 * time.Second
	answerPause   = 100 * time.Millisecond
)

// controllerPart is the part that answers for a service without a pod.
const controllerPart = "ingress-nginx"

// answer waits until every URL of every service is answered by the service, not by the ingress
// controller for it. What the service says is its own affair. The failure shows what the controller
// and the service logged last.
func (s *Stack) answer(ctx context.Context, cluster Cluster, workloads []kube.Workload, services map[string]service, step Step) error {
	within, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	for _, name := range slices.Sorted(maps.Keys(services)) {
		for _, url := range services[name].URLs {
			step.Update("asking " + url)
			failure := s.awaitAnswer(within, name, url)
			if failure == nil {
				continue
			}
			for _, part := range []string{controllerPart, name} {
				failure.Seen = append(failure.Seen, lastLines(ctx, cluster, workloads, part)...)
			}
			return failure
		}
	}
	return nil
}

// shownLines is how many lines of each pod's log a failure shows.
const shownLines = 3

// lastLines are what the pods of a part logged last. Logs that cannot be read are told in their place.
func lastLines(ctx context.Context, cluster Cluster, workloads []kube.Workload, part string) []string {
	at := slices.IndexFunc(workloads, func(w kube.Workload) bool { return w.Part == part && w.Kind != kube.Job })
	if at < 0 {
		return nil
	}
	var text strings.Builder
	options := kube.LogOptions{Namespace: workloads[at].Namespace, Selector: "app.kubernetes.io/name=" + part, Tail: shownLines}
	if err := cluster.Logs(ctx, options, &text); err != nil {
		return []string{"the log of " + part + " cannot be read: " + err.Error()}
	}
	return strings.Split(strings.TrimRight(text.String(), "\n"), "\n")
}

func (s *Stack) awaitAnswer(ctx context.Context, name, url string) *ui.Failure {
	var last string
	for {
		status, err := s.Ask(ctx, url)
		if err == nil && !fromIngress(status) {
			return nil
		}
		if ctx.Err() == nil || last == "" { // what the end of the wait cut off tells nothing
			last = answered(status, err)
		}
		select {
		case <-ctx.Done():
			return unanswered(s.Environment, name, url, last, err)
		case <-time.After(answerPause): // the ingress controller tells nobody when it has caught up
		}
	}
}

// answered is an answer, or why there was none, in words.
func answered(status int, err error) string {
	if err != nil {
		return err.Error()
	}
	return fmt.Sprintf("%d %s", status, http.StatusText(status))
}

// fromIngress tells whether a status is what the ingress controller answers when it has no pod
// to ask.
func fromIngress(status int) bool {
	return status == http.StatusBadGateway || status == http.StatusServiceUnavailable || status == http.StatusGatewayTimeout
}

func unanswered(environment, name, url, last string, err error) *ui.Failure {
	seen := "GET " + url + ": " + last
	return &ui.Failure{Step: "workloads", Sentence: name + " runs, but does not answer through the ingress", Seen: []string{seen}, Err: err,
		Next: []string{"make logs env=" + environment + " service=" + controllerPart, "make logs env=" + environment + " service=" + name}}
}

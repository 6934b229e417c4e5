package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const (
	evidenceTimeout = 3 * time.Second // evidence is worth a moment, not more
	evidenceLines   = 8               // of a log
	evidenceWidth   = 400             // characters of a line
)

// complete fetches the evidence that only the API server has.
func (c *Client) complete(ctx context.Context, f finding, o *observation) *Diagnosis {
	ctx, cancel := context.WithTimeout(ctx, evidenceTimeout)
	defer cancel()
	diagnosis := f.Diagnosis
	if f.answer != nil {
		if answer := c.ask(ctx, f.answer); answer != "" {
			diagnosis.Evidence = append(diagnosis.Evidence, answer)
		}
	}
	if f.logs != nil {
		diagnosis.Evidence = append(diagnosis.Evidence, o.lastLines(f.logs)...)
	}
	return &diagnosis
}

// ask requests what the failing probe requests, through the API server, and
// gives the answer: "GET /readyz: 503 database: connection refused".
func (c *Client) ask(ctx context.Context, probe *probeSource) string {
	body, err := c.api.CoreV1().Pods(probe.pod.Namespace).ProxyGet(probe.scheme, probe.pod.Name, probe.port, probe.path, nil).DoRaw(ctx)
	var answer *apierrors.StatusError
	if len(body) == 0 && errors.As(err, &answer) {
		body = []byte(answer.ErrStatus.Message)
	}
	text := strings.Join(strings.Fields(string(body)), " ")
	if text == "" || strings.Contains(text, "error trying to reach service") { // said by the proxy, not by the pod
		return ""
	}
	return "GET " + probe.path + ": " + cut(text)
}

// lastLines are the last log lines of an ended run, fetched once for each end.
func (w *watcher) lastLines(source *logSource) []string {
	key := fmt.Sprintf("%s/%s/%v", source.pod.UID, source.container, source.previous)
	for _, c := range statuses(source.pod) {
		if c.Name == source.container {
			key += fmt.Sprintf("/%d", countExits(c))
		}
	}
	if known, ok := w.lines[key]; ok {
		return known
	}
	ctx, cancel := context.WithTimeout(context.Background(), evidenceTimeout)
	defer cancel()
	lines := w.client.tail(ctx, source)
	w.lines[key] = lines
	return lines
}

// tail reads the last lines of a container. A log that is gone gives none.
func (c *Client) tail(ctx context.Context, source *logSource) []string {
	count := int64(evidenceLines)
	stream, err := c.api.CoreV1().Pods(source.pod.Namespace).GetLogs(source.pod.Name, &corev1.PodLogOptions{
		Container: source.container, Previous: source.previous, TailLines: &count,
	}).Stream(ctx)
	if err != nil {
		return nil
	}
	defer stream.Close()
	var lines []string
	for scanner := bufio.NewScanner(stream); scanner.Scan(); {
		if line := strings.TrimRight(scanner.Text(), " \r"); line != "" {
			lines = append(lines, cut(line))
		}
	}
	return lines
}

func cut(line string) string {
	if runes := []rune(line); len(runes) > evidenceWidth {
		return string(runes[:evidenceWidth]) + "…"
	}
	return line
}

// free deletes a pod that is stuck, so that its controller makes a new one, and
// reports whether it is gone. When it is not, the wait tells of the pod itself.
func (c *Client) free(ctx context.Context, pod *corev1.Pod) bool {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	err := c.api.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{
		Preconditions: &metav1.Preconditions{UID: &pod.UID},
	})
	return err == nil || apierrors.IsNotFound(err) || apierrors.IsConflict(err)
}

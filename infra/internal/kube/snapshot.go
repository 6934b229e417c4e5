package kube

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Snapshot says how far workloads are now, in the given order. What does not
// exist has the message "does not exist".
func (c *Client) Snapshot(ctx context.Context, workloads []Workload) ([]Status, error) {
	ctx, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	objects, err := c.nodes(ctx)
	if err != nil {
		return nil, err
	}
	for _, namespace := range namespaces(workloads) {
		listed, err := c.list(ctx, namespace)
		if err != nil {
			return nil, err
		}
		objects = append(objects, listed...)
	}
	o := &observation{
		view: newView(objects), now: c.now(), again: "deploy again",
		// A snapshot does not read logs, and counts every exit.
		lastLines: func(*logSource) []string { return nil },
	}
	all := make([]Status, 0, len(workloads))
	for _, w := range workloads {
		status, found := o.status(w)
		if found && !status.Done {
			status.Message = o.message(status, o.findings(w))
		}
		all = append(all, status)
	}
	return all, nil
}

// message is what a workload that is not done is waiting for: the first bad
// sign, else what its pods are doing, else what its controller says.
func (o *observation) message(status Status, findings []finding) string {
	if len(findings) > 0 {
		return findings[0].Sentence
	}
	if doing := podMessage(o.currentPods(status.Workload)); doing != "" {
		return doing
	}
	return status.Message
}

func (c *Client) nodes(ctx context.Context) ([]any, error) {
	list, err := c.api.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, explain("list the nodes", err)
	}
	nodes := make([]any, len(list.Items))
	for i := range list.Items {
		nodes[i] = &list.Items[i]
	}
	return nodes, nil
}

// list reads everything in a namespace that tells of workloads.
func (c *Client) list(ctx context.Context, namespace string) ([]any, error) {
	apps, core := c.api.AppsV1(), c.api.CoreV1()
	var objects []any
	for _, kind := range []struct {
		name string
		list func() (runtime.Object, error)
	}{
		{"deployments", func() (runtime.Object, error) { return apps.Deployments(namespace).List(ctx, metav1.ListOptions{}) }},
		{"replica sets", func() (runtime.Object, error) { return apps.ReplicaSets(namespace).List(ctx, metav1.ListOptions{}) }},
		{"stateful sets", func() (runtime.Object, error) { return apps.StatefulSets(namespace).List(ctx, metav1.ListOptions{}) }},
		{"daemon sets", func() (runtime.Object, error) { return apps.DaemonSets(namespace).List(ctx, metav1.ListOptions{}) }},
		{"jobs", func() (runtime.Object, error) { return c.api.BatchV1().Jobs(namespace).List(ctx, metav1.ListOptions{}) }},
		{"pods", func() (runtime.Object, error) { return core.Pods(namespace).List(ctx, metav1.ListOptions{}) }},
		{"volume claims", func() (runtime.Object, error) {
			return core.PersistentVolumeClaims(namespace).List(ctx, metav1.ListOptions{})
		}},
		{"events", func() (runtime.Object, error) { return core.Events(namespace).List(ctx, metav1.ListOptions{}) }},
	} {
		list, err := kind.list()
		if err != nil {
			return nil, explain(fmt.Sprintf("list the %s of namespace %s", kind.name, namespace), err)
		}
		err = meta.EachListItem(list, func(item runtime.Object) error {
			objects = append(objects, item)
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("read the %s of namespace %s: %w", kind.name, namespace, err)
		}
	}
	return objects, nil
}

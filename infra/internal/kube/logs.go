package kube

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/go-logr/logr"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
	"k8s.io/klog/v2"
)

// maxLogLine is the longest line that is passed on whole, in bytes.
const maxLogLine = 1 << 20

// LogOptions says which lines Logs writes.
type LogOptions struct {
	Namespace string
	Selector  string // of pod labels: "app.kubernetes.io/name=catalog"
	Follow    bool   // until ctx ends, pods that come later included
	Tail      int64  // lines of each container to begin with; 0 means all
}

// Logs writes the log lines of all pods that match, each behind its pod's name.
// Following ends with ctx and without an error.
func (c *Client) Logs(ctx context.Context, options LogOptions, out io.Writer) error {
	listing, cancel := context.WithTimeout(ctx, answerTimeout)
	defer cancel()
	pods, err := c.api.CoreV1().Pods(options.Namespace).List(listing, metav1.ListOptions{LabelSelector: options.Selector})
	if err != nil {
		return explain("list the pods of namespace "+options.Namespace, err)
	}
	if len(pods.Items) == 0 && !options.Follow {
		return fmt.Errorf("no pod in namespace %s has the labels %s; is it deployed (kindling status)?", options.Namespace, options.Selector)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	s := &streams{client: c, options: options, out: out, stop: stop, open: map[string]bool{}}
	for i := range pods.Items {
		s.add(ctx, &pods.Items[i])
	}
	if options.Follow {
		err = s.follow(ctx)
	}
	s.group.Wait()
	return errors.Join(err, s.failure())
}

// streams are the logs that are being read.
type streams struct {
	client  *Client
	options LogOptions
	group   sync.WaitGroup
	stop    context.CancelFunc // when nobody reads any more

	mutex    sync.Mutex // guards what follows, and keeps lines whole
	out      io.Writer
	open     map[string]bool // runs of containers, by run key
	failures []error
}

// follow reads the logs of pods that start, and of containers that start again.
func (s *streams) follow(ctx context.Context) error {
	ctx = klog.NewContext(ctx, logr.Discard())
	factory := informers.NewSharedInformerFactoryWithOptions(s.client.api, 0, informers.WithNamespace(s.options.Namespace),
		informers.WithTweakListOptions(func(o *metav1.ListOptions) { o.LabelSelector = s.options.Selector }))
	_, err := factory.Core().V1().Pods().Informer().AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(object any) { s.add(ctx, object.(*corev1.Pod)) },
		UpdateFunc: func(_, object any) { s.add(ctx, object.(*corev1.Pod)) },
	})
	if err != nil {
		return fmt.Errorf("watch the pods: %w", err)
	}
	factory.StartWithContext(ctx)
	<-ctx.Done()
	factory.Shutdown()
	return nil
}

// add reads the log of each container of a pod that has started, once a run.
func (s *streams) add(ctx context.Context, pod *corev1.Pod) {
	for _, c := range statuses(pod) {
		if c.State.Running == nil && c.State.Terminated == nil {
			continue
		}
		key := fmt.Sprintf("%s/%s/%d", pod.UID, c.Name, c.RestartCount)
		s.mutex.Lock()
		known := s.open[key]
		s.open[key] = true
		s.mutex.Unlock()
		if !known {
			s.group.Go(func() { s.read(ctx, pod, c.Name) })
		}
	}
}

func (s *streams) read(ctx context.Context, pod *corev1.Pod, container string) {
	options := &corev1.PodLogOptions{Container: container, Follow: s.options.Follow}
	if s.options.Tail > 0 {
		options.TailLines = &s.options.Tail
	}
	stream, err := s.client.api.CoreV1().Pods(pod.Namespace).GetLogs(pod.Name, options).Stream(ctx)
	if err != nil {
		s.fail(ctx, fmt.Errorf("read the log of pod %s: %w", pod.Name, err))
		return
	}
	defer stream.Close()
	scanner := bufio.NewScanner(stream)
	scanner.Buffer(nil, maxLogLine)
	for scanner.Scan() {
		s.mutex.Lock()
		_, err := fmt.Fprintf(s.out, "%s  %s\n", pod.Name, scanner.Text())
		s.mutex.Unlock()
		if err != nil {
			s.fail(ctx, fmt.Errorf("write the log: %w", err))
			s.stop()
			return
		}
	}
	if err := scanner.Err(); err != nil {
		s.fail(ctx, fmt.Errorf("read the log of pod %s: %w", pod.Name, err))
	}
}

// fail keeps an error, unless it comes from the end of following.
func (s *streams) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.failures = append(s.failures, err)
}

func (s *streams) failure() error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return errors.Join(s.failures...)
}

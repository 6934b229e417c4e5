package kube

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/informers"
	"k8s.io/client-go/tools/cache"
)

// watcher holds what one wait knows. Its maps are used by one goroutine only.
type watcher struct {
	client   *Client
	wait     Wait
	stores   []cache.Store
	changed  chan struct{} // has room for one: many changes give one look
	broken   chan struct{} // a watch ended with an error
	last     map[Workload]Status
	baseline map[string]int32
	freed    map[types.UID]bool  // stuck pods that were deleted; a watch tells it later
	lines    map[string][]string // last lines of ended runs, by container and exit
	score    int                 // grows with every step towards readiness
	progress time.Time
}

func newWatcher(c *Client, wait Wait) *watcher {
	if wait.Again == "" {
		wait.Again = "deploy again"
	}
	if wait.Progress == nil {
		wait.Progress = func(Status) {}
	}
	return &watcher{
		client: c, wait: wait, changed: make(chan struct{}, 1), broken: make(chan struct{}, 1),
		last: map[Workload]Status{}, baseline: map[string]int32{}, freed: map[types.UID]bool{}, lines: map[string][]string{}, progress: c.now(),
	}
}

// start begins to watch everything that tells of the workloads, the nodes and what is in each of
// their namespaces, and returns when the first lists are in.
func (w *watcher) start(ctx context.Context) error {
	nodes := informers.NewSharedInformerFactory(w.client.api, 0)
	if err := w.watch(nodes.Core().V1().Nodes().Informer()); err != nil {
		return err
	}
	nodes.StartWithContext(ctx)
	factories := []informers.SharedInformerFactory{nodes}
	for _, namespace := range namespaces(w.wait.Workloads) {
		factory := informers.NewSharedInformerFactoryWithOptions(w.client.api, 0, informers.WithNamespace(namespace))
		factories = append(factories, factory)
		for _, informer := range []cache.SharedIndexInformer{
			factory.Apps().V1().Deployments().Informer(), factory.Apps().V1().ReplicaSets().Informer(),
			factory.Apps().V1().StatefulSets().Informer(), factory.Apps().V1().DaemonSets().Informer(),
			factory.Batch().V1().Jobs().Informer(), factory.Core().V1().Pods().Informer(),
			factory.Core().V1().Events().Informer(), factory.Core().V1().PersistentVolumeClaims().Informer(),
		} {
			if err := w.watch(informer); err != nil {
				return err
			}
		}
		factory.StartWithContext(ctx)
	}
	for _, factory := range factories {
		if synced := factory.WaitForCacheSyncWithContext(ctx); synced.Err != nil {
			return &TimeoutError{Waiting: w.waiting(), Err: context.Cause(ctx)}
		}
	}
	return nil
}

func (w *watcher) watch(informer cache.SharedIndexInformer) error {
	w.stores = append(w.stores, informer.GetStore())
	_, err := informer.AddEventHandler(cache.ResourceEventHandlerFuncs{
		AddFunc:    func(any) { poke(w.changed, struct{}{}) },
		UpdateFunc: func(any, any) { poke(w.changed, struct{}{}) },
		DeleteFunc: func(any) { poke(w.changed, struct{}{}) },
	})
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	err = informer.SetWatchErrorHandlerWithContext(func(context.Context, *cache.Reflector, error) { poke(w.broken, struct{}{}) })
	if err != nil {
		return fmt.Errorf("watch: %w", err)
	}
	return nil
}

// poke sends unless a value is waiting already.
func poke[T any](channel chan T, value T) {
	select {
	case channel <- value:
	default:
	}
}

func namespaces(workloads []Workload) []string {
	var names []string
	for _, w := range workloads {
		if !slices.Contains(names, w.Namespace) {
			names = append(names, w.Namespace)
		}
	}
	return names
}

func (w *watcher) view() *view {
	var objects []any
	for _, store := range w.stores {
		for _, object := range store.List() {
			if pod, ok := object.(*corev1.Pod); !ok || !w.freed[pod.UID] {
				objects = append(objects, object)
			}
		}
	}
	return newView(objects)
}

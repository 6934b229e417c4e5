package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// The load under which releases change: bounded in rate and in connections, and long enough to
// meet several rollouts.
const (
	lossRequests    = 100_000
	lossConnections = 16
	lossInterval    = 2 * time.Millisecond // 500 requests/s at most
)

// lostRequests counts the requests through the ingress that fail while the service is rolled out
// and rolled back in turns, and then the ingress controller is restarted.
func lostRequests(ctx context.Context, b *bench) (result, error) {
	defer b.removeAfter(ctx)
	if err := b.up(ctx); err != nil {
		return result{}, err
	}
	client, err := b.client(ctx, lossConnections)
	if err != nil {
		return result{}, err
	}
	l := &asking{client: client, url: productsURL, log: b.log}
	changes := 0
	lost, err := l.during(ctx, func(sofar *tally) error {
		for ; changes < b.pairs || sofar.asked.Load() < lossRequests; changes++ {
			if err := b.releaseAndBack(ctx, changes); err != nil {
				return err
			}
			fmt.Fprintf(b.log, "bench: %d rollouts and rollbacks: %s requests failed\n", changes+1, sofar)
		}
		return b.restartIngress(ctx)
	})
	if err != nil {
		return result{}, err
	}
	return result{median: lost.String(), worst: lost.String(),
		raw: fmt.Sprintf("rollouts: %d, rollbacks: %d, restarts of the ingress controller: %d", changes, changes, b.pairs)}, nil
}

// releaseAndBack rolls a new release of the service out, and the one before it again.
func (b *bench) releaseAndBack(ctx context.Context, n int) error {
	if err := b.edit(fmt.Sprintf("loss %d", n)); err != nil {
		return err
	}
	if err := b.up(ctx); err != nil {
		return err
	}
	_, err := b.kindling(ctx, b.site(), "rollback", "--env", "dev", service)
	return err
}

// restartIngress restarts the controller as often as pairs are asked for.
func (b *bench) restartIngress(ctx context.Context) error {
	for range b.pairs {
		for _, args := range [][]string{{"restart", "deployment/controller"}, {"status", "deployment/controller", "--timeout=120s"}} {
			if _, err := kubectl(ctx, append([]string{"rollout", "--namespace=ingress-nginx"}, args...)...); err != nil {
				return err
			}
		}
		if err := controllerIsAlone(ctx); err != nil {
			return err
		}
	}
	return nil
}

// controllerIsAlone waits until the controller before is gone: it serves on for a while.
func controllerIsAlone(ctx context.Context) error {
	for {
		pods, err := kubectl(ctx, "get", "pods", "--namespace=ingress-nginx", "--output=name")
		if err != nil || len(strings.Fields(pods)) == 1 {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(time.Second):
		}
	}
}

// asking sends requests at a bounded rate.
type asking struct {
	client *http.Client
	url    string
	log    io.Writer
}

// tally counts requests. One has failed that got no answer, or one of 500 and above.
type tally struct{ asked, failed atomic.Int64 }

func (t *tally) String() string { return fmt.Sprintf("%d of %d", t.failed.Load(), t.asked.Load()) }

// during asks all the time while something is done, and waits for the last answers. A kept
// connection that the other end closed while it was idle costs no request: net/http asks again
// over another one, as clients do.
func (a *asking) during(ctx context.Context, do func(sofar *tally) error) (*tally, error) {
	var t tally
	var askers sync.WaitGroup
	done, tick := make(chan struct{}), time.NewTicker(lossInterval)
	defer tick.Stop()
	for range lossConnections {
		askers.Go(func() {
			for {
				select {
				case <-done:
					return
				case <-tick.C:
					a.once(ctx, &t)
				}
			}
		})
	}
	err := do(&t)
	close(done)
	askers.Wait()
	return &t, errors.Join(err, ctx.Err())
}

// once sends a request and counts it; the first failures are told.
func (a *asking) once(ctx context.Context, t *tally) {
	status, _, err := get(ctx, a.client, a.url)
	t.asked.Add(1)
	if err == nil && status < http.StatusInternalServerError {
		return
	}
	const told = 10
	if t.failed.Add(1) <= told {
		fmt.Fprintf(a.log, "bench: %s: a request failed: %d %v\n", time.Now().Format(time.TimeOnly), status, err)
	}
}

package main

import (
	"context"
	"fmt"
)

// large keeps the cluster with four times the services apart from the benchmarks' other one.
var large = []string{"TF_VAR_name=bench-large", "TF_VAR_http_port=19081", "TF_VAR_https_port=19444", "TF_VAR_registry_port=15010"}

// planScale compares plans that find nothing to do: of four times the services, and of those that
// the checkout has.
func planScale(ctx context.Context, b *bench) (result, error) {
	small := b.site()
	grown, err := b.grow(ctx)
	if err != nil {
		return result{}, err
	}
	for _, s := range []site{small, grown} {
		defer b.cleanUp(func() error { return b.downAt(context.WithoutCancel(ctx), s) })
		if err := b.upAt(ctx, s); err != nil {
			return result{}, err
		}
	}
	plan := func(s site) error {
		_, err := b.kindling(ctx, s, "plan", "--env", "dev") // fails when there is something to do
		return err
	}
	for _, s := range []site{small, grown} { // the first plan of each also fills caches
		if err := plan(s); err != nil {
			return result{}, err
		}
	}
	return b.ratios(func(int) error { return plan(grown) }, func(int) error { return plan(small) })
}

// grow makes a second checkout that has three more services for each of this one.
func (b *bench) grow(ctx context.Context) (site, error) {
	dir, err := b.copyCheckout(ctx, "large")
	if err != nil {
		return site{}, err
	}
	s := site{dir, large}
	services, err := serviceNames(dir)
	if err != nil {
		return site{}, err
	}
	for n := range 3 * len(services) {
		if _, err := b.kindling(ctx, s, "new", "service", fmt.Sprintf("scale-%d", n), "--template", "http", "--force"); err != nil {
			return site{}, err
		}
	}
	return s, nil
}

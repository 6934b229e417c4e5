// Command catalog serves the products of the shop.
package main

import (
	"context"
	"fmt"
	"io"
	"os"

	"kindling.internal/services/catalog/internal/api"
	"kindling.internal/services/catalog/internal/product"
	"kindling.internal/services/kit/config"
	"kindling.internal/services/kit/health"
	"kindling.internal/services/kit/log"
	"kindling.internal/services/kit/metrics"
	"kindling.internal/services/kit/server"
	"kindling.internal/services/kit/tracing"
)

func main() {
	if err := run(context.Background(), os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "catalog:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, _ io.Writer) error {
	if len(args) > 0 {
		return fmt.Errorf("%q: no arguments are taken; settings come from the environment, see README.md", args)
	}
	live, err := config.Load[Config]()
	if err != nil {
		return err
	}
	settings := live.Get()
	logger, level := log.New(stdout, settings.Log)
	logger.Info("starting", "config", config.Masked(settings))
	live.Watch(logger, func(changed Config) { level.Set(changed.Log.SlogLevel()) })

	stopTracing, err := tracing.Start(ctx, settings.Tracing, settings.Service.Name, settings.Service.Version, settings.Environment)
	if err != nil {
		return err
	}
	store, err := openStore(ctx, settings, logger)
	if err != nil {
		return err
	}
	checks := health.New()
	checks.Add("store", store.Check)
	router, err := server.NewRouter(settings.Server, server.Parts{
		Logger: logger, Health: checks, Tracing: settings.Tracing,
		Metrics: metrics.New(settings.Service.Name, settings.Service.Version),
	})
	if err != nil {
		return err
	}
	api.Register(router.Group("/api/products"), product.NewCatalog(store))
	service := server.Server{
		Config: settings.Server, Handler: router, Health: checks, Logger: logger,
		Close: []func(context.Context) error{store.Close, stopTracing},
	}
	return service.Run(ctx)
}

package main

import (
	"context"
	"log/slog"

	"kindling.internal/services/inventory/internal/catalog"
	"kindling.internal/services/inventory/internal/stock"
	"kindling.internal/services/inventory/internal/store/embedded"
	"kindling.internal/services/inventory/internal/store/postgres"
	"kindling.internal/services/kit/log"
	kitpostgres "kindling.internal/services/kit/postgres"
	"kindling.internal/services/kit/server"
	"kindling.internal/services/kit/tracing"
)

// Config is everything that can be set from outside.
type Config struct {
	Service struct {
		Name    string `mapstructure:"name" default:"inventory" validate:"required"`
		Version string `mapstructure:"version" default:"development"`
	} `mapstructure:"service"`
	Environment string             `mapstructure:"environment" default:"local"`
	Log         log.Config         `mapstructure:"log"`
	Server      server.Config      `mapstructure:"server"`
	Tracing     tracing.Config     `mapstructure:"tracing"`
	Database    kitpostgres.Config `mapstructure:"database"`
	Store       embedded.Config    `mapstructure:"store"`
	Catalog     catalog.Config     `mapstructure:"catalog"`
}

// store is what main needs of a store beyond what the domain does.
type store interface {
	stock.Store
	Check(ctx context.Context) error
	Close(ctx context.Context) error
}

// openStore takes PostgreSQL when a host is set and a file of its own when not.
func openStore(ctx context.Context, settings Config, logger *slog.Logger) (store, error) {
	if settings.Database.Host == "" {
		return embedded.Open(settings.Store, logger)
	}
	return postgres.Open(ctx, settings.Database, logger)
}

package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"kindling.internal/infra/internal/engine"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

// engineHost is where the tool keeps the engine's runtime wrapper and logs, and how it tells what
// it changes on the machine.
func (a *app) engineHost() (engine.Host, *os.File, error) {
	cache, err := supply.DefaultCache()
	if err != nil {
		return engine.Host{}, nil, err
	}
	dir := filepath.Join(cache.Dir, "engine")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return engine.Host{}, nil, err
	}
	log, err := os.OpenFile(filepath.Join(dir, "install.log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return engine.Host{}, nil, err
	}
	say := func(text string) { a.printer.Line("           %s", text) }
	return engine.Host{StateDir: dir, Say: say, Log: log}, log, nil
}

// ensureEngine finds or starts the engine and shows its line.
func (a *app) ensureEngine(ctx context.Context) error {
	step := a.printer.Step("engine")
	summary, err := engineAdapter{a}.Ensure(ctx)
	if err != nil {
		step.Fail()
		return err
	}
	step.Done(summary)
	return nil
}

func engineFailure(err error, host engine.Host) error {
	failure := &ui.Failure{Step: "engine", Sentence: err.Error(), Err: err,
		Next: []string{"read " + host.DaemonLog(), "make doctor"}}
	var manual *engine.ManualError
	if errors.As(err, &manual) {
		failure.Next = manual.Commands
		failure.Code = exitInput
	}
	return failure
}

// loadImage gives the engine an image that it does not have.
func loadImage(ctx context.Context, image supply.EngineImage) error {
	if engine.HasImage(ctx, image.Ref) {
		return nil
	}
	file, err := image.WriteArchive()
	if err != nil {
		return err
	}
	defer os.Remove(file)
	if err := engine.Load(ctx, file); err != nil {
		return fmt.Errorf("load %s: %w", image.Ref, err)
	}
	return nil
}

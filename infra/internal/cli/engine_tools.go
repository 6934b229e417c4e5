package cli

import (
	"context"
	"os"

	"kindling.internal/infra/internal/engine"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

// raiseInotify raises the kernel's limits for several nodes, and says so.
func (a *app) raiseInotify() {
	changed, err := engine.RaiseInotify()
	if err != nil {
		a.printer.Line("           note: %v", err)
	}
	for _, line := range changed {
		a.printer.Line("           raised %s for the nodes", line)
	}
}

// buildTools installs mmdebstrap when one of the named parts needs a Debian root that has to be
// built, and it is not there.
func (a *app) buildTools(ctx context.Context, builder *supply.Builder, parts []supply.Part, names []string) error {
	if hasMmdebstrap() {
		return nil
	}
	needed, err := builder.NeedsDebian(parts, names)
	if err != nil || !needed {
		return err
	}
	return a.installMmdebstrap(ctx)
}

func (a *app) installMmdebstrap(ctx context.Context) error {
	if os.Geteuid() != 0 {
		return &ui.Failure{Step: "supply", Sentence: "the source supply unpacks Debian packages with mmdebstrap, which is not installed", Code: exitInput,
			Next: []string{"sudo apt-get install -y mmdebstrap, then run the same command again"}}
	}
	host, log, err := a.engineHost()
	if err != nil {
		return err
	}
	defer log.Close()
	if err := host.Install(ctx, "mmdebstrap"); err != nil {
		return &ui.Failure{Step: "supply", Sentence: "mmdebstrap could not be installed", Seen: []string{err.Error()}, Next: []string{"read " + log.Name()}, Err: err}
	}
	return nil
}

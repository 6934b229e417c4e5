package cli

import (
	"context"
	"errors"
	"slices"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/engine"
	"kindling.internal/infra/internal/ui"
)

// finding is what doctor says of one thing.
type finding struct {
	What   string `json:"what"`
	State  string `json:"state"` // fine, note or wrong
	Seen   string `json:"seen"`
	Advice string `json:"advice,omitempty"` // what to do, when it is not fine
}

// The states of a finding. A note may be in the way of some commands; what is wrong is.
const (
	fine  = "fine"
	note  = "note"
	wrong = "wrong"
)

// diagnosis is what doctor prints for scripts.
type diagnosis struct {
	Ready    bool      `json:"ready"` // nothing is wrong
	Findings []finding `json:"findings"`
}

func (a *app) doctorCommand() *cobra.Command {
	var environment, format string
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Look at this machine and say what stands in the way; exit 1 when something does",
		Long: `Look at this machine and say what stands in the way of an environment on it, and what to do about
each: the engine, versions of programs, disk, memory, cgroups, inotify, clock, ports, supply. Nothing
is changed. With --env the ports of that environment have to be free, or its own.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			root, err := repository()
			if err != nil {
				return err
			}
			if environment != "" {
				if err := checkEnvironment(root, environment); err != nil {
					return err
				}
			}
			return a.printDiagnosis(a.examine(cmd.Context(), root, environment), format)
		},
	}
	environmentFlag(cmd, &environment)
	outputFlag(cmd, &format)
	return cmd
}

// printDiagnosis ends with exit code 1 when something is wrong.
func (a *app) printDiagnosis(findings []finding, format string) error {
	ready := !slices.ContainsFunc(findings, func(f finding) bool { return f.State == wrong })
	if format == "json" {
		if err := printJSON(a.out, diagnosis{Ready: ready, Findings: findings}); err != nil {
			return err
		}
	} else {
		rows := make([][]string, 0, len(findings))
		for _, f := range findings {
			rows = append(rows, []string{f.What, f.State, f.Seen, f.Advice})
		}
		ui.New(a.out).Table([]string{"WHAT", "STATE", "SEEN", "WHAT TO DO"}, rows)
	}
	if !ready {
		return exitCode(exitFailed)
	}
	return nil
}

// examine changes nothing.
func (a *app) examine(ctx context.Context, root, environment string) []finding {
	info, err := engine.Find(ctx)
	findings := []finding{examineEngine(info, err)}
	findings = append(findings, examinePrograms(ctx, root)...)
	findings = append(findings, examineDisks(info)...)
	findings = append(findings, examineMemory(meminfoFile, info), examineCgroup(info, cgroupFolder), examineInotify(engine.InotifyShort()))
	findings = append(findings, examineClock(clocks(ctx, root, info)))
	findings = append(findings, examinePorts(ctx, root, environment)...)
	return append(findings, a.examineSupply(ctx, root)...)
}

func examineEngine(info engine.Info, err error) finding {
	var manual *engine.ManualError
	switch {
	case err == nil && errors.As(engine.Suitable(info), &manual):
		return finding{"engine", wrong, manual.Why, manual.Commands[0]}
	case err == nil:
		return finding{"engine", fine, info.String(), ""}
	case !errors.Is(err, engine.ErrAbsent):
		return finding{"engine", wrong, err.Error(), "may this user talk to it? sudo usermod -aG docker $USER, then log in again"}
	case isRoot():
		return finding{"engine", note, err.Error(), "make up installs docker.io and starts it (Debian, Ubuntu)"}
	}
	return finding{"engine", wrong, err.Error(), "sudo apt-get install -y docker.io && sudo usermod -aG docker $USER, then log in again"}
}

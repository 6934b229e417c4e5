// Package cli is the command line: it reads arguments, calls stack and prints what happened.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/ui"
)

// app is what the commands share.
type app struct {
	in      io.Reader
	out     io.Writer
	errs    io.Writer
	printer *ui.Printer // progress and failures, on errs
}

// Run executes the command line and returns the exit code.
func Run(ctx context.Context, args []string, in io.Reader, out, errs io.Writer) int {
	a := &app{in: in, out: out, errs: errs, printer: ui.New(errs)}
	root := a.rootCommand()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errs)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitDone
	}
	if ctx.Err() != nil {
		a.printer.Line("stopped; run the same command again to go on where it was")
		return exitStopped
	}
	var quiet exitCode
	if errors.As(err, &quiet) {
		return int(quiet)
	}
	a.printer.Failure(err)
	return ui.ExitCode(err)
}

// exitCode ends a command with a code and no message: what it printed says everything.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func (a *app) rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:           "kindling",
		Short:         "Bring this repository's services to Kubernetes and keep them there",
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return badInput(cmd.Name(), err.Error(), cmd.CommandPath()+" --help")
	})
	root.AddCommand(a.commands()...)
	root.CompletionOptions.HiddenDefaultCmd = false
	refuseUnknown(root)
	describeExits(root)
	completeAll(root)
	return root
}

// badInput is a failure of what was typed.
func badInput(step, sentence string, next ...string) error {
	return &ui.Failure{Step: step, Sentence: sentence, Next: next, Code: exitInput}
}

// exactArgs refuses any other number of arguments, with the command's own usage line.
func exactArgs(n int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) == n {
			return nil
		}
		return badInput(cmd.Name(), fmt.Sprintf("%d arguments given, %d wanted", len(args), n), cmd.UseLine())
	}
}

// repository is the root of the checkout that the working directory lies in.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for d := dir; ; d = filepath.Dir(d) {
		if _, err := os.Stat(filepath.Join(d, "infra", "supply")); err == nil {
			if _, err := os.Stat(filepath.Join(d, "go.work")); err == nil {
				return d, nil
			}
		}
		if d == filepath.Dir(d) {
			return "", badInput("kindling", dir+" lies in no Kindling checkout", "cd to the clone and run it there")
		}
	}
}

// oneOf joins choices as people read them.
func oneOf(choices []string) string {
	if len(choices) < 2 {
		return strings.Join(choices, "")
	}
	return strings.Join(choices[:len(choices)-1], ", ") + " or " + choices[len(choices)-1]
}

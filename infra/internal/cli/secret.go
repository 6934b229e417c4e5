package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sys/unix"
	"golang.org/x/term"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

func (a *app) secretCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "secret",
		Short: "Values of services' secrets: which there are, and those that people provide",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(a.secretSetCommand(), a.secretUnsetCommand(), a.secretListCommand(), a.secretExportCommand())
	return cmd
}

func (a *app) secretSetCommand() *cobra.Command {
	var environment, service string
	cmd := &cobra.Command{
		Use:   "set NAME",
		Short: "Provide a value, typed unseen or from standard input; the next up hands it to the service",
		Long: `Provide a value, typed unseen or from standard input; the next up hands it to the service.

The line's end after the value is not part of it. An environment of this machine keeps the value in a
file that only you can read and git ignores, a cloud's in its secret manager.`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			if err := s.CheckSecret(service, args[0]); err != nil { // before anybody types it
				return err
			}
			value, err := a.readSecret(cmd.Context(), fmt.Sprintf("%s of %s in %s: ", args[0], service, environment))
			if err != nil {
				return err
			}
			changed, err := s.SetSecret(cmd.Context(), service, args[0], value)
			switch {
			case err != nil:
				return err
			case changed:
				a.printer.Line("%s of %s is set; make up env=%s hands it to the service", args[0], service, environment)
			default:
				a.printer.Line("%s of %s has that value already", args[0], service)
			}
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	cmd.Flags().StringVar(&service, "service", "", "the service whose service.yaml names the secret")
	return cmd
}

// readSecret reads a value: on a terminal after a prompt, without showing it.
func (a *app) readSecret(ctx context.Context, prompt string) (string, error) {
	if a.interactive() {
		return a.typedSecret(ctx, prompt)
	}
	text, err := io.ReadAll(io.LimitReader(a.in, stack.LargestSecret+2)) // too much is refused later
	return strings.TrimSuffix(strings.TrimSuffix(string(text), "\n"), "\r"), err
}

// longestLine is how much of a line a terminal takes, in bytes; it drops the rest without a word.
const longestLine = 4095

// typedSecret shows nothing of what is typed, and gives the terminal its echo back however it ends.
func (a *app) typedSecret(ctx context.Context, prompt string) (string, error) {
	terminal := int(a.in.(*os.File).Fd())
	fmt.Fprint(a.errs, prompt)
	defer fmt.Fprintln(a.errs)
	before, err := term.MakeRaw(terminal) // so that nothing is shown between two readings either
	if err != nil {
		return "", err
	}
	defer func() { _ = term.Restore(terminal, before) }()
	type answer struct {
		text []byte
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(terminal) // a line, in the terminal's own way of editing it
		typed <- answer{text, err}
	}()
	var got answer
	select {
	case <-ctx.Done():
		return "", ctx.Err()
	case got = <-typed:
	}
	switch {
	case errors.Is(got.err, io.EOF):
		return "", badInput("secret", "nothing was typed", "type the value, or let it be read: <FILE")
	case got.err != nil:
		return "", got.err
	case moreTyped(terminal) || len(got.text) >= longestLine || bytes.HasPrefix(got.text, []byte("-----BEGIN ")):
		return "", badInput("secret", "the value has several lines, or a very long one, which a terminal does not take whole; nothing of it was kept", "let it be read: <FILE")
	}
	return string(got.text), nil
}

// moreTyped tells whether a terminal in raw mode has more input than was read, and throws it away: the
// shell would take it for commands.
func moreTyped(terminal int) (more bool) {
	dropped := make([]byte, longestLine)
	for {
		n, err := unix.Poll([]unix.PollFd{{Fd: int32(terminal), Events: unix.POLLIN}}, int(pasteTime.Milliseconds()))
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil || n == 0 {
			return more
		}
		if n, err := unix.Read(terminal, dropped); err != nil || n == 0 {
			return more
		}
		more = true
	}
}

// pasteTime is longer than it takes between two lines of what is pasted, also from afar.
const pasteTime = 300 * time.Millisecond

func (a *app) secretUnsetCommand() *cobra.Command {
	var environment, service string
	cmd := &cobra.Command{
		Use:   "unset NAME",
		Short: "Take a provided value away from this machine, also one that no service.yaml names any more",
		Args:  exactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			changed, err := s.UnsetSecret(service, args[0])
			switch {
			case err != nil:
				return err
			case changed:
				a.printer.Line("%s has the value of %s of %s no more; what runs keeps it until the next up", environment, args[0], service)
			default:
				a.printer.Line("%s has no value of %s of %s", environment, args[0], service)
			}
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	cmd.Flags().StringVar(&service, "service", "", "the service whose service.yaml names the secret, or named it")
	return cmd
}

func (a *app) secretListCommand() *cobra.Command {
	var environment, format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the secrets of all services, where their values are, and which are missing; never a value",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			secrets, err := s.Secrets(cmd.Context())
			if err != nil {
				return err
			}
			if format == "json" {
				return printJSON(a.out, secrets)
			}
			a.printSecrets(secrets)
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	outputFlag(cmd, &format)
	return cmd
}

func (a *app) printSecrets(secrets []stack.SecretReport) {
	if len(secrets) == 0 {
		fmt.Fprintln(a.out, "no service.yaml names a secret")
		return
	}
	rows := make([][]string, 0, len(secrets))
	for _, secret := range secrets {
		origin, state := "drawn at random", "there"
		if secret.Provided {
			origin = "provided"
		}
		switch {
		case secret.Orphan:
			state = "not wanted"
		case secret.Missing():
			state = "missing"
		case secret.Revision == "":
			state = ""
		}
		rows = append(rows, []string{secret.Service, secret.Name, secret.Env, origin, state, secret.Where})
	}
	ui.New(a.out).Table([]string{"SERVICE", "SECRET", "VARIABLE", "VALUE", "IS", "KEPT IN"}, rows)
}

func (a *app) secretExportCommand() *cobra.Command {
	var environment string
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Print what a shell evaluates so that plain terraform finds a cloud environment's secrets",
		Long: `Print what a shell evaluates so that plain terraform finds a cloud environment's secrets:

  eval "$(kindling secret export --env prod)"

It prints values: let nothing but eval have them.`,
		Args: exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			if file, ok := a.out.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
				return badInput("secret", "the values would be shown on this terminal", `eval "$(kindling secret export --env `+environment+`)"`)
			}
			return s.ExportSecrets(cmd.Context(), a.out)
		},
	}
	environmentFlag(cmd, &environment)
	return cmd
}

// secretNames are the names of all services' secrets.
func secretNames(root string) []string {
	services, err := catalog.Load(root)
	if err != nil {
		return nil
	}
	var names []string
	for _, service := range services {
		for _, secret := range service.Secrets {
			names = append(names, secret.Name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

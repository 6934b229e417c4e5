package cli

import (
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// docsCommand writes docs/cli.md: `make docs`. It is nobody's daily command, so help leaves it out.
func (a *app) docsCommand() *cobra.Command {
	return &cobra.Command{
		Use:    "docs",
		Short:  "Print the reference of all commands as Markdown",
		Hidden: true,
		Args:   exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			writeDocs(a.out, cmd.Root())
			return nil
		},
	}
}

const docsHead = `# The commands of kindling

<!-- Written by make docs from infra/internal/cli. Change it there. -->

` + "`make` builds the tool to `.kindling/bin/kindling`. Results go to standard output, progress and\nfailures to standard error." + `

| exit code | |
|---|---|
`

const docsCompletion = "## kindling completion SHELL\n\nPrint completion for bash, zsh, fish or powershell: commands, flags, environments, services and parts.\n\n" +
	"```sh\nsource <(kindling completion bash)    # in ~/.bashrc\n```\n"

// writeDocs writes one page about a command and all below it. Hidden ones are left out.
func writeDocs(out io.Writer, root *cobra.Command) {
	fmt.Fprint(out, docsHead)
	for _, m := range meanings() {
		fmt.Fprintf(out, "| %d | %s |\n", m.code, m.text)
	}
	fmt.Fprint(out, "\n`make` turns every failure into exit code 2; scripts call the tool. With `--output json` fields may be\nadded, and none changes its name or meaning.\n\n")
	commands := runnable(root)
	for _, cmd := range commands {
		fmt.Fprintf(out, "- [%s](#%s): %s\n", cmd.CommandPath(), anchor(cmd), cmd.Short)
	}
	for _, cmd := range commands {
		writeCommand(out, cmd)
	}
	fmt.Fprint(out, "\n"+docsCompletion)
}

// runnable are the commands that do something, in the order of help.
func runnable(cmd *cobra.Command) []*cobra.Command {
	var all []*cobra.Command
	for _, child := range cmd.Commands() {
		switch {
		case child.Hidden || child.Name() == "completion" || child.Name() == "help":
		case child.HasSubCommands():
			all = append(all, runnable(child)...)
		default:
			all = append(all, child)
		}
	}
	return all
}

// anchor is GitHub's anchor of a command's heading.
func anchor(cmd *cobra.Command) string {
	kept := strings.Map(func(r rune) rune {
		switch {
		case r == ' ':
			return '-'
		case r == '-' || (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9'):
			return r
		}
		return -1
	}, strings.ToLower(heading(cmd)))
	return kept
}

func heading(cmd *cobra.Command) string {
	return strings.TrimSuffix(cmd.UseLine(), " [flags]")
}

func writeCommand(out io.Writer, cmd *cobra.Command) {
	text, _, _ := strings.Cut(cmd.Long, "\n\nExit codes:")
	if text == "" {
		text = cmd.Short
	}
	fmt.Fprintf(out, "\n## %s\n\n%s.\n", heading(cmd), strings.TrimSuffix(text, "."))
	if flags := flagsOf(cmd); len(flags) > 0 {
		fmt.Fprint(out, "\n| flag | |\n|---|---|\n")
		for _, flag := range flags {
			fmt.Fprintf(out, "| %s | %s |\n", spelled(flag), explained(flag))
		}
	}
	var exits []string
	for _, m := range particular()[below(cmd)] {
		if strings.Contains(text, "Exit code") {
			break // the text tells
		}
		exits = append(exits, fmt.Sprintf("`%d` %s", m.code, m.text))
	}
	if len(exits) > 0 {
		fmt.Fprintf(out, "\nExit codes: %s.\n", strings.Join(exits, "; "))
	}
}

func flagsOf(cmd *cobra.Command) []*pflag.Flag {
	var flags []*pflag.Flag
	cmd.LocalFlags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden && flag.Name != "help" {
			flags = append(flags, flag)
		}
	})
	return flags
}

func spelled(flag *pflag.Flag) string {
	text := "`--" + flag.Name + "`"
	if flag.Shorthand != "" {
		text = "`-" + flag.Shorthand + "`, " + text
	}
	return text
}

func explained(flag *pflag.Flag) string {
	text := strings.ReplaceAll(flag.Usage, "|", `\|`)
	switch flag.DefValue {
	case "", "[]", "false":
		return text
	}
	return text + " (default " + flag.DefValue + ")"
}

package cli

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every command.
const (
	exitDone    = 0
	exitFailed  = 1
	exitInput   = 2 // bad input; for plan, that there are changes
	exitStopped = 130
)

// meaning is what an exit code tells.
type meaning struct {
	code int
	text string
}

// meanings are what exit codes tell of every command.
func meanings() []meaning {
	return []meaning{
		{exitDone, "done"},
		{exitFailed, "failed; what is printed names the cause and the next step"},
		{exitInput, "bad input: what was typed, or what is described in a file; nothing was begun"},
		{exitStopped, "stopped by ^C or SIGTERM; the same command goes on where it was"},
	}
}

// particular are the exit codes that tell something else of one command, by its path below kindling.
func particular() map[string][]meaning {
	return map[string][]meaning{
		"doctor": {{exitFailed, "something stands in the way"}},
		"plan":   {{exitDone, "nothing to change"}, {exitFailed, "no plan, or one that breaks a rule"}, {exitInput, "changes; or bad input, and then nothing is on standard output"}},
		"status": {{exitFailed, "something is not as it should be, or the cluster does not answer"}},
	}
}

// describeExits adds to the help of commands what is particular about their exit codes.
func describeExits(cmd *cobra.Command) {
	if special := particular()[below(cmd)]; len(special) > 0 && !strings.Contains(cmd.Long, "Exit code") {
		var lines []string
		for _, m := range special {
			lines = append(lines, fmt.Sprintf("  %-4d %s", m.code, m.text))
		}
		text := cmd.Long
		if text == "" {
			text = cmd.Short
		}
		cmd.Long = text + "\n\nExit codes:\n" + strings.Join(lines, "\n")
	}
	for _, child := range cmd.Commands() {
		describeExits(child)
	}
}

// refuseUnknown lets commands that only hold others refuse what is none of them.
func refuseUnknown(cmd *cobra.Command) {
	for _, child := range cmd.Commands() {
		refuseUnknown(child)
	}
	if !cmd.HasSubCommands() {
		return
	}
	cmd.SuggestionsMinimumDistance = 2 // letters that may be wrong
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return nil
		}
		next := cmd.CommandPath() + " --help"
		if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
			next = cmd.CommandPath() + " " + oneOf(near)
		}
		return badInput(cmd.Name(), fmt.Sprintf("there is no command %q", cmd.CommandPath()+" "+args[0]), next)
	}
}

package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// completed is what the shell is told when the last word is to be completed.
func completed(t *testing.T, words ...string) []string {
	t.Helper()
	code, out, errs := invoke(append([]string{cobra.ShellCompNoDescRequestCmd}, words...)...)
	require.Equal(t, exitDone, code, errs)
	lines := strings.Split(strings.TrimSpace(out), "\n")
	require.Equal(t, ":4", lines[len(lines)-1], "no names of files")
	return lines[:len(lines)-1]
}

func TestTheShellCompletesWhatThisCheckoutHas(t *testing.T) {
	clone(t)
	for line, want := range map[string]string{
		"up --env ":                         "dev staging",
		"status -e s":                       "staging",
		"promote --from ":                   "dev staging",
		"promote --to st":                   "staging",
		"logs ":                             "catalog inventory database messaging",
		"build inv":                         "inventory",
		"build catalog ":                    "inventory",
		"remove service ":                   "catalog inventory",
		"rollback c":                        "catalog",
		"new service orders --template ":    "http worker",
		"new service orders --needs ":       "database messaging",
		"new service orders --calls cat":    "catalog",
		"new service o --calls catalog,":    "catalog,inventory",
		"new service o --calls catalog,x":   "",
		"status --output ":                  "text json",
		"affected --since main --output js": "json",
	} {
		assert.Equal(t, want, strings.Join(completed(t, strings.Split(line, " ")...), " "), line)
	}
}

func TestPartsOfTheRealCheckoutAreCompleted(t *testing.T) {
	t.Chdir("../../..")
	assert.Equal(t, []string{"kubernetes"}, completed(t, "supply", "build", "kubern"))
}

func TestOutsideOfACheckoutNothingIsCompletedAndNothingFails(t *testing.T) {
	t.Chdir(t.TempDir())
	assert.Empty(t, completed(t, "up", "--env", ""))
}

// Whoever adds a command with one of these flags gets its completion without further work; one
// that names an environment or a service in another flag is found here.
func TestEveryFlagWithAValueOfAFewIsCompleted(t *testing.T) {
	known := map[string]bool{"env": true, "from": true, "to": true, "service": true, "calls": true, "needs": true, "template": true, "output": true}
	each(func(cmd *cobra.Command) {
		cmd.Flags().VisitAll(func(flag *pflag.Flag) {
			_, has := cmd.GetFlagCompletionFunc(flag.Name)
			assert.Equal(t, known[flag.Name], has, "%s --%s", cmd.CommandPath(), flag.Name)
			if flag.Name == "output" {
				assert.Subset(t, formats(flag), []string{"text", "json"}, cmd.CommandPath())
			}
		})
	})
}

// each calls a function for every command that does something.
func each(visit func(*cobra.Command)) {
	for _, cmd := range runnable((&app{}).rootCommand()) {
		visit(cmd)
	}
}

func TestACompletionScriptIsPrintedForEachShell(t *testing.T) {
	for _, shell := range []string{"bash", "zsh", "fish", "powershell"} {
		code, out, errs := invoke("completion", shell)
		assert.Equal(t, exitDone, code, errs)
		assert.Contains(t, out, "kindling")
	}
}

package cli

import (
	"bytes"
	"context"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
)

// words are a command's path, and something for each argument that its usage line demands: NAME,
// but neither [NAME...] nor what follows a flag.
func words(cmd *cobra.Command) []string {
	line := strings.Split(below(cmd), " ")
	usage, _, _ := strings.Cut(strings.TrimPrefix(cmd.UseLine(), cmd.CommandPath()), " -")
	for _, word := range strings.Fields(usage) {
		if !strings.HasPrefix(word, "[") {
			line = append(line, "something")
		}
	}
	return line
}

func TestEveryCommandRefusesAnUnknownFlagWithTwo(t *testing.T) {
	checkout(t, "dev")
	each(func(cmd *cobra.Command) {
		code, out, errs := invoke(append(words(cmd), "--no-such-flag")...)
		assert.Equal(t, exitInput, code, cmd.CommandPath())
		assert.Empty(t, out)
		assert.Contains(t, errs, cmd.CommandPath()+" --help", cmd.CommandPath())
	})
}

func TestEveryCommandRefusesToRunOutsideOfACheckoutWithTwo(t *testing.T) {
	t.Chdir(t.TempDir())
	each(func(cmd *cobra.Command) {
		if cmd.Name() == "load" || cmd.Name() == "import" || cmd.Name() == "export" {
			return // they look at the engine or at their file first
		}
		code, out, errs := invoke(words(cmd)...)
		assert.Equal(t, exitInput, code, "%s: %s", cmd.CommandPath(), errs)
		assert.Empty(t, out)
		assert.Contains(t, errs, "lies in no Kindling checkout", cmd.CommandPath())
	})
}

func TestEveryCommandForOneEnvironmentRefusesAnUnknownOneWithTwo(t *testing.T) {
	checkout(t, "dev", "staging")
	each(func(cmd *cobra.Command) {
		if cmd.Flags().Lookup("env") == nil {
			return
		}
		code, out, errs := invoke(append(words(cmd), "--env", "live")...)
		assert.Equal(t, exitInput, code, cmd.CommandPath())
		assert.Empty(t, out)
		assert.Contains(t, errs, "there is no environment live", cmd.CommandPath())
		assert.Contains(t, errs, "dev or staging", cmd.CommandPath())
	})
}

func TestEveryCommandWithOutputRefusesAnUnknownFormatWithTwo(t *testing.T) {
	checkout(t, "dev")
	each(func(cmd *cobra.Command) {
		if cmd.Flags().Lookup("output") == nil {
			return
		}
		code, out, errs := invoke(append(words(cmd), "--output", "xml")...)
		assert.Equal(t, exitInput, code, cmd.CommandPath())
		assert.Empty(t, out)
		assert.Contains(t, errs, `--output is "xml"`, cmd.CommandPath())
	})
}

func TestEveryCommandThatIsStoppedExitsWith130(t *testing.T) {
	t.Chdir(t.TempDir()) // each fails at once; that it was stopped counts for more
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	each(func(cmd *cobra.Command) {
		var out, errs bytes.Buffer
		assert.Equal(t, exitStopped, Run(ctx, append(words(cmd), "--no-such-flag"), strings.NewReader(""), &out, &errs), cmd.CommandPath())
		assert.Contains(t, errs.String(), "run the same command again", cmd.CommandPath())
	})
}

func TestCommandsThatDoNotExistAreRefusedWithWhatIsNear(t *testing.T) {
	for line, next := range map[string]string{
		"satatus":     "kindling status",
		"dance":       "kindling --help",
		"supply lsit": "kindling supply list",
		"new thing":   "kindling new --help",
	} {
		code, out, errs := invoke(strings.Split(line, " ")...)
		assert.Equal(t, exitInput, code, line)
		assert.Empty(t, out)
		assert.Contains(t, errs, `there is no command "kindling `+line+`"`)
		assert.Contains(t, errs, "next   "+next+"\n")
	}
}

func TestPartsThatDoNotExistAreRefused(t *testing.T) {
	t.Chdir("../../..")
	code, _, errs := invoke("supply", "build", "etcd", "toool")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, errs, `there is no part "toool"`)
}

func TestParticularExitCodesStandInTheHelp(t *testing.T) {
	_, out, _ := invoke("status", "--help")
	assert.Regexp(t, `Exit codes:\n  1 +something is not as it should be`, out)
	seen := map[string]bool{}
	each(func(cmd *cobra.Command) { seen[below(cmd)] = true })
	for path := range particular() {
		assert.True(t, seen[path], "%s is a command", path)
	}
}

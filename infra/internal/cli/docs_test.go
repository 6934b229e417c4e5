package cli

import (
	"os"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheReferenceIsThatOfTheCommands(t *testing.T) {
	written, err := os.ReadFile("../../../docs/cli.md")
	require.NoError(t, err)
	code, out, errs := invoke("docs")
	require.Equal(t, exitDone, code, errs)
	assert.True(t, string(written) == out, "docs/cli.md is stale: run make docs")
}

func TestTheReferenceNamesEveryCommandAndFlagAndItsLinksLead(t *testing.T) {
	_, out, _ := invoke("docs")
	each(func(cmd *cobra.Command) {
		assert.Contains(t, out, "\n## "+heading(cmd)+"\n")
		assert.Contains(t, out, "- ["+cmd.CommandPath()+"](#"+anchor(cmd)+"): ")
		for _, flag := range flagsOf(cmd) {
			assert.Contains(t, out, "`--"+flag.Name+"`")
		}
	})
	assert.NotContains(t, out, "kindling docs")
	assert.Equal(t, 1, strings.Count(out, "# The commands of kindling\n"))
	assert.Equal(t, "kindling-supply-build-part", anchor(&cobra.Command{Use: "kindling supply build [PART...]"}))
}

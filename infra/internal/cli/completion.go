package cli

import (
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"kindling.internal/infra/internal/scaffold"
	"kindling.internal/infra/internal/supply"
)

// candidates find out what can stand at a place of the command line. Outside of a checkout there
// is nothing to choose from.
type candidates func(root string) []string

// argumentCandidates are the words that commands take, by the command's path below kindling.
func argumentCandidates() map[string]candidates {
	return map[string]candidates{
		"build":          scaffold.Services,
		"logs":           running,
		"remove service": scaffold.Services,
		"rollback":       scaffold.Services,
		"secret set":     secretNames,
		"supply build":   partNames,
	}
}

// flagCandidates are the values of flags, which mean the same in every command.
func flagCandidates() map[string]candidates {
	return map[string]candidates{
		"calls":    scaffold.Services,
		"env":      environments,
		"from":     environments,
		"needs":    fixed(scaffold.Needs()),
		"service":  scaffold.Services,
		"template": fixed(scaffold.Templates()),
		"to":       environments,
	}
}

func fixed(words []string) candidates { return func(string) []string { return words } }

// running are the services and what logs shows besides.
func running(root string) []string { return append(scaffold.Services(root), "database", "messaging") }

func partNames(root string) []string {
	parts, err := supply.Parts(root)
	if err != nil {
		return nil
	}
	var names []string
	for _, part := range parts {
		names = append(names, part.Name)
	}
	return names
}

// completeAll teaches a command and those below it what the shell can complete. A flag that
// completes itself already goes on doing so.
func completeAll(cmd *cobra.Command) {
	if find, ok := argumentCandidates()[below(cmd)]; ok {
		cmd.ValidArgsFunction = find.complete
	}
	cmd.Flags().VisitAll(func(flag *pflag.Flag) {
		if find, ok := valuesOf(flag); ok {
			_ = cmd.RegisterFlagCompletionFunc(flag.Name, find.complete) // fails for such a flag only
		}
	})
	for _, child := range cmd.Commands() {
		completeAll(child)
	}
}

// below is a command's path without the program's name.
func below(cmd *cobra.Command) string {
	_, path, _ := strings.Cut(cmd.CommandPath(), " ")
	return path
}

// valuesOf are the candidates of a flag's value. Those of --output stand in its description.
func valuesOf(flag *pflag.Flag) (candidates, bool) {
	if flag.Name == "output" {
		return fixed(formats(flag)), true
	}
	find, ok := flagCandidates()[flag.Name]
	return find, ok
}

var formatWord = regexp.MustCompile(`\b(text|json|markdown)\b`)

// formats are the values of --output that its description names.
func formats(flag *pflag.Flag) []string { return formatWord.FindAllString(flag.Usage, -1) }

// complete answers the shell: no word twice, and no names of files.
func (find candidates) complete(_ *cobra.Command, args []string, typed string) ([]string, cobra.ShellCompDirective) {
	root, err := repository()
	if err != nil {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	// --calls catalog,inv: what stands before the last comma was chosen already.
	chosen, last := "", typed
	if comma := strings.LastIndex(typed, ","); comma >= 0 {
		chosen, last = typed[:comma+1], typed[comma+1:]
	}
	var words []string
	for _, word := range find(root) {
		if strings.HasPrefix(word, last) && !slices.Contains(args, word) && !slices.Contains(strings.Split(chosen, ","), word) {
			words = append(words, chosen+word)
		}
	}
	return words, cobra.ShellCompDirectiveNoFileComp
}

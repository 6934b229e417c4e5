package cli

import (
	"github.com/spf13/cobra"
)

func (a *app) logsCommand() *cobra.Command {
	var environment string
	var follow bool
	var tail int64
	cmd := &cobra.Command{
		Use:   "logs SERVICE",
		Short: "Print what a service, the database or messaging wrote last; -f goes on as it writes",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			return s.Logs(cmd.Context(), args[0], follow, tail, a.out)
		},
	}
	environmentFlag(cmd, &environment)
	cmd.Flags().BoolVarP(&follow, "follow", "f", false, "go on until ^C")
	cmd.Flags().Int64Var(&tail, "tail", 50, "lines of each container to begin with; 0 for all")
	return cmd
}

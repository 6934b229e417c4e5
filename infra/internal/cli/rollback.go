package cli

import (
	"time"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/release"
)

func (a *app) rollbackCommand() *cobra.Command {
	var environment, version, format string
	cmd := &cobra.Command{
		Use:   "rollback SERVICE",
		Short: "Run what a service ran before; a second rollback undoes the first",
		Args:  exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			start := time.Now()
			s, err := a.stack(environment)
			if err != nil {
				return err
			}
			if args[0] == "" {
				return badInput("rollback", "no service is named", "make rollback env="+environment+" service=NAME")
			}
			report, change, err := s.Rollback(cmd.Context(), args[0], version)
			if err != nil {
				return err
			}
			if err := a.printReleased(released{report, []release.Change{change}}, format, start); err != nil {
				return err
			}
			if _, promoted, err := release.LoadPromotion(s.Root, environment); err == nil && !promoted {
				a.printer.Line("%s follows the checkout: make up env=%s runs again what that builds", environment, environment)
			}
			return nil
		},
	}
	environmentFlag(cmd, &environment)
	cmd.Flags().StringVar(&version, "version", "", "the version to go back to, of those that kindling releases shows")
	outputFlag(cmd, &format)
	return cmd
}

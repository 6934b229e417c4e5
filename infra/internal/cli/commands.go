package cli

import "github.com/spf13/cobra"

// commands are all commands, in the order of help.
func (a *app) commands() []*cobra.Command {
	return []*cobra.Command{
		a.upCommand(),
		a.statusCommand(),
		a.planCommand(),
		a.logsCommand(),
		a.promoteCommand(),
		a.rollbackCommand(),
		a.releasesCommand(),
		a.downCommand(),
		a.doctorCommand(),
		a.newCommand(),
		a.removeCommand(),
		a.affectedCommand(),
		a.buildCommand(),
		a.supplyCommand(),
		a.secretCommand(),
		a.stateCommand(),
		a.docsCommand(),
	}
}

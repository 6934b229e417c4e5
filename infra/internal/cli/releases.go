package cli

import (
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

// releaseRow is what one service ran in one release record.
type releaseRow struct {
	Release string `json:"release"` // "now", or the number of a past record
	Service string `json:"service"`
	Version string `json:"version"`
	Digest  string `json:"digest"`
}

func (a *app) releasesCommand() *cobra.Command {
	var environment, format string
	cmd := &cobra.Command{
		Use:   "releases",
		Short: "Show what ran in an environment before: what rollback can go back to",
		Args:  exactArgs(0),
		RunE: func(*cobra.Command, []string) error {
			root, err := repository()
			if err != nil {
				return err
			}
			if err := checkEnvironment(root, environment); err != nil {
				return err
			}
			rows, err := releaseRows(root, environment)
			if err != nil {
				return err
			}
			return a.printReleases(rows, environment, format)
		},
	}
	environmentFlag(cmd, &environment)
	outputFlag(cmd, &format)
	return cmd
}

// releaseRows lists what runs now, and then of each past record what differs from the one after it.
func releaseRows(root, environment string) ([]releaseRow, error) {
	current, err := release.Load(root, environment)
	if err != nil {
		return nil, err
	}
	history, err := release.History(root, environment)
	if err != nil {
		return nil, err
	}
	rows := differing("now", current, release.Record{})
	after := current
	for _, past := range history {
		rows = append(rows, differing(fmt.Sprint(past.Number), past.Record, after)...)
		after = past.Record
	}
	return rows, nil
}

func differing(name string, record, after release.Record) []releaseRow {
	var rows []releaseRow
	for _, service := range slices.Sorted(maps.Keys(record.Services)) {
		if entry := record.Services[service]; entry.Digest() != after.Services[service].Digest() {
			rows = append(rows, releaseRow{name, service, entry.Version, entry.Digest()})
		}
	}
	return rows
}

func (a *app) printReleases(rows []releaseRow, environment, format string) error {
	if format == "json" {
		return printJSON(a.out, append([]releaseRow{}, rows...))
	}
	if len(rows) == 0 {
		fmt.Fprintln(a.out, "nothing was released to "+environment+" yet")
		return nil
	}
	table := make([][]string, 0, len(rows))
	for _, row := range rows {
		table = append(table, []string{row.Release, row.Service, row.Version, fmt.Sprintf("%.19s", row.Digest)})
	}
	ui.New(a.out).Table([]string{"RELEASE", "SERVICE", "VERSION", "DIGEST"}, table)
	return nil
}

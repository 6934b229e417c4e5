package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

func (a *app) supplyListCommand() *cobra.Command {
	var format string
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show the parts, and which are in the cache",
		Args:  exactArgs(0),
		RunE: func(*cobra.Command, []string) error {
			builder, parts, err := a.supplyBuilder()
			if err != nil {
				return err
			}
			wanted, err := besides()
			if err != nil {
				return err
			}
			list, err := builder.List(parts, wanted...)
			if err != nil {
				return err
			}
			if format == "json" {
				return printJSON(a.out, partsJSON(list))
			}
			ui.New(a.out).Table([]string{"PART", "WHAT", "CACHED", "SIZE", "BUILT IN"}, partRows(list))
			return nil
		},
	}
	outputFlag(cmd, &format)
	return cmd
}

func partRows(list []supply.Status) [][]string {
	rows := make([][]string, 0, len(list))
	for _, s := range list {
		row := []string{s.Part.Name, s.Part.About, "no", "", ""}
		switch {
		case s.Cached:
			row[2], row[3] = "yes", fmt.Sprintf("%d MB", s.Record.Bytes/1e6)
			row[4] = ui.Elapsed(time.Duration(s.Record.Seconds * float64(time.Second)))
			row[1] = strings.Join(append([]string{s.Part.About}, s.Record.Notes...), "\n")
		case !s.Needed:
			row[2] = "not needed"
		}
		rows = append(rows, row)
	}
	return rows
}

type partJSON struct {
	Name   string         `json:"name"`
	About  string         `json:"about"`
	Hash   string         `json:"hash"`
	Cached bool           `json:"cached"`
	Needed bool           `json:"needed"` // the next up builds it
	Record *supply.Record `json:"record,omitempty"`
}

func partsJSON(list []supply.Status) []partJSON {
	out := make([]partJSON, 0, len(list))
	for _, s := range list {
		p := partJSON{Name: s.Part.Name, About: s.Part.About, Hash: s.Hash, Cached: s.Cached, Needed: s.Needed}
		if s.Cached {
			p.Record = &s.Record
		}
		out = append(out, p)
	}
	return out
}

func (a *app) supplyVerifyCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "verify",
		Short: "Compare every cached part with the checksums taken when it was built",
		Args:  exactArgs(0),
		RunE: func(*cobra.Command, []string) error {
			builder, parts, err := a.supplyBuilder()
			if err != nil {
				return err
			}
			if err := builder.Verify(parts); err != nil {
				return &ui.Failure{Step: "supply", Sentence: "a cached part is not what was built", Seen: []string{err.Error()}, Next: []string{"remove the folder named above, then kindling supply build"}, Err: err}
			}
			a.printer.Line("every cached part is as it was built")
			return nil
		},
	}
}

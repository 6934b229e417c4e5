package cli

import (
	"encoding/json"
	"io"
)

// printJSON prints a result for scripts. Names of fields and their meaning stay; fields may be
// added. Tests hold the shape of each command's.
func printJSON(out io.Writer, result any) error {
	encoder := json.NewEncoder(out)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	return encoder.Encode(result)
}

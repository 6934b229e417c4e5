package engine

import (
	_ "embed"
	"os"
	"path/filepath"
)

// wrapperRuntime is its name in the engine.
const wrapperRuntime = "kindling"

//go:embed wrapper.sh
var wrapperScript []byte

// WriteWrapper writes the OCI runtime that drops CAP_SYS_RESOURCE before it hands over to runc.
func WriteWrapper(path string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, wrapperScript, 0o755); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

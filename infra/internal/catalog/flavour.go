package catalog

import (
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Flavour is the kind of cluster that an environment has: NAME of the module modules/cluster/NAME
// that its cluster root calls, such as "kind" or "eks". It is empty when the root calls none.
func Flavour(root, environment string) (string, error) {
	files, err := filepath.Glob(filepath.Join(root, "environments", environment, "cluster", "*.tf"))
	if err != nil {
		return "", fmt.Errorf("find the cluster root of %s: %w", environment, err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			return "", fmt.Errorf("read the cluster root of %s: %w", environment, err)
		}
		for _, source := range localSources(file, content) {
			if folder, name := path.Split(source); strings.HasSuffix(folder, "/modules/cluster/") {
				return name, nil
			}
		}
	}
	return "", nil
}

package terraform

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
)

// moduleSource finds the sources of module calls. Paths are written as constants: Terraform
// allows nothing else.
var moduleSource = regexp.MustCompile(`(?m)^\s*source\s*=\s*"(\.\.?/[^"]+)"`)

// initFingerprint covers everything `terraform init` looks at: the module calls and required
// providers of the root and of the modules it calls, the root's backend, and the providers that the
// mirror has.
func initFingerprint(dir, providers string) (string, error) {
	sum := sha256.New()
	fmt.Fprintln(sum, providers)
	backend, err := ReadBackend(dir)
	if err != nil {
		return "", err
	}
	if !backend.Local() || len(backend.Config) > 0 {
		fmt.Fprintln(sum, backend.text())
	}
	seen := map[string]bool{}
	if err := hashModule(sum, dir, seen); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func hashModule(w io.Writer, dir string, seen map[string]bool) error {
	if seen[dir] {
		return nil
	}
	seen[dir] = true
	files, err := filepath.Glob(filepath.Join(dir, "*.tf"))
	if err != nil {
		return err
	}
	sort.Strings(files)
	var calls []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		if filepath.Base(file) == "versions.tf" {
			fmt.Fprintf(w, "%s\n%s\n", filepath.Base(file), text)
		}
		for _, match := range moduleSource.FindAllSubmatch(text, -1) {
			calls = append(calls, string(match[1]))
			fmt.Fprintf(w, "module %s\n", match[0])
		}
	}
	slices.Sort(calls)
	for _, call := range slices.Compact(calls) {
		if err := hashModule(w, filepath.Join(dir, filepath.FromSlash(call)), seen); err != nil {
			return err
		}
	}
	return nil
}

package stack

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
)

// supplyFile is what tells a root, also one that plain terraform plans, which parts there are.
const supplyFile = "supply.auto.tfvars.json"

// writeParts writes the parts' names where both roots read them. Without parts of its own the
// supply leaves the modules' published defaults.
func (s *Stack) writeParts(parts Parts) error {
	cluster := map[string]any{}
	if parts.Node != "" {
		cluster["node_image"] = parts.Node
	}
	if parts.Registry != "" {
		cluster["registry_image"] = parts.Registry
	}
	if err := writeVariables(filepath.Join(s.clusterDir(), supplyFile), cluster); err != nil {
		return err
	}
	workloads := map[string]any{}
	if len(parts.Images) > 0 {
		workloads["images"] = parts.Images
	}
	if parts.SyncRate > 0 {
		workloads["ingress_sync_rate"] = parts.SyncRate
	}
	return writeVariables(filepath.Join(s.workloadsDir(), supplyFile), workloads)
}

// writeVariables replaces a file of variables, unless it says the same already. Without
// variables there is no file.
func writeVariables(path string, variables map[string]any) error {
	if len(variables) == 0 {
		if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
			return err
		}
		return nil
	}
	text, err := json.MarshalIndent(variables, "", "  ")
	if err != nil {
		return err
	}
	return writeFile(path, append(text, '\n'), 0o644)
}

// writeFile replaces a file whole, unless it has that content.
func writeFile(path string, content []byte, mode os.FileMode) error {
	if now, err := os.ReadFile(path); err == nil && bytes.Equal(now, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	fresh := path + ".new"
	if err := os.WriteFile(fresh, content, mode); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

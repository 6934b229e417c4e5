// Command helper makes and removes the directory behind one volume of the local-path
// provisioner. The provisioner runs it in a pod on the volume's node, as its setupCommand and as
// its teardownCommand: a static binary in place of an image with a shell.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// volumeMode lets a pod of any user write: volumes on host paths are not given to a pod's fsGroup.
const volumeMode = 0o777

func main() {
	if err := run(os.Args[1:], os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "local-path-helper:", err)
		os.Exit(1)
	}
}

// run does what the provisioner's arguments ask for: -p path, -s size in bytes, -m volume mode and
// -a action. Size is accepted and has no effect, as a directory has no quota.
func run(args []string, stderr io.Writer) error {
	flags := flag.NewFlagSet("local-path-helper", flag.ContinueOnError)
	flags.SetOutput(stderr)
	path := flags.String("p", "", "volume `directory`, absolute")
	mode := flags.String("m", "Filesystem", "volume mode; only Filesystem is possible")
	action := flags.String("a", "", "create or delete")
	flags.Int64("s", 0, "requested size in `bytes`; not enforced")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if err := checkPath(*path); err != nil {
		return err
	}
	switch *action {
	case "create":
		return create(*path, *mode)
	case "delete":
		return remove(*path)
	default:
		return fmt.Errorf("action %q is unknown; use create or delete", *action)
	}
}

// checkPath refuses whatever is not a clean path of at least two parts, so that a wrong
// pathPattern of a StorageClass can neither leave the volumes' folder nor remove it.
func checkPath(path string) error {
	if !filepath.IsAbs(path) || filepath.Clean(path) != path {
		return fmt.Errorf("path %q is not absolute and clean; check pathPattern of the StorageClass", path)
	}
	if filepath.Dir(path) == "/" {
		return fmt.Errorf("path %q is not inside a folder of volumes; check nodePathMap in local-path-config", path)
	}
	return nil
}

func create(path, mode string) error {
	if mode != "Filesystem" {
		return fmt.Errorf("volume mode %s is not possible on a directory; set volumeMode: Filesystem in the claim", mode)
	}
	if err := os.MkdirAll(path, volumeMode); err != nil {
		return fmt.Errorf("make the volume's directory: %w", err)
	}
	// MkdirAll is subject to the umask, and an earlier try may have been cut off before this line.
	if err := os.Chmod(path, volumeMode); err != nil {
		return fmt.Errorf("open the volume's directory to its pods: %w", err)
	}
	return nil
}

// remove takes path away; a path that is already gone is no error, as deletes are retried.
// Symbolic links in the volume are removed, not followed.
func remove(path string) error {
	if err := os.RemoveAll(path); err != nil {
		return fmt.Errorf("remove the volume's directory: %w", err)
	}
	return nil
}

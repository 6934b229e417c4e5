package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// arguments are those that local-path-provisioner v0.0.30 gives to its setup and teardown commands.
func arguments(path, mode, action string) []string {
	return []string{"-p", path, "-s", "1073741824", "-m", mode, "-a", action}
}

func TestCreateMakesADirectoryThatEveryUserMayWrite(t *testing.T) {
	path := filepath.Join(t.TempDir(), "volumes", "pvc-1_apps_data")
	for range 2 { // a retried create is no error
		if err := run(arguments(path, "Filesystem", "create"), io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != volumeMode {
		t.Errorf("mode %o, want %o", got, volumeMode)
	}
}

func TestDeleteRemovesTheVolumeAndNothingBehindItsLinks(t *testing.T) {
	root := t.TempDir()
	outside := filepath.Join(root, "outside")
	volume := filepath.Join(root, "volumes", "pvc-1")
	if err := os.MkdirAll(filepath.Join(volume, "pgdata"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(outside, []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(outside, filepath.Join(volume, "link")); err != nil {
		t.Fatal(err)
	}
	for range 2 { // a retried delete is no error
		if err := run(arguments(volume, "Filesystem", "delete"), io.Discard); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := os.Lstat(volume); !os.IsNotExist(err) {
		t.Errorf("the volume is still there: %v", err)
	}
	if content, err := os.ReadFile(outside); err != nil || string(content) != "kept" {
		t.Errorf("the file behind the link: %q, %v", content, err)
	}
}

func TestBadArgumentsAreRefusedWithTheReason(t *testing.T) {
	cases := map[string]struct {
		args []string
		want string
	}{
		"relative path":      {arguments("volumes/pvc-1", "Filesystem", "create"), "not absolute and clean"},
		"path that climbs":   {arguments("/var/volumes/../etc", "Filesystem", "delete"), "not absolute and clean"},
		"folder of the root": {arguments("/var", "Filesystem", "delete"), "not inside a folder of volumes"},
		"the root":           {arguments("/", "Filesystem", "delete"), "not inside a folder of volumes"},
		"no path":            {[]string{"-a", "create"}, "not absolute and clean"},
		"block volume":       {arguments("/var/volumes/pvc-1", "Block", "create"), "volumeMode: Filesystem"},
		"unknown action":     {arguments("/var/volumes/pvc-1", "Filesystem", "grow"), "use create or delete"},
		"unknown flag":       {[]string{"-x"}, "not defined"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			err := run(c.args, io.Discard)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

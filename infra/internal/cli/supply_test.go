package cli

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/ui"
)

func TestPartsOfABuildAreShownByWhatReallyHappens(t *testing.T) {
	var out bytes.Buffer
	step := ui.New(&out).Step("supply")
	count := partCount{}
	show := count.show(step)
	for _, e := range []supply.Event{
		{Part: "etcd", State: supply.Waiting}, {Part: "etcd", State: supply.Cached},
		{Part: "coredns", State: supply.Waiting}, {Part: "coredns", State: supply.Building}, {Part: "coredns", State: supply.Built, Elapsed: 3 * time.Second},
		{Part: "pause", State: supply.Cached},
	} {
		show(e)
	}
	step.Done(count.String())
	assert.Regexp(t, `supply +etcd +built by another process\nsupply +coredns +built in 3\.0s\nsupply +1 part built, 2 cached +0\.0s\n$`, out.String())
}

// fakeMmdebstrap puts a program of that name first in PATH, which gives every root one package.
func fakeMmdebstrap(t *testing.T, version string) {
	t.Helper()
	bin := t.TempDir()
	script := "#!/bin/sh\nfor target; do :; done\nmkdir -p root/var/lib/dpkg\necho dash " + version + " >root/var/lib/dpkg/kindling\ntar -C root -cf \"$target\" .\n"
	require.NoError(t, os.WriteFile(filepath.Join(bin, "mmdebstrap"), []byte(script), 0o755))
	t.Setenv("PATH", bin+":"+os.Getenv("PATH"))
	t.Setenv("KINDLING_CACHE", t.TempDir())
	t.Setenv("KINDLING_DEBIAN_SNAPSHOT", "http://127.0.0.1:1")
}

func TestPackagesThatAreNotAsLockedAreToldWithThePart(t *testing.T) {
	t.Chdir("../../..")
	fakeMmdebstrap(t, "0.1")
	code, _, errs := invoke("supply", "build", "netfilter-root")
	assert.Equal(t, exitDone, code, errs)
	const note = `1 package is not .*locked.*; kindling supply lock renews the lock\n`
	assert.Regexp(t, "note: netfilter-root: "+note, errs)
	_, out, _ := invoke("supply", "list")
	assert.Regexp(t, note, out)

	_, _, errs = invoke("supply", "build", "netfilter-root")
	assert.Contains(t, errs, "1 part, cached")

	t.Setenv("KINDLING_DEBIAN_LOCK", "strict")
	code, _, errs = invoke("supply", "build", "netfilter-root")
	assert.Equal(t, exitFailed, code)
	assert.Regexp(t, "part netfilter-root could not be built: 1 package is not .*locked.*, and KINDLING_DEBIAN_LOCK is strict", errs)
}

func TestSettingsOfTheDebianLockThatMeanNothingAreRefused(t *testing.T) {
	checkout(t, "dev")
	t.Setenv("KINDLING_DEBIAN_LOCK", "loose")
	for _, args := range [][]string{{"supply", "build"}, {"supply", "lock"}, {"supply", "list"}} {
		code, out, errs := invoke(args...)
		assert.Equal(t, exitInput, code, errs)
		assert.Empty(t, out)
		assert.Contains(t, errs, `KINDLING_DEBIAN_LOCK is "loose", it can be strict`)
	}
}

func TestAPartThatCannotBeBuiltNamesItsLogAndTheCommand(t *testing.T) {
	err := partFailure(&supply.BuildError{Part: "etcd", Log: "/cache/logs/etcd.log", Last: []string{"main.go:1: no"}, Err: errors.New("exit status 1")})
	var failure *ui.Failure
	assert.ErrorAs(t, err, &failure)
	assert.Equal(t, "part etcd could not be built: exit status 1", failure.Sentence)
	assert.Equal(t, []string{"main.go:1: no"}, failure.Seen)
	assert.Equal(t, []string{"read /cache/logs/etcd.log", "make supply args=etcd"}, failure.Next)

	strict := partFailure(&supply.BuildError{Part: "node-root", Err: &supply.LockError{}})
	assert.ErrorAs(t, strict, &failure)
	assert.Equal(t, []string{"kindling supply lock", "unset KINDLING_DEBIAN_LOCK to take what the mirror has"}, failure.Next)
	assert.Equal(t, exitFailed, ui.ExitCode(strict))

	other := errors.New("no cache folder")
	assert.Same(t, other, partFailure(other))
}

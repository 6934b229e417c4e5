package cli

import (
	"bytes"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
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

func TestAPartThatCannotBeBuiltNamesItsLogAndTheCommand(t *testing.T) {
	err := partFailure(&supply.BuildError{Part: "etcd", Log: "/cache/logs/etcd.log", Last: []string{"main.go:1: no"}, Err: errors.New("exit status 1")})
	var failure *ui.Failure
	assert.ErrorAs(t, err, &failure)
	assert.Equal(t, "part etcd could not be built: exit status 1", failure.Sentence)
	assert.Equal(t, []string{"main.go:1: no"}, failure.Seen)
	assert.Equal(t, []string{"read /cache/logs/etcd.log", "make supply args=etcd"}, failure.Next)

	other := errors.New("no cache folder")
	assert.Same(t, other, partFailure(other))
}

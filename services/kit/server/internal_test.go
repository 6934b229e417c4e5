package server

import (
	"context"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestMemoryLimitIsNineTenthsOfTheContainers(t *testing.T) {
	assert.EqualValues(t, 120795948, softLimit("134217728\n"))
	assert.Zero(t, softLimit("max\n"), "cgroup v2 without a limit")
	assert.Zero(t, softLimit("9223372036854771712\n"), "cgroup v1 without a limit")
}

func TestDrainDelayDependsOnWhereItRunsUnlessSet(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	assert.Zero(t, Config{DrainDelay: -1}.drainDelay())
	t.Setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
	assert.Equal(t, 3*time.Second, Config{DrainDelay: -1}.drainDelay())
	assert.Zero(t, Config{}.drainDelay(), "zero is a choice")
}

func TestLazyDeadlineBehavesAsAContext(t *testing.T) {
	far := time.Now().Add(time.Hour)
	type key struct{}
	parent, cancelParent := context.WithCancel(context.WithValue(t.Context(), key{}, "v"))

	waiting := newLazyDeadline(parent, time.Now().Add(5*time.Millisecond))
	<-waiting.Done()
	require.ErrorIs(t, waiting.Err(), context.DeadlineExceeded)

	past := newLazyDeadline(parent, time.Now().Add(-time.Second))
	require.ErrorIs(t, past.Err(), context.DeadlineExceeded, "the clock alone ends it")

	ended := newLazyDeadline(parent, far)
	require.NoError(t, ended.Err())
	ended.cancel()
	require.ErrorIs(t, ended.Err(), context.Canceled, "also when nobody waited")
	<-ended.Done()

	open := newLazyDeadline(parent, far)
	assert.Equal(t, "v", open.Value(key{}))
	before := runtime.NumGoroutine()
	derived, cancelDerived := context.WithCancel(open)
	defer cancelDerived()
	assert.Equal(t, before, runtime.NumGoroutine(), "a derived context costs no goroutine")
	assert.Equal(t, "v", open.Value(key{}))
	deadline, ok := derived.Deadline()
	assert.True(t, ok)
	assert.Equal(t, far, deadline)
	cancelParent()
	<-derived.Done()
	require.ErrorIs(t, open.Err(), context.Canceled)
}

package supply

import (
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestASecondBuilderWaitsForTheFirstAndTakesItsPart(t *testing.T) {
	first, _ := newBuilder(t)
	second, told := newBuilder(t)
	second.Cache = first.Cache
	started, waiting := make(chan struct{}), make(chan struct{})
	told.on = func(e Event) {
		if e.State == Waiting {
			close(waiting)
		}
	}
	var builds atomic.Int32
	parts := []Part{fakePart("tool", func(context.Context, *job) error {
		builds.Add(1)
		close(started)
		<-waiting
		return nil
	})}

	result := make(chan error, 1)
	go func() {
		_, err := first.Ensure(t.Context(), parts, "tool")
		result <- err
	}()
	<-started
	dirs, err := second.Ensure(t.Context(), parts, "tool")
	require.NoError(t, err)
	require.NoError(t, <-result)
	assert.EqualValues(t, 1, builds.Load())
	assert.DirExists(t, dirs["tool"])
	assert.Equal(t, []State{Waiting, Cached}, told.of("tool"))
}

func TestWaitingForAnotherBuilderCanBeCancelled(t *testing.T) {
	b, told := newBuilder(t)
	unlock, err := b.Cache.lock(t.Context(), "tool", func() {})
	require.NoError(t, err)
	defer unlock()
	ctx, cancel := context.WithCancel(t.Context())
	told.on = func(e Event) { cancel() }

	_, err = b.Ensure(ctx, []Part{fakePart("tool", nil)}, "tool")
	require.ErrorIs(t, err, context.Canceled)
	assert.Equal(t, []State{Waiting}, told.of("tool"))
	assert.Empty(t, files(t, b.Cache, "parts"))
}

func TestAPartIsBuiltAfterWhatItIsMadeFrom(t *testing.T) {
	b, told := newBuilder(t)
	b.Parallel = 4
	usesNeeds := func(_ context.Context, job *job) error {
		var text []byte
		for _, name := range []string{"left", "right"} {
			content, err := os.ReadFile(filepath.Join(job.needs[name], "content"))
			if err != nil {
				return err
			}
			text = append(text, content...)
		}
		return os.WriteFile(filepath.Join(job.out, "content"), text, 0o644)
	}
	parts := []Part{
		fakePart("top", usesNeeds, "left", "right"),
		fakePart("left", nil, "base"), fakePart("right", nil, "base"), fakePart("base", nil), fakePart("unused", nil),
	}

	dirs, err := b.Ensure(t.Context(), parts, "top")
	require.NoError(t, err)
	content, err := os.ReadFile(filepath.Join(dirs["top"], "content"))
	require.NoError(t, err)
	assert.Equal(t, "leftright", string(content))

	var built []string
	for _, e := range told.all {
		if e.State == Built {
			built = append(built, e.Part)
		}
	}
	require.Len(t, built, 4)
	assert.Equal(t, "base", built[0])
	assert.Equal(t, "top", built[3])
	assert.Equal(t, []string{"top"}, slices.Collect(maps.Keys(dirs)))
	assert.Empty(t, told.of("unused"))
}

func TestAPartComesAfterTheOneThatCompilesTheSamePackages(t *testing.T) {
	first := filepath.Join(t.TempDir(), "first")
	library := fakePart("library", func(_ context.Context, _ *job) error {
		time.Sleep(20 * time.Millisecond) // long enough for one that does not wait
		return os.WriteFile(first, nil, 0o644)
	})
	program := fakePart("program", func(_ context.Context, _ *job) error {
		_, err := os.Stat(first)
		return err
	})
	program.After = "library"
	alone, err := hashParts([]Part{{Name: "program", recipe: program.recipe}})
	require.NoError(t, err)

	b, _ := newBuilder(t)
	_, err = b.Ensure(t.Context(), []Part{program, library}, "program", "library")
	require.NoError(t, err)

	// It is not made from the other: alone it is built alone, and its hash is its own.
	b, told := newBuilder(t)
	_, err = b.Ensure(t.Context(), []Part{program, library}, "program")
	require.NoError(t, err)
	assert.Empty(t, told.of("library"))
	known, err := hashParts([]Part{program, library})
	require.NoError(t, err)
	assert.Equal(t, alone["program"].hash, known["program"].hash)
}

func TestTheMostExpensivePartsStartFirst(t *testing.T) {
	known, err := hashParts([]Part{{Name: "a", Weight: 1, recipe: fakeRecipe{}}, {Name: "b", Weight: 9, recipe: fakeRecipe{}}, {Name: "c", Weight: 1, recipe: fakeRecipe{}}})
	require.NoError(t, err)
	wanted, err := missing(Cache{Dir: t.TempDir()}, known, []string{"c", "a", "b"})
	require.NoError(t, err)
	names := make([]string, 0, len(wanted))
	for _, w := range wanted {
		names = append(names, w.Name)
	}
	assert.Equal(t, []string{"b", "a", "c"}, names)
}

func TestWhatACachedPartWasMadeFromIsNotBuilt(t *testing.T) {
	b, told := newBuilder(t)
	parts := []Part{fakePart("image", nil, "programs"), fakePart("programs", nil)}
	_, err := b.Ensure(t.Context(), parts, "image")
	require.NoError(t, err)
	known, err := hashParts(parts)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(b.Cache.partDir(known["programs"])))

	_, err = b.Ensure(t.Context(), parts, "image")
	require.NoError(t, err)
	assert.Equal(t, []State{Building, Built, Cached}, told.of("image"))
	assert.Equal(t, []State{Building, Built}, told.of("programs"))

	list, err := b.List(parts)
	require.NoError(t, err)
	assert.False(t, list[1].Cached)
	assert.False(t, list[1].Needed, "the image that it went into is there")

	list, err = b.List(parts, "programs")
	require.NoError(t, err)
	assert.True(t, list[1].Needed, "this host wants it for itself")

	require.NoError(t, os.RemoveAll(b.Cache.partDir(known["image"])))
	list, err = b.List(parts)
	require.NoError(t, err)
	assert.True(t, list[0].Needed)
	assert.True(t, list[1].Needed)
}

func TestTheFirstFailureStopsTheOtherBuilds(t *testing.T) {
	b, told := newBuilder(t)
	running := make(chan struct{})
	cause := errors.New("does not compile")
	parts := []Part{
		fakePart("slow", func(ctx context.Context, _ *job) error {
			close(running)
			<-ctx.Done()
			return ctx.Err()
		}),
		fakePart("broken", func(context.Context, *job) error {
			<-running
			return cause
		}),
		fakePart("image", nil, "broken"),
	}

	_, err := b.Ensure(t.Context(), parts, "slow", "image")
	require.ErrorIs(t, err, cause)
	var failed *BuildError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "broken", failed.Part)
	assert.Equal(t, []State{Building}, told.of("slow"), "it neither finished nor is it at fault")
	assert.Empty(t, told.of("image"))
	assert.Empty(t, files(t, b.Cache, "parts"))
	assert.Empty(t, files(t, b.Cache, "scratch"))
}

func TestACancelledBuildEndsItsProgramsAndIsNoFailure(t *testing.T) {
	b, told := newBuilder(t)
	ctx, cancel := context.WithCancel(t.Context())
	var pid int
	parts := []Part{fakePart("slow", func(ctx context.Context, job *job) error {
		cmd := command(ctx, job.log, job.work, nil, "sleep", "60")
		if err := cmd.Start(); err != nil {
			return err
		}
		pid = cmd.Process.Pid
		cancel()
		return cmd.Wait()
	})}

	_, err := b.Ensure(ctx, parts, "slow")
	require.ErrorIs(t, err, context.Canceled)
	var failed *BuildError
	assert.NotErrorAs(t, err, &failed)
	assert.NotZero(t, pid)
	assert.Equal(t, []State{Building}, told.of("slow"))
	assert.NoDirExists(t, filepath.Join("/proc", strconv.Itoa(pid)))
}

func TestUnknownPartsAreRefused(t *testing.T) {
	b, _ := newBuilder(t)
	_, err := b.Ensure(t.Context(), []Part{fakePart("tool", nil)}, "toool")
	require.ErrorContains(t, err, `there is no part "toool"`)

	_, err = b.Ensure(t.Context(), []Part{fakePart("image", nil, "nothing")}, "image")
	require.ErrorContains(t, err, "part image needs nothing, which is no part")
}

func TestDebianIsNeededWhenARootHasToBeBuilt(t *testing.T) {
	b, _ := newBuilder(t)
	parts := []Part{{Name: "root", recipe: debianRoot{Suite: "trixie"}}, fakePart("image", nil, "root"), fakePart("tool", nil)}
	needed, err := b.NeedsDebian(parts, []string{"tool"})
	require.NoError(t, err)
	assert.False(t, needed)
	needed, err = b.NeedsDebian(parts, []string{"image"})
	require.NoError(t, err)
	assert.True(t, needed)
}

package supply

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFailedBuildLeavesNothingAndTheNextOneSucceeds(t *testing.T) {
	b, told := newBuilder(t)
	broken := true
	part := fakePart("tool", func(_ context.Context, job *job) error {
		if err := os.WriteFile(filepath.Join(job.out, "half"), nil, 0o644); err != nil {
			return err
		}
		if broken {
			return errors.New("no space left on device")
		}
		return os.Rename(filepath.Join(job.out, "half"), filepath.Join(job.out, "whole"))
	})

	_, err := b.Ensure(t.Context(), []Part{part}, "tool")
	var failed *BuildError
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "tool", failed.Part)
	assert.ErrorContains(t, err, "no space left on device")
	assert.Empty(t, files(t, b.Cache, "parts"))
	assert.Empty(t, files(t, b.Cache, "scratch"))

	broken = false
	dirs, err := b.Ensure(t.Context(), []Part{part}, "tool")
	require.NoError(t, err)
	assert.FileExists(t, filepath.Join(dirs["tool"], "whole"))
	assert.NoFileExists(t, filepath.Join(dirs["tool"], "half"))
	assert.Equal(t, []State{Building, Failed, Building, Built}, told.of("tool"))
}

func TestAFailedBuildTellsTheLastLinesOfItsLog(t *testing.T) {
	b, _ := newBuilder(t)
	part := fakePart("tool", func(ctx context.Context, job *job) error {
		return run(ctx, job.log, job.work, nil, "sh", "-c", "for i in $(seq 20); do echo line $i; done; exit 3")
	})

	_, err := b.Ensure(t.Context(), []Part{part}, "tool")
	var failed *BuildError
	require.ErrorAs(t, err, &failed)
	assert.Len(t, failed.Last, 12)
	assert.Equal(t, "line 20", failed.Last[11])
	assert.FileExists(t, failed.Log)
	assert.ErrorContains(t, err, "exit status 3")
}

// killedBuild names the cache of the process that TestAKilledBuildLeavesNothing starts.
const killedBuild = "KINDLING_TEST_KILLED_BUILD"

func TestAKilledBuildLeavesNothingAndTheNextOneBuildsAgain(t *testing.T) {
	if dir := os.Getenv(killedBuild); dir != "" {
		buildAndDie(t, dir)
		return
	}
	b, told := newBuilder(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$")
	cmd.Env = append(os.Environ(), killedBuild+"="+b.Cache.Dir)
	var exit *exec.ExitError
	require.ErrorAs(t, cmd.Run(), &exit)
	require.Equal(t, syscall.SIGKILL, exit.Sys().(syscall.WaitStatus).Signal())
	require.FileExists(t, filepath.Join(b.Cache.Dir, "scratch", "tool", "out", "half"), "the process was killed in its build")
	assert.Empty(t, files(t, b.Cache, "parts"))

	dirs, err := b.Ensure(t.Context(), []Part{fakePart("tool", nil)}, "tool")
	require.NoError(t, err)
	assert.Equal(t, []State{Building, Built}, told.of("tool"))
	assert.NoFileExists(t, filepath.Join(dirs["tool"], "half"))
	assert.Empty(t, files(t, b.Cache, "scratch"))
}

// buildAndDie writes half a part and kills its own process.
func buildAndDie(t *testing.T, dir string) {
	b := &Builder{Cache: Cache{Dir: dir}}
	_, err := b.Ensure(t.Context(), []Part{fakePart("tool", func(_ context.Context, job *job) error {
		if err := os.WriteFile(filepath.Join(job.out, "half"), []byte("ha"), 0o644); err != nil {
			return err
		}
		return syscall.Kill(os.Getpid(), syscall.SIGKILL)
	})}, "tool")
	require.NoError(t, err)
}

func TestAPartWithAnUnreadableRecordIsBuiltAgain(t *testing.T) {
	b, told := newBuilder(t)
	parts := []Part{fakePart("tool", nil)}
	dirs, err := b.Ensure(t.Context(), parts, "tool")
	require.NoError(t, err)
	write(t, filepath.Join(dirs["tool"], recordFile), "{")
	write(t, filepath.Join(dirs["tool"], "left"), "over")

	_, err = b.Ensure(t.Context(), parts, "tool")
	require.NoError(t, err)
	assert.Equal(t, []State{Building, Built, Building, Built}, told.of("tool"))
	assert.NoFileExists(t, filepath.Join(dirs["tool"], "left"))
}

func TestARecordHoldsTheChecksumOfEveryFile(t *testing.T) {
	b, _ := newBuilder(t)
	parts := []Part{fakePart("tool", func(_ context.Context, job *job) error {
		if err := os.Mkdir(filepath.Join(job.out, "bin"), 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(job.out, "bin", "tool"), []byte("hello\n"), 0o755)
	})}
	_, err := b.Ensure(t.Context(), parts, "tool")
	require.NoError(t, err)

	list, err := b.List(parts)
	require.NoError(t, err)
	require.True(t, list[0].Cached)
	record := list[0].Record
	assert.Equal(t, map[string]string{"bin/tool": "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"}, record.Files)
	assert.EqualValues(t, 6, record.Bytes)
	assert.Equal(t, list[0].Hash, record.Hash)
	assert.Equal(t, "tool", record.Name)
}

func TestVerifyFindsWhatWasChanged(t *testing.T) {
	for name, change := range map[string]func(t *testing.T, dir string){
		"a changed file": func(t *testing.T, dir string) { write(t, filepath.Join(dir, "content"), "tooL") },
		"a missing file": func(t *testing.T, dir string) { require.NoError(t, os.Remove(filepath.Join(dir, "content"))) },
		"an added file":  func(t *testing.T, dir string) { write(t, filepath.Join(dir, "more"), "") },
	} {
		t.Run(name, func(t *testing.T) {
			b, _ := newBuilder(t)
			parts := []Part{fakePart("tool", nil), fakePart("other", nil)}
			dirs, err := b.Ensure(t.Context(), parts, "tool", "other")
			require.NoError(t, err)
			require.NoError(t, b.Verify(parts))

			change(t, dirs["tool"])
			err = b.Verify(parts)
			require.ErrorContains(t, err, "part tool: ")
			require.ErrorContains(t, err, "remove "+dirs["tool"])
			assert.NotContains(t, err.Error(), "other")
		})
	}
}

func TestTheCacheFolderIsTheUsersOrTheNamedOne(t *testing.T) {
	t.Setenv("XDG_CACHE_HOME", "/somewhere")
	t.Setenv("KINDLING_CACHE", "")
	cache, err := DefaultCache()
	require.NoError(t, err)
	assert.Equal(t, "/somewhere/kindling", cache.Dir)

	t.Chdir(t.TempDir())
	here, err := os.Getwd()
	require.NoError(t, err)
	t.Setenv("KINDLING_CACHE", "cache")
	cache, err = DefaultCache()
	require.NoError(t, err)
	assert.Equal(t, filepath.Join(here, "cache"), cache.Dir, "programs of a build run in other folders")
}

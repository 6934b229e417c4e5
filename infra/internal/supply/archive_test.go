package supply

import (
	"bytes"
	"context"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// toolPart has an executable and a file in a folder.
func toolPart() Part {
	return fakePart("tool", func(_ context.Context, job *job) error {
		if err := os.MkdirAll(filepath.Join(job.out, "bin"), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(job.out, "bin", "tool"), programBytes(), 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(job.out, "notice"), []byte("notice"), 0o600)
	})
}

// programBytes are 80,000 bytes that do not compress.
func programBytes() []byte {
	content := make([]byte, 80_000)
	_, _ = rand.NewChaCha8([32]byte{1}).Read(content) // never fails
	return content
}

func ignore(string) {}

// exported builds two parts and exports them.
func exported(t *testing.T) (b *Builder, parts []Part, file string) {
	t.Helper()
	b, _ = newBuilder(t)
	parts = []Part{toolPart(), fakePart("other", nil, "inside"), fakePart("inside", nil)}
	_, err := b.Ensure(t.Context(), parts, "tool", "other")
	require.NoError(t, err)
	file = filepath.Join(t.TempDir(), "parts.tar.zst")
	_, err = b.Export(t.Context(), parts, []string{"tool", "other"}, file, ignore)
	require.NoError(t, err)
	return b, parts, file
}

func TestPartsMoveFromOneCacheToAnother(t *testing.T) {
	_, parts, file := exported(t)
	there, told := newBuilder(t)
	var read []string
	result, err := there.Cache.Import(t.Context(), file, func(part string) { read = append(read, part) })
	require.NoError(t, err)
	assert.Equal(t, []string{"tool", "other"}, result.New)
	assert.Empty(t, result.Present)
	assert.Equal(t, []string{"tool", "other"}, read)
	assert.Empty(t, files(t, there.Cache, "scratch"))

	dirs, err := there.Ensure(t.Context(), parts, "tool", "other")
	require.NoError(t, err)
	assert.Equal(t, []State{Cached}, told.of("tool"))
	assert.Equal(t, []State{Cached}, told.of("other"))
	assert.Empty(t, told.of("inside"), "what a part was made from is not needed there")
	require.NoError(t, there.Verify(parts))
	info, err := os.Stat(filepath.Join(dirs["tool"], "bin", "tool"))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o755), info.Mode().Perm())
	list, err := there.List(parts)
	require.NoError(t, err)
	assert.EqualValues(t, 80_006, list[0].Record.Bytes)
}

func TestAnIndexSaysWhatTheArchiveIsFor(t *testing.T) {
	_, _, file := exported(t)
	result, err := Cache{Dir: t.TempDir()}.Import(t.Context(), file, ignore)
	require.NoError(t, err)
	index := result.Index
	assert.Equal(t, [4]string{runtime.GOOS, runtime.GOARCH, KubernetesVersion, runtime.Version()}, [4]string{index.OS, index.Arch, index.Kubernetes, index.Go})
	assert.Len(t, index.Parts, 2)
}

func TestPartsThatAreThereAlreadyStay(t *testing.T) {
	_, parts, file := exported(t)
	there, _ := newBuilder(t)
	dirs, err := there.Ensure(t.Context(), parts, "other")
	require.NoError(t, err)
	before, err := os.Stat(filepath.Join(dirs["other"], recordFile))
	require.NoError(t, err)

	result, err := there.Cache.Import(t.Context(), file, ignore)
	require.NoError(t, err)
	assert.Equal(t, []string{"tool"}, result.New)
	assert.Equal(t, []string{"other"}, result.Present)
	after, err := os.Stat(filepath.Join(dirs["other"], recordFile))
	require.NoError(t, err)
	assert.True(t, os.SameFile(before, after))

	result, err = there.Cache.Import(t.Context(), file, ignore)
	require.NoError(t, err)
	assert.Empty(t, result.New)
}

func TestExportNeedsWholeParts(t *testing.T) {
	b, parts, file := exported(t)
	other := filepath.Join(filepath.Dir(file), "second.tar.zst")
	known, err := hashParts(parts)
	require.NoError(t, err)
	write(t, filepath.Join(b.Cache.partDir(known["tool"]), "notice"), "forged")

	_, err = b.Export(t.Context(), parts, []string{"tool"}, other, ignore)
	require.ErrorContains(t, err, "notice was changed after it was built")
	_, err = b.Export(t.Context(), append(parts, fakePart("unbuilt", nil)), []string{"unbuilt"}, other, ignore)
	require.ErrorContains(t, err, "kindling supply build unbuilt")

	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "neither the archive nor a part of it is left")
}

func TestAFailedExportLeavesTheFormerArchive(t *testing.T) {
	b, parts, file := exported(t)
	before, err := os.ReadFile(file)
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = b.Export(ctx, parts, []string{"tool", "other"}, file, func(part string) {
		if part == "other" {
			cancel()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	after, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, before, after)
	assert.NoFileExists(t, file+".partial")
}

// assertRefused imports an archive into an empty cache, which stays empty.
func assertRefused(t *testing.T, archive []byte, why string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "archive.tar.zst")
	require.NoError(t, os.WriteFile(file, archive, 0o644))
	outside := filepath.Join(filepath.Dir(file), "escaped")
	cache := Cache{Dir: filepath.Join(filepath.Dir(file), "cache")}

	_, err := cache.Import(t.Context(), file, ignore)
	var refused *ArchiveError
	require.ErrorAs(t, err, &refused)
	assert.Equal(t, file, refused.File)
	assert.ErrorContains(t, err, why)
	assert.Empty(t, files(t, cache, "parts"))
	assert.Empty(t, files(t, cache, "scratch"))
	assert.NoFileExists(t, outside)
}

func TestADamagedArchiveIsRefused(t *testing.T) {
	_, _, file := exported(t)
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	for at := 0; at < len(whole); at += max(1, len(whole)/40) {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0x55
		if bytes.Equal(unpackOrNil(whole), unpackOrNil(damaged)) {
			continue // Zstandard can say the same in two ways
		}
		assertRefused(t, damaged, "")
	}
	for name, archive := range map[string][]byte{
		"cut in the middle": whole[:len(whole)/2],
		"cut at the end":    whole[:len(whole)-1],
		"with more behind":  append(bytes.Clone(whole), "more"...),
		"empty":             {},
		"no archive":        []byte("kindling"),
	} {
		t.Run(name, func(t *testing.T) { assertRefused(t, archive, "damaged") })
	}
}

// unpackOrNil is an archive's uncompressed content, or nil when it has none.
func unpackOrNil(archive []byte) []byte {
	decoder, err := zstd.NewReader(bytes.NewReader(archive))
	if err != nil {
		return nil
	}
	defer decoder.Close()
	content, err := io.ReadAll(decoder)
	if err != nil {
		return nil
	}
	return content
}

func TestAKilledImportLeavesNothingThatTheNextOneKeeps(t *testing.T) {
	_, _, file := exported(t)
	cache := Cache{Dir: t.TempDir()}
	write(t, filepath.Join(cache.Dir, "scratch", "import", "tool-0000000000000000", "bin", "tool"), "half")
	_, err := cache.Import(t.Context(), file, ignore)
	require.NoError(t, err)
	assert.Len(t, files(t, cache, "parts"), 2)
	assert.Empty(t, files(t, cache, "scratch"))
}

func TestACancelledImportImportsNothing(t *testing.T) {
	_, _, file := exported(t)
	cache := Cache{Dir: t.TempDir()}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := cache.Import(ctx, file, ignore)
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, files(t, cache, "parts"))
}

package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"kindling.internal/infra/internal/engine"
	"kindling.internal/infra/internal/supply"
)

const (
	meminfoFile  = "/proc/meminfo"
	cgroupFolder = "/sys/fs/cgroup"
)

// What a first up needs, in bytes. The disk holds the source supply's cache, Go's caches and the
// engine's images, with room to work; below the second figure nothing fits.
const (
	diskWanted   = 15 << 30
	diskNeeded   = 5 << 30
	memoryWanted = 3 << 30
)

// examineDisks looks at the file systems of the cache and of the engine.
func examineDisks(info engine.Info) []finding {
	cache, err := supply.DefaultCache()
	if err != nil {
		return []finding{{"disk", wrong, err.Error(), "set KINDLING_CACHE to a folder that can be written"}}
	}
	dirs := []string{cache.Dir}
	if info.RootDir != "" && !info.Desktop { // Docker Desktop's is in its virtual machine
		dirs = append(dirs, info.RootDir)
	}
	var findings []finding
	for _, dir := range dirs {
		free, err := freeBytes(dir)
		if err != nil {
			findings = append(findings, finding{"disk " + dir, note, err.Error(), "see that the folder can be read"})
			continue
		}
		findings = append(findings, examineDisk(dir, free))
	}
	return findings
}

func examineDisk(dir string, free uint64) finding {
	f := finding{"disk " + dir, fine, fmt.Sprintf("%d GiB free", free>>30), ""}
	if free < diskWanted {
		f.State, f.Advice = note, fmt.Sprintf("a first up wants %d GiB; docker system prune and go clean -cache make room", diskWanted>>30)
	}
	if free < diskNeeded {
		f.State = wrong
	}
	return f
}

// freeBytes tells what an ordinary user may still write to a folder that is there or can be made.
func freeBytes(dir string) (uint64, error) {
	for {
		var stat syscall.Statfs_t
		err := syscall.Statfs(dir, &stat)
		if os.IsNotExist(err) && dir != filepath.Dir(dir) {
			dir = filepath.Dir(dir)
			continue
		}
		return stat.Bavail * uint64(stat.Bsize), err
	}
}

// examineMemory looks at this machine's memory, and at the engine's where that is another.
func examineMemory(file string, info engine.Info) finding {
	text, err := os.ReadFile(file)
	if err != nil {
		return finding{"memory", note, err.Error(), "dev wants 3 GiB, a first build of the parts 6"}
	}
	available, err := availableMemory(string(text))
	if err != nil {
		return finding{"memory", note, err.Error(), "dev wants 3 GiB, a first build of the parts 6"}
	}
	f := finding{"memory", fine, fmt.Sprintf("%.1f GiB available", float64(available)/(1<<30)), ""}
	switch {
	case available < memoryWanted:
		f.State, f.Advice = wrong, "close something: dev wants 3 GiB, a first build of the parts 6"
	case info.Desktop && info.MemoryBytes < memoryWanted:
		f.State, f.Advice = wrong, fmt.Sprintf("the engine's virtual machine has %.1f GiB: give it 4 in Docker Desktop's settings", float64(info.MemoryBytes)/(1<<30))
	}
	return f
}

// availableMemory reads MemAvailable from /proc/meminfo, in bytes.
func availableMemory(meminfo string) (int64, error) {
	for line := range strings.Lines(meminfo) {
		if fields := strings.Fields(line); len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			return kib << 10, err
		}
	}
	return 0, fmt.Errorf("the kernel does not tell what is available")
}

// examineCgroup looks at how the kernel limits containers.
func examineCgroup(info engine.Info, folder string) finding {
	text, err := os.ReadFile(filepath.Join(folder, "cgroup.controllers"))
	if err != nil {
		f := finding{"cgroup", note, "version 1", "works: the nodes' kubelets are told to accept it; version 2 is booted with systemd.unified_cgroup_hierarchy=1"}
		if info.Rootless {
			f.State, f.Advice = wrong, "a rootless engine needs version 2: boot with systemd.unified_cgroup_hierarchy=1, or use a rootful engine"
		}
		return f
	}
	have := strings.Fields(string(text))
	var missing []string
	for _, controller := range []string{"cpu", "memory", "pids"} {
		if !slices.Contains(have, controller) {
			missing = append(missing, controller)
		}
	}
	if len(missing) > 0 {
		return finding{"cgroup", wrong, "version 2 without " + strings.Join(missing, ", "),
			"boot with cgroup_enable=memory, or let the host of this container or virtual machine delegate the controllers"}
	}
	return finding{"cgroup", fine, "version 2", ""}
}

func examineInotify(short []string) finding {
	if len(short) == 0 {
		return finding{"inotify", fine, "enough for several nodes", ""}
	}
	advice := "make up raises them when it runs as root; or, to stay: set them in /etc/sysctl.d/99-kindling.conf and run sudo sysctl --system"
	return finding{"inotify", note, strings.Join(short, ", "), advice}
}

// clock is what can be compared with this machine's time.
type clock struct {
	now, engine, commit time.Time // engine and commit are zero where nothing is known
	synchronised        bool      // the kernel says that something keeps its clock right
}

// kernelClockUnset is TIME_ERROR of adjtimex(2): the clock is not synchronised.
const kernelClockUnset = 5

func clocks(ctx context.Context, root string, info engine.Info) clock {
	c := clock{now: time.Now(), engine: info.Time}
	if text, err := git(ctx, root, "log", "-1", "--format=%ct"); err == nil {
		if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
			c.commit = time.Unix(seconds, 0)
		}
	}
	state, err := syscall.Adjtimex(&syscall.Timex{})
	c.synchronised = err == nil && state != kernelClockUnset
	return c
}

// clockTolerance is how far two clocks may differ before certificates and tokens made by one are
// refused by the other. docker info itself can take some seconds on a busy machine.
const clockTolerance = 30 * time.Second

func examineClock(c clock) finding {
	seen := c.now.UTC().Format("2006-01-02 15:04:05 UTC")
	const set = "set the clock: sudo timedatectl set-ntp true"
	switch {
	case !c.commit.IsZero() && c.now.Before(c.commit.Add(-clockTolerance)):
		return finding{"clock", wrong, seen + ", before the last commit", set}
	case !c.engine.IsZero() && c.now.Sub(c.engine).Abs() > clockTolerance:
		return finding{"clock", wrong, fmt.Sprintf("%s, the engine's differs by %s", seen, c.now.Sub(c.engine).Abs().Round(time.Second)),
			"restart the engine's virtual machine, or set both clocks"}
	case !c.synchronised:
		return finding{"clock", note, seen + ", kept right by nothing", "if it is wrong, certificates are refused: sudo timedatectl set-ntp true"}
	}
	return finding{"clock", fine, seen, ""}
}

package server

import (
	"log/slog"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// cgroupLimits are the files that hold the container's memory limit in bytes,
// of cgroup v2 and v1. Without a limit v2 says "max" and v1 an absurd number.
var cgroupLimits = []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"}

// implausible is a limit beyond which a number stands for "none", in bytes.
const implausible = 1 << 50

// limitMemory makes the collector work harder before the container would be
// killed: nine tenths of its limit, unless GOMEMLIMIT says otherwise.
func limitMemory(logger *slog.Logger) {
	if os.Getenv("GOMEMLIMIT") != "" {
		return
	}
	for _, file := range cgroupLimits {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		limit := softLimit(string(text))
		if limit > 0 {
			debug.SetMemoryLimit(limit)
			logger.Debug("memory limit taken from the container", "bytes", limit)
		}
		return
	}
}

// softLimit returns nine tenths of what a cgroup file says, in bytes, or 0
// when it sets no limit.
func softLimit(text string) int64 {
	limit, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil || limit <= 0 || limit > implausible {
		return 0
	}
	return limit / 10 * 9
}

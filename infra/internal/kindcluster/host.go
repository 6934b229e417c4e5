package kindcluster

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
)

// Host is what the engine's host asks of a cluster.
type Host struct {
	// CgroupV1: kubelets refuse such a host from Kubernetes 1.35 on, unless told.
	CgroupV1 bool
	// KeepsOOMScore: no process may lower its out-of-memory score, because the
	// engine itself lacks CAP_SYS_RESOURCE.
	KeepsOOMScore bool
	// Local: the engine runs on this machine, so its ports are this machine's.
	Local bool
}

// host asks the engine and, when it is local, its process.
func (e *Engine) host(ctx context.Context) (Host, error) {
	out, err := e.docker.run(ctx, nil, "info", "--format", "{{json .}}")
	if err != nil {
		return Host{}, fmt.Errorf("ask the docker engine about its host: %w", err)
	}
	var info struct {
		Name            string
		CgroupVersion   string
		OperatingSystem string
		SecurityOptions []string
	}
	if err := json.Unmarshal(out, &info); err != nil {
		return Host{}, fmt.Errorf("read the answer of docker info: %w", err)
	}
	if slices.Contains(info.SecurityOptions, "name=rootless") && info.CgroupVersion == "1" {
		return Host{}, &Failure{Cause: "a rootless engine needs cgroup v2 for clusters, and this host has cgroup v1",
			Next: "use the engine of root, or boot with systemd.unified_cgroup_hierarchy=1"}
	}
	name, err := os.Hostname()
	host := Host{
		CgroupV1: info.CgroupVersion == "1",
		Local:    err == nil && runtime.GOOS == "linux" && name == info.Name && !strings.Contains(info.OperatingSystem, "Docker Desktop"),
	}
	host.KeepsOOMScore = host.Local && !e.engineMay(capSysResource)
	return host, nil
}

// capSysResource is CAP_SYS_RESOURCE of linux/capability.h.
const capSysResource = 24

// engineMay tells whether the engine's process has a capability in its
// bounding set; this process stands in where the engine's is not to be found.
// What cannot be read counts as allowed.
func (e *Engine) engineMay(capability int) bool {
	process := "self"
	for _, file := range e.pidFiles {
		if pid, err := os.ReadFile(file); err == nil {
			process = strings.TrimSpace(string(pid))
			break
		}
	}
	status, err := os.ReadFile(filepath.Join(e.proc, process, "status"))
	if err != nil {
		return true
	}
	for line := range bytes.Lines(status) {
		value, found := bytes.CutPrefix(line, []byte("CapBnd:"))
		if !found {
			continue
		}
		set, err := strconv.ParseUint(string(bytes.TrimSpace(value)), 16, 64)
		return err != nil || set&(1<<capability) != 0
	}
	return true
}

func (h Host) kubeadmPatches() []string {
	if !h.CgroupV1 {
		return nil
	}
	return []string{"kind: KubeletConfiguration\nfailCgroupV1: false\n"}
}

// containerdPatches has one patch for each version of the configuration; kind
// skips the one that does not fit the node's.
func (h Host) containerdPatches() []string {
	if !h.KeepsOOMScore {
		return nil
	}
	const patch = "version = %d\n[plugins.%q]\nrestrict_oom_score_adj = true\n"
	return []string{
		fmt.Sprintf(patch, 2, "io.containerd.grpc.v1.cri"),
		fmt.Sprintf(patch, 3, "io.containerd.cri.v1.runtime"),
	}
}

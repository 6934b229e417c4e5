package cli

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	"kindling.internal/infra/internal/engine"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

// finding is what doctor says of one thing.
type finding struct {
	what   string
	state  string // fine, note or wrong
	text   string
	advice string // what to do, when it is not fine
}

const (
	fine  = "fine"
	note  = "note"
	wrong = "wrong"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look at this machine and say what stands in the way; exit 1 when something does",
		Args:  exactArgs(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			findings := a.examine(cmd.Context())
			rows := make([][]string, 0, len(findings))
			bad := false
			for _, f := range findings {
				rows = append(rows, []string{f.what, f.state, f.text, f.advice})
				bad = bad || f.state == wrong
			}
			ui.New(a.out).Table([]string{"WHAT", "STATE", "SEEN", "WHAT TO DO"}, rows)
			if bad {
				return exitCode(exitFailed)
			}
			return nil
		},
	}
}

// examine changes nothing.
func (a *app) examine(ctx context.Context) []finding {
	findings := []finding{examineEngine(ctx), examineTerraform(ctx), examineGo(ctx)}
	findings = append(findings, examineDisk()...)
	findings = append(findings, examineMemory(), examineInotify())
	findings = append(findings, examinePorts(ctx)...)
	return append(findings, a.examineSupply())
}

func examineEngine(ctx context.Context) finding {
	info, err := engine.Find(ctx)
	if err == nil {
		return finding{"engine", fine, info.String(), ""}
	}
	if os.Geteuid() == 0 {
		return finding{"engine", note, err.Error(), "make up installs docker.io and starts it (Debian, Ubuntu)"}
	}
	return finding{"engine", wrong, err.Error(), "sudo apt-get install -y docker.io && sudo usermod -aG docker $USER"}
}

func examineTerraform(ctx context.Context) finding {
	path, err := terraform.Find()
	if err != nil {
		return finding{"terraform", note, err.Error(), "make up builds OpenTofu (minutes); or install Terraform 1.11 or newer"}
	}
	text, err := exec.CommandContext(ctx, path, "version").Output()
	if err != nil {
		return finding{"terraform", wrong, path + ": " + err.Error(), "install it anew"}
	}
	first, _, _ := strings.Cut(string(text), "\n")
	return finding{"terraform", fine, first, ""}
}

func examineGo(ctx context.Context) finding {
	text, err := exec.CommandContext(ctx, "go", "version").Output()
	if err != nil {
		return finding{"go", wrong, err.Error(), "install Go 1.26.3 or newer"}
	}
	return finding{"go", fine, strings.TrimSpace(string(text)), ""}
}

// diskWanted is what the source supply's cache, Go's caches and the engine's images come to, in
// bytes, with room to work.
const diskWanted = 15 << 30

func examineDisk() []finding {
	cache, err := supply.DefaultCache()
	if err != nil {
		return []finding{{"disk", wrong, err.Error(), "set KINDLING_CACHE"}}
	}
	var findings []finding
	for _, dir := range []string{cache.Dir, "/var/lib/docker"} {
		free, err := freeBytes(dir)
		if err != nil {
			continue // not there yet
		}
		f := finding{"disk " + dir, fine, fmt.Sprintf("%d GiB free", free>>30), ""}
		if free < diskWanted {
			f.state, f.advice = wrong, fmt.Sprintf("make room: a first up wants %d GiB", diskWanted>>30)
		}
		findings = append(findings, f)
	}
	return findings
}

func freeBytes(dir string) (uint64, error) {
	var stat syscall.Statfs_t
	if err := syscall.Statfs(dir, &stat); err != nil {
		return 0, err
	}
	return stat.Bavail * uint64(stat.Bsize), nil
}

func examineMemory() finding {
	text, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return finding{"memory", note, err.Error(), ""}
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) >= 2 && fields[0] == "MemAvailable:" {
			kib, err := strconv.ParseInt(fields[1], 10, 64)
			if err == nil && kib < 3<<20 {
				return finding{"memory", wrong, fmt.Sprintf("%d MiB available", kib>>10), "close something: dev wants 3 GiB, a first build 6"}
			}
			return finding{"memory", fine, fmt.Sprintf("%d GiB available", kib>>20), ""}
		}
	}
	return finding{"memory", note, "unknown", ""}
}

func examineInotify() finding {
	if short := engine.InotifyShort(); len(short) > 0 {
		return finding{"inotify", note, strings.Join(short, ", "), "several nodes need more; make up raises them when run as root"}
	}
	return finding{"inotify", fine, "enough for several nodes", ""}
}

// examinePorts looks at the ports of dev as they are by default.
func examinePorts(ctx context.Context) []finding {
	var findings []finding
	for _, port := range []string{"80", "443", "5001"} {
		var dialer net.Dialer
		connection, err := dialer.DialContext(ctx, "tcp", net.JoinHostPort("127.0.0.1", port))
		if err != nil {
			findings = append(findings, finding{"port " + port, fine, "free", ""})
			continue
		}
		connection.Close()
		findings = append(findings, finding{"port " + port, note, "in use; fine when dev is up", "another program there: set TF_VAR_http_port, TF_VAR_https_port or TF_VAR_registry_port"})
	}
	return findings
}

func (a *app) examineSupply() finding {
	builder, parts, err := a.supplyBuilder()
	if err != nil {
		return finding{"supply", wrong, err.Error(), "run it in a checkout"}
	}
	list, err := builder.List(parts)
	if err != nil {
		return finding{"supply", wrong, err.Error(), ""}
	}
	cached := 0
	for _, s := range list {
		if s.Cached {
			cached++
		}
	}
	f := finding{"supply", fine, fmt.Sprintf("%d of %d parts cached", cached, len(list)), ""}
	if cached < len(list) {
		f.state, f.advice = note, "make up builds what is missing; kindling supply list tells what"
	}
	return f
}

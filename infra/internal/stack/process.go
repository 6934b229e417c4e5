package stack

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// process identifies a process beyond its end: its number alone is given out again.
type process struct {
	PID       int    `json:"pid"`
	Started   string `json:"started"`   // clock ticks after the machine's start
	Boot      string `json:"boot"`      // of the machine; another one after each start
	Machine   string `json:"machine"`   // stays the same; may be empty
	Namespace string `json:"namespace"` // in which the number counts
}

// processOf identifies a process of this machine that runs.
func processOf(pid int) (process, error) {
	started, err := startOf(pid)
	if err != nil {
		return process{}, err
	}
	p := process{PID: pid, Started: started, Machine: firstLine("/etc/machine-id"), Boot: firstLine("/proc/sys/kernel/random/boot_id")}
	p.Namespace, err = os.Readlink("/proc/self/ns/pid")
	return p, err
}

// The ends that a process may have come to, as far as this machine can tell.
const (
	processRuns    = "runs"
	processEnded   = "ended"
	processUnknown = "unknown" // it was another machine's or another container's
)

// fate tells what became of a process. It says only what is certain: a process of another machine
// or of another container may well run.
func (p process) fate() string {
	here, err := processOf(os.Getpid())
	switch {
	case err != nil:
		return processUnknown
	case p.Boot != here.Boot && p.Machine != "" && p.Machine == here.Machine:
		return processEnded // the machine was started anew since
	case p.Boot != here.Boot || p.Namespace != here.Namespace:
		return processUnknown
	}
	if started, err := startOf(p.PID); err != nil || started != p.Started {
		return processEnded
	}
	return processRuns
}

// startOf is when a process was started, in clock ticks after the machine was. One that has ended
// and was not waited for counts as ended.
func startOf(pid int) (string, error) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return "", err
	}
	_, after, _ := strings.Cut(string(text), ") ") // the name before may hold anything
	fields := strings.Fields(after)
	const state, start = 0, 19 // in proc(5), fields 3 and 22
	if len(fields) <= start || fields[state] == "Z" || fields[state] == "X" {
		return "", fmt.Errorf("process %d has ended", pid)
	}
	return fields[start], nil
}

func firstLine(path string) string {
	text, err := os.ReadFile(path)
	if err != nil {
		return ""
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSpace(line)
}

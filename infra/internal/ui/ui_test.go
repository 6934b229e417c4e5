package ui

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files anew")

// golden compares text with testdata/NAME.golden; escape characters are written as ␛.
func golden(t *testing.T, name, text string) {
	t.Helper()
	text = strings.ReplaceAll(text, "\x1b", "␛")
	file := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, string(want), text)
}

// stage is a printer with a clock that only the test moves.
type stage struct {
	*Printer
	out  *bytes.Buffer
	time time.Time
}

func plain() *stage {
	s := &stage{out: &bytes.Buffer{}, time: time.Unix(1000, 0)}
	s.Printer = New(s.out)
	s.now, s.tick = func() time.Time { return s.time }, 0
	return s
}

func terminal(columns int) *stage {
	s := plain()
	s.terminal, s.width = true, func() int { return columns }
	return s
}

func (s *stage) pass(d time.Duration) {
	s.time = s.time.Add(d)
	s.beat()
}

// up plays the run of ARCHITECTURE's example.
func up(s *stage) {
	engine := s.Step("engine")
	s.pass(100 * time.Millisecond)
	engine.Done("docker 20.10 · cgroup v1 · 2 cpus · 23 GiB")

	images, cluster := s.Step("images"), s.Step("cluster")
	catalog, inventory := images.Item("catalog"), images.Item("inventory")
	catalog.Update("compiling")
	cluster.Update("dev · starting the control plane")
	s.pass(2100 * time.Millisecond)
	inventory.Done("sha256:91b2e0…  unchanged")
	catalog.Done("sha256:3f9c21…  built 2.1s  pushed 0.3s")
	images.Done("")
	s.pass(10300 * time.Millisecond)
	cluster.Done("dev · 1 node · Kubernetes 1.36.1")

	s.Line("")
	s.Table([]string{"SERVICE", "URL", "VERSION", "READY"}, [][]string{
		{"catalog", "https://shop.localhost/api/products\nhttps://admin.localhost/", "v0.1.0-3-g1a2b3c", "2/2"},
		{"inventory", "https://shop.localhost/api/stock", "v0.1.0-3-g1a2b3c", "2/2"},
	})
	s.Line("ready in %s", Elapsed(12500*time.Millisecond))
}

func TestARunWithoutATerminalIsPlainLines(t *testing.T) {
	s := plain()
	up(s)
	golden(t, "plain", s.out.String())
	assert.NotContains(t, s.out.String(), "\x1b")
}

func TestARunOnATerminalRedrawsRunningSteps(t *testing.T) {
	s := terminal(100)
	up(s)
	golden(t, "terminal", s.out.String())
	golden(t, "terminal-screen", screen(s.out.String()))
}

func TestWhatStaysOnANarrowTerminalFitsIt(t *testing.T) {
	s := terminal(40)
	step := s.Step("supply")
	step.Item("kubernetes").Update("compiling k8s.io/kubernetes/cmd/kube-apiserver")
	step.Update("9 of 11 parts, and this goes on and on and on")
	for _, line := range strings.Split(screen(s.out.String()), "\n") {
		assert.Less(t, len([]rune(line)), 40, line)
	}
	step.Done("11 parts, all cached, which is said at length")
	golden(t, "narrow-screen", screen(s.out.String()))
}

func TestColoursAreUsedWhereTheyAreAllowed(t *testing.T) {
	s := terminal(100)
	s.colour = true
	s.Step("engine").Done("docker")
	s.Failure(&Failure{Step: "engine", Sentence: "no", Seen: []string{"a"}})
	golden(t, "colour", s.out.String())
}

// screen plays the two cursor movements that the printer uses.
func screen(output string) string {
	var lines []string
	for _, line := range strings.SplitAfter(output, "\n") {
		for strings.HasPrefix(line, "\x1b[") {
			var up int
			_, err := fmt.Sscanf(line, "\x1b[%dF\x1b[J", &up)
			if err != nil {
				break
			}
			lines = lines[:len(lines)-up]
			line = line[strings.Index(line, "J")+1:]
		}
		if line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "")
}

func TestALongStepWithoutATerminalSaysThatItStillRuns(t *testing.T) {
	s := plain()
	supply, cluster := s.Step("supply"), s.Step("cluster")
	supply.Item("kubernetes").Update("compiling")
	cluster.Update("starting the control plane")
	s.pass(29 * time.Second)
	assert.Empty(t, s.out.String())
	s.pass(time.Second)
	s.pass(time.Second)
	s.pass(30 * time.Second)
	supply.Done("11 parts")
	golden(t, "heartbeat", s.out.String())
}

func TestAFailedStepLeavesItsFinishedItems(t *testing.T) {
	s := terminal(100)
	images := s.Step("images")
	images.Item("catalog").Done("sha256:3f9c21…  built 2.1s")
	images.Item("inventory").Update("compiling")
	images.Fail()
	images.Done("never printed")
	assert.Equal(t, "images     catalog    sha256:3f9c21…  built 2.1s\n", screen(s.out.String()))
}

func TestAFailureShowsCauseEvidenceAndNextStep(t *testing.T) {
	s := plain()
	s.Failure(&Failure{
		Step: "workloads", Sentence: "inventory cannot start: its image is not in the registry",
		Seen: []string{"Failed to pull image \"localhost:5001/inventory@sha256:91b2e0…\": not found (pod inventory-7c9d…, 2 s ago)", "line two\nline three\n"},
		Next: []string{"kindling build inventory, then make up env=dev"},
	})
	golden(t, "failure", s.out.String())
}

func TestEveryFailureOfAJoinedErrorIsShown(t *testing.T) {
	s := plain()
	s.Failure(errors.Join(
		&Failure{Step: "images", Sentence: "catalog does not compile", Seen: []string{"services/catalog/main.go:1:1: expected"}},
		fmt.Errorf("plan: %w", errors.New("two\nlines")),
		fmt.Errorf("up: %w", &Failure{Step: "workloads", Sentence: "inventory cannot start"}),
	))
	golden(t, "failures", s.out.String())
}

func TestExitCodes(t *testing.T) {
	cause := errors.New("cause")
	assert.Equal(t, 0, ExitCode(nil))
	assert.Equal(t, 1, ExitCode(cause))
	assert.Equal(t, 1, ExitCode(&Failure{}))
	assert.Equal(t, 2, ExitCode(fmt.Errorf("up: %w", &Failure{Code: 2})))
	assert.Equal(t, 2, ExitCode(errors.Join(cause, &Failure{Code: 2})))
	assert.ErrorIs(t, &Failure{Err: cause}, cause)
}

func TestElapsedIsWrittenAsPeopleSayIt(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"0.0s": -time.Second, "0.1s": 100 * time.Millisecond, "59.9s": 59900 * time.Millisecond,
		"1m00s": 59970 * time.Millisecond, "2m05s": 125 * time.Second, "59m59s": 3599 * time.Second, "1h02m": 3725 * time.Second,
	} {
		assert.Equal(t, want, Elapsed(d))
	}
}

func TestStepsMayBeReportedByManyGoroutines(t *testing.T) {
	s := terminal(100)
	s.tick, s.now = time.Microsecond, time.Now
	var group sync.WaitGroup
	for i := range 8 {
		group.Go(func() {
			step := s.Step(fmt.Sprint("step", i))
			step.Update("working")
			step.Item("part").Done("done")
			step.Done("finished")
		})
	}
	group.Wait()
	assert.Equal(t, 8, strings.Count(screen(s.out.String()), "finished"))
	assert.Nil(t, s.stop, "nothing is redrawn any more")
}

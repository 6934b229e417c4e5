// Command report turns the events of `go test -json` into lines for a person: a line for each
// package (with -cases for each test), what failing tests printed, and why tests were skipped. It
// exits with 1 when a test failed or none ran.
package main

import (
	"bufio"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

func main() {
	if err := run(os.Args[1:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "report:", err)
		os.Exit(1)
	}
}

func run(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("report", flag.ContinueOnError)
	cases := flags.Bool("cases", false, "print a line when a test starts and when it ends")
	counts := flags.String("counts", "", "append PASSED FAILED SKIPPED to this file")
	if err := flags.Parse(args); err != nil {
		return err
	}
	r := &report{out: out, cases: *cases, output: map[string]*strings.Builder{}, failures: map[string]int{}, tests: map[string]int{}}
	if err := r.read(in); err != nil {
		return err
	}
	if *counts != "" {
		if err := appendTo(*counts, fmt.Sprintf("%d %d %d\n", r.passed, r.failed, r.skipped)); err != nil {
			return err
		}
	}
	switch {
	case r.failed > 0:
		return fmt.Errorf("%d failed", r.failed)
	case r.passed == 0:
		return fmt.Errorf("no test ran")
	}
	return nil
}

func appendTo(path, text string) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	if _, err := file.WriteString(text); err != nil {
		return err
	}
	return file.Close()
}

// event is a line of `go test -json`; see `go doc test2json`.
type event struct {
	Action  string
	Package string
	Test    string
	Elapsed float64 // seconds
	Output  string
}

// report counts tests at every depth. A package that fails without a failing test (it does not
// build, it panics, it times out) counts as one failure. A skipped test counts as neither.
type report struct {
	out                     io.Writer
	cases                   bool
	passed, failed, skipped int
	output                  map[string]*strings.Builder // by package and test, until it has ended
	failures                map[string]int              // by package
	tests                   map[string]int              // by package
}

func (r *report) read(in io.Reader) error {
	lines := bufio.NewReader(in)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			r.line(line)
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

func (r *report) line(line string) {
	var e event
	if json.Unmarshal([]byte(line), &e) != nil {
		if !strings.HasPrefix(line, "go: downloading ") {
			fmt.Fprint(r.out, "  ", line) // what go itself says, such as a wrong flag
		}
		return
	}
	switch e.Action {
	case "output":
		r.keep(e)
	case "build-output":
		fmt.Fprint(r.out, "  |  ", e.Output)
	case "run":
		if r.cases {
			fmt.Fprintf(r.out, "  ....  %s\n", sentence(e.Test))
		}
	case "pass", "fail", "skip":
		if e.Test == "" {
			r.endPackage(e)
		} else {
			r.endTest(e)
		}
	}
}

func (e event) key() string { return e.Package + " " + e.Test }

func (r *report) keep(e event) {
	text := r.output[e.key()]
	if text == nil {
		text = &strings.Builder{}
		r.output[e.key()] = text
	}
	text.WriteString(e.Output)
}

func (r *report) endTest(e event) {
	r.tests[e.Package]++
	switch e.Action {
	case "pass":
		r.passed++
	case "skip":
		r.skipped++
	case "fail":
		r.failed++
		r.failures[e.Package]++
		r.tell(e)
	}
	if r.cases || e.Action == "skip" {
		words := map[string]string{"pass": "ok", "fail": "FAIL", "skip": "skip"}
		fmt.Fprintf(r.out, "  %-4s  %s  %s%s\n", words[e.Action], sentence(e.Test), elapsed(e.Elapsed), r.reason(e))
	}
	delete(r.output, e.key())
}

func (r *report) endPackage(e event) {
	switch {
	case e.Action == "fail" && r.failures[e.Package] == 0:
		r.failed++
		r.tell(e)
		fmt.Fprintf(r.out, "  FAIL  %s  %s\n", e.Package, elapsed(e.Elapsed))
	case e.Action == "fail":
		fmt.Fprintf(r.out, "  FAIL  %s  %d of %d tests  %s\n", e.Package, r.failures[e.Package], r.tests[e.Package], elapsed(e.Elapsed))
	case e.Action == "pass" && r.tests[e.Package] > 0:
		fmt.Fprintf(r.out, "  ok    %s  %d tests  %s\n", e.Package, r.tests[e.Package], elapsed(e.Elapsed))
	}
	delete(r.output, e.key())
}

// tell prints what a failed test printed.
func (r *report) tell(e event) {
	if text := r.output[e.key()]; text != nil {
		for line := range strings.Lines(text.String()) {
			fmt.Fprint(r.out, "  |  ", strings.TrimRight(line, "\n"), "\n")
		}
	}
}

// reason is what a skipped test said.
func (r *report) reason(e event) string {
	text := r.output[e.key()]
	if text == nil || e.Action != "skip" {
		return ""
	}
	var said []string
	for line := range strings.Lines(text.String()) {
		if !strings.Contains(line, "--- SKIP") && !strings.HasPrefix(line, "===") {
			said = append(said, strings.TrimSpace(line))
		}
	}
	return "  " + strings.Join(said, " ")
}

// sentence is a test's name as it was written: go test joins words with underscores.
func sentence(test string) string { return strings.ReplaceAll(test, "_", " ") }

func elapsed(seconds float64) string {
	return (time.Duration(seconds*10) * time.Second / 10).String()
}

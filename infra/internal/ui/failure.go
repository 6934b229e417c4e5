package ui

import (
	"errors"
	"fmt"
	"strings"
)

// Failure is an error that a person can act on.
type Failure struct {
	Step     string   // of the command: "workloads"
	Sentence string   // the cause, in one sentence
	Seen     []string // evidence: an event, the last log lines
	Next     []string // what to do, each a command or a sentence
	Code     int      // exit code; 0 means 1
	Err      error    // what it was made from; may be nil
}

func (f *Failure) Error() string {
	if f.Step == "" {
		return f.Sentence
	}
	return f.Step + ": " + f.Sentence
}

func (f *Failure) Unwrap() error { return f.Err }

// ExitCode is 0 for nil, the failure's code for a Failure, and 1 for any other
// error. Of several failures the highest counts.
func ExitCode(err error) int {
	code := 0
	for _, part := range parts(err) {
		var failure *Failure
		if errors.As(part, &failure) && failure.Code != 0 {
			code = max(code, failure.Code)
			continue
		}
		code = max(code, 1)
	}
	return code
}

// Failure prints an error: each Failure in it with its evidence and next step,
// any other error as a sentence.
func (p *Printer) Failure(err error) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	for _, part := range parts(err) {
		p.permanent(p.failureLines(part)...)
	}
}

func (p *Printer) failureLines(err error) []string {
	var failure *Failure
	if !errors.As(err, &failure) {
		failure = &Failure{Sentence: err.Error()}
	}
	head, rest, _ := strings.Cut(failure.Error(), "\n")
	lines := []string{p.paint(red, "✗") + " " + p.paint(bold, head)}
	for _, line := range split(rest) {
		lines = append(lines, "  "+line)
	}
	lines = append(lines, p.labelled("seen", failure.Seen)...)
	return append(lines, p.labelled("next", failure.Next)...)
}

// labelled sets texts in a column beside a label that stands once.
func (p *Printer) labelled(label string, texts []string) []string {
	var lines []string
	mark := p.paint(faint, label)
	for _, text := range texts {
		for _, line := range split(text) {
			lines = append(lines, fmt.Sprintf("  %s   %s", mark, line))
			mark = strings.Repeat(" ", len(label))
		}
	}
	return lines
}

func split(text string) []string {
	text = strings.TrimRight(text, "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}

// parts takes joined errors apart, as long as no Failure holds them together.
func parts(err error) []error {
	if err == nil {
		return nil
	}
	if _, whole := err.(*Failure); whole {
		return []error{err}
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, part := range joined.Unwrap() {
		all = append(all, parts(part)...)
	}
	return all
}

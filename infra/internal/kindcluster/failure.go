package kindcluster

import (
	"errors"
	"strings"
)

// Failure is an error with what a person needs to act on it: the cause as a
// sentence without a capital, what was seen, and what to do next.
type Failure struct {
	Cause string
	Seen  string // the evidence; when empty, Err's text is the evidence
	Next  string // what to do; may be empty
	Err   error
}

// Error joins cause and evidence on one line.
func (f *Failure) Error() string {
	if seen := f.Evidence(); seen != "" {
		return f.Cause + ": " + seen
	}
	return f.Cause
}

func (f *Failure) Unwrap() error { return f.Err }

// Evidence returns what was seen, or the text of the error beneath.
func (f *Failure) Evidence() string {
	if f.Seen == "" && f.Err != nil {
		return f.Err.Error()
	}
	return f.Seen
}

// failureOf finds the Failure in err's chain, or makes one that has cause.
func failureOf(err error, cause string) *Failure {
	var failure *Failure
	if errors.As(err, &failure) {
		return failure
	}
	return &Failure{Cause: cause, Err: err}
}

// lastLines returns at most n non-empty lines from the end of text.
func lastLines(text string, n int) string {
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines[max(0, len(lines)-n):], "\n")
}

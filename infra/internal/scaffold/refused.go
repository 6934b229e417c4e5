package scaffold

import "strings"

// Mistake is one reason why a request is refused.
type Mistake struct {
	Problem string
	Seen    []string // evidence; may be empty
	Fix     string
}

// Refused are all reasons why a request is refused, at once.
type Refused []Mistake

// Error has one line for each reason.
func (r Refused) Error() string {
	lines := make([]string, len(r))
	for i, mistake := range r {
		lines[i] = mistake.Problem + "; " + mistake.Fix
	}
	return strings.Join(lines, "\n")
}

func (r *Refused) add(problem, fix string, seen ...string) {
	*r = append(*r, Mistake{Problem: problem, Seen: seen, Fix: fix})
}

// orNil is the error, or none when nothing was refused.
func (r Refused) orNil() error {
	if len(r) == 0 {
		return nil
	}
	return r
}

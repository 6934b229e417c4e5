package catalog

import (
	"fmt"
	"sort"
	"strings"
)

// Mistake is one thing that is wrong in a file, and what to do about it.
type Mistake struct {
	File    string // relative to the repository's root
	Line    int    // 1-based; 0 when the mistake is about the file as a whole
	Problem string
	Fix     string
}

func (m Mistake) String() string {
	place := m.File
	if m.Line > 0 {
		place = fmt.Sprintf("%s:%d", m.File, m.Line)
	}
	return fmt.Sprintf("%s: %s; %s", place, m.Problem, m.Fix)
}

// Mistakes are all mistakes of all files, in the order of files and lines.
type Mistakes []Mistake

func (m Mistakes) Error() string {
	lines := make([]string, len(m))
	for i, mistake := range m {
		lines[i] = mistake.String()
	}
	return strings.Join(lines, "\n")
}

func (m Mistakes) sort() {
	sort.SliceStable(m, func(i, j int) bool {
		if m[i].File != m[j].File {
			return m[i].File < m[j].File
		}
		return m[i].Line < m[j].Line
	})
}

// suggest turns the candidate nearest to word into a fix, or lists them all
// when none is near enough to be a slip of the finger.
func suggest(word string, candidates []string) string {
	if near, ok := nearest(word, candidates); ok {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(candidates) == 0 {
		return "remove it"
	}
	sorted := append([]string(nil), candidates...)
	sort.Strings(sorted)
	return "known are " + strings.Join(sorted, ", ")
}

func nearest(word string, candidates []string) (string, bool) {
	best, distance := "", 1+(len(word)+2)/3
	for _, c := range candidates {
		if d := editDistance(word, c); d < distance {
			best, distance = c, d
		}
	}
	return best, best != ""
}

// editDistance counts the insertions, deletions and substitutions between two
// words (Levenshtein), in one row of memory.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diagonal := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			diagonal, row[j] = row[j], min(row[j]+1, row[j-1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

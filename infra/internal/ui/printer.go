// Package ui prints what commands do: steps that count while they run, tables,
// and failures with their evidence and next step. On a terminal running steps
// are redrawn in place; elsewhere every line is printed once and stays.
package ui

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

const (
	lineWidth  = 83 // columns that a finished step's line fills
	nameColumn = 11 // columns of a step's name
	redraw     = 100 * time.Millisecond
	heartbeat  = 30 * time.Second // between lines about a running step, when not on a terminal
)

// Printer writes lines for a person. It is safe for use by many goroutines.
type Printer struct {
	out      io.Writer
	terminal bool
	colour   bool
	width    func() int // columns; 0 means unlimited
	now      func() time.Time
	tick     time.Duration // 0: only tests draw

	mutex   sync.Mutex
	running []*Step
	drawn   int // lines of the live region that are on the screen
	stop    chan struct{}
}

// New prints to out. It is drawn on only when out is a terminal that can move
// its cursor; NO_COLOR (no-color.org) turns colours off.
func New(out io.Writer) *Printer {
	p := &Printer{out: out, now: time.Now, tick: redraw, width: func() int { return 0 }}
	if file, ok := out.(*os.File); ok && term.IsTerminal(int(file.Fd())) && os.Getenv("TERM") != "dumb" {
		p.terminal = true
		p.colour = os.Getenv("NO_COLOR") == ""
		p.width = func() int {
			columns, _, err := term.GetSize(int(file.Fd()))
			if err != nil {
				return 80
			}
			return columns
		}
	}
	return p
}

// Terminal reports whether lines are drawn for a person who looks on.
func (p *Printer) Terminal() bool { return p.terminal }

// Line prints a line that stays, above the steps that run.
func (p *Printer) Line(format string, args ...any) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.permanent(fmt.Sprintf(format, args...))
}

// permanent prints lines above the live region. The mutex is held.
func (p *Printer) permanent(lines ...string) {
	var text strings.Builder
	text.WriteString(p.erase())
	for _, line := range lines {
		text.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	text.WriteString(p.live())
	p.write(text.String())
}

// write passes output on. A reader that went away (a closed pipe) is no reason
// to stop the work that is reported.
func (p *Printer) write(text string) {
	_, _ = io.WriteString(p.out, text)
}

const (
	bold  = "1"
	faint = "2"
	red   = "31"
)

func (p *Printer) paint(style, text string) string {
	if !p.colour {
		return text
	}
	return "\x1b[" + style + "m" + text + "\x1b[0m"
}

// Elapsed writes a duration as people say it: 0.1s, 12.4s, 2m05s, 1h02m.
func Elapsed(d time.Duration) string {
	switch {
	case d < time.Minute-50*time.Millisecond:
		return fmt.Sprintf("%.1fs", max(d, 0).Seconds())
	case d < time.Hour:
		seconds := int(d.Seconds() + 0.5)
		return fmt.Sprintf("%dm%02ds", seconds/60, seconds%60)
	}
	minutes := int(d.Minutes())
	return fmt.Sprintf("%dh%02dm", minutes/60, minutes%60)
}

// shorten cuts a line to a number of columns, counting a character as one.
func shorten(text string, columns int) string {
	runes := []rune(text)
	if columns <= 0 || len(runes) <= columns {
		return text
	}
	return string(runes[:columns-1]) + "…"
}

func pad(text string, columns int) string {
	if missing := columns - len([]rune(text)); missing > 0 {
		return text + strings.Repeat(" ", missing)
	}
	return text
}

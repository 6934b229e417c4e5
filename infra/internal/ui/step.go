package ui

import (
	"slices"
	"strings"
	"time"
)

// Step is a part of a command that takes time. Several may run at once.
type Step struct {
	printer *Printer
	name    string
	start   time.Time
	said    time.Time // when the last line about it was printed; not on a terminal
	text    string
	items   []*Item
	ended   bool
}

// Item is one of the things that a step works on, with a line of its own.
type Item struct {
	step  *Step
	name  string
	text  string
	start time.Time
	ended bool
}

// Step starts a step. Its line appears at once on a terminal.
func (p *Printer) Step(name string) *Step {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	now := p.now()
	s := &Step{printer: p, name: name, start: now, said: now}
	p.running = append(p.running, s)
	p.draw()
	p.animate()
	return s
}

// Update says what the step is doing now.
func (s *Step) Update(text string) {
	s.printer.mutex.Lock()
	defer s.printer.mutex.Unlock()
	s.text = text
	s.printer.draw()
}

// Item starts a line below the step.
func (s *Step) Item(name string) *Item {
	s.printer.mutex.Lock()
	defer s.printer.mutex.Unlock()
	item := &Item{step: s, name: name, start: s.printer.now()}
	s.items = append(s.items, item)
	s.printer.draw()
	return item
}

// Update says what happens to the item now.
func (i *Item) Update(text string) {
	i.step.printer.mutex.Lock()
	defer i.step.printer.mutex.Unlock()
	i.text = text
	i.step.printer.draw()
}

// Done ends the item with its result. Where lines are not redrawn it is printed now.
func (i *Item) Done(text string) {
	p := i.step.printer
	p.mutex.Lock()
	defer p.mutex.Unlock()
	i.text, i.ended = text, true
	if p.terminal {
		p.draw()
		return
	}
	i.step.said = p.now()
	p.permanent(pad(i.step.name, nameColumn) + i.line())
}

func (i *Item) line() string {
	return pad(i.name, nameColumn-1) + " " + i.text
}

// Done ends the step with a summary and the time it took. Without a summary the
// lines of its items stay instead.
func (s *Step) Done(summary string) {
	s.end(func(elapsed string) []string {
		if summary == "" {
			return s.itemLines()
		}
		return []string{s.withTime(summary, elapsed)}
	})
}

// Fail ends the step without a line of its own: the failure that follows tells
// more. Items that ended stay.
func (s *Step) Fail() {
	s.end(func(string) []string { return s.itemLines() })
}

func (s *Step) end(lines func(elapsed string) []string) {
	p := s.printer
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if s.ended {
		return
	}
	s.ended = true
	p.running = slices.DeleteFunc(p.running, func(other *Step) bool { return other == s })
	p.permanent(lines(Elapsed(p.now().Sub(s.start)))...)
	if len(p.running) == 0 {
		p.still()
	}
}

// itemLines are the items that ended, under the step's name. Where lines are not
// redrawn they have been printed already.
func (s *Step) itemLines() []string {
	if !s.printer.terminal {
		return nil
	}
	var lines []string
	name, columns := s.label()
	for _, item := range s.items {
		if item.ended {
			lines = append(lines, name+item.line())
			name = strings.Repeat(" ", columns)
		}
	}
	return lines
}

// withTime sets a step's name left, its text after it, the time right.
func (s *Step) withTime(text, elapsed string) string {
	p := s.printer
	columns := lineWidth
	if width := p.width(); width > 0 {
		columns = min(columns, width-1)
	}
	label, taken := s.label()
	room := max(10, columns-taken-len(elapsed)-1)
	if p.terminal {
		text = shorten(text, room)
	}
	return label + pad(text, room) + " " + elapsed
}

// label is the step's name in its column, and how many columns it takes.
func (s *Step) label() (text string, columns int) {
	columns = max(nameColumn, len([]rune(s.name))+1)
	return s.printer.paint(bold, s.name) + strings.Repeat(" ", columns-len([]rune(s.name))), columns
}

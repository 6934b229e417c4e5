package ui

import (
	"fmt"
	"strings"
	"time"
)

// draw redraws the running steps. The mutex is held.
func (p *Printer) draw() {
	if p.terminal {
		p.write(p.erase() + p.live())
	}
}

// erase moves to the first line of the live region and clears to the end.
func (p *Printer) erase() string {
	if p.drawn == 0 {
		return ""
	}
	up := fmt.Sprintf("\x1b[%dF\x1b[J", p.drawn)
	p.drawn = 0
	return up
}

// live is the text of the live region: a line for each running step, one for
// each of its items. Every line is cut to the terminal's width, because a line
// that wraps cannot be erased.
func (p *Printer) live() string {
	if !p.terminal {
		return ""
	}
	var lines []string
	now := p.now()
	for _, s := range p.running {
		lines = append(lines, s.withTime(s.text, Elapsed(now.Sub(s.start))))
		for _, item := range s.items {
			lines = append(lines, item.liveLine(now))
		}
	}
	p.drawn = len(lines)
	if len(lines) == 0 {
		return ""
	}
	return strings.Join(lines, "\n") + "\n"
}

func (i *Item) liveLine(now time.Time) string {
	text := i.line()
	if !i.ended {
		text += "  " + Elapsed(now.Sub(i.start))
	}
	line := strings.Repeat(" ", nameColumn) + text
	if width := i.step.printer.width(); width > 0 {
		line = shorten(line, width-1)
	}
	return i.step.printer.paint(faint, line)
}

// animate redraws until no step runs. The mutex is held.
func (p *Printer) animate() {
	if p.tick == 0 || p.stop != nil {
		return
	}
	stop := make(chan struct{})
	p.stop = stop
	go func() {
		ticker := time.NewTicker(p.tick)
		defer ticker.Stop()
		for {
			select {
			case <-stop:
				return
			case <-ticker.C:
				p.beat()
			}
		}
	}()
}

// still ends the redrawing. The mutex is held.
func (p *Printer) still() {
	if p.stop != nil {
		close(p.stop)
		p.stop = nil
	}
}

// beat redraws a terminal; elsewhere it says now and then that a step still runs.
func (p *Printer) beat() {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if p.terminal {
		p.draw()
		return
	}
	now := p.now()
	for _, s := range p.running {
		if now.Sub(s.said) < heartbeat {
			continue
		}
		s.said = now
		p.permanent(s.withTime("… "+s.doing(), Elapsed(now.Sub(s.start))))
	}
}

// doing is what the step says of itself, or else the items that are under way.
func (s *Step) doing() string {
	if s.text != "" {
		return s.text
	}
	var names []string
	for _, item := range s.items {
		if !item.ended {
			names = append(names, strings.TrimSpace(item.name+" "+item.text))
		}
	}
	if len(names) == 0 {
		return "running"
	}
	return strings.Join(names, ", ")
}

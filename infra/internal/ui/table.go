package ui

import "strings"

// columnGap stands between two columns of a table.
const columnGap = 2

// Table prints rows under headers. A cell of several lines takes as many lines.
func (p *Printer) Table(headers []string, rows [][]string) {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	p.permanent(table(headers, rows, func(header string) string { return p.paint(bold, header) })...)
}

func table(headers []string, rows [][]string, paintHeader func(string) string) []string {
	widths := columnWidths(append([][]string{headers}, rows...))
	lines := []string{paintHeader(strings.TrimRight(tableLine(headers, widths), " "))}
	for _, row := range rows {
		for _, cells := range physicalLines(row) {
			lines = append(lines, tableLine(cells, widths))
		}
	}
	return lines
}

func columnWidths(rows [][]string) []int {
	var widths []int
	for _, row := range rows {
		for i, cell := range row {
			if i == len(widths) {
				widths = append(widths, 0)
			}
			for _, line := range strings.Split(cell, "\n") {
				widths[i] = max(widths[i], len([]rune(line)))
			}
		}
	}
	return widths
}

func tableLine(cells []string, widths []int) string {
	var line strings.Builder
	for i, cell := range cells {
		line.WriteString(pad(cell, widths[i]+columnGap))
	}
	return line.String()
}

// physicalLines spreads a row's cells over as many lines as the tallest one has.
func physicalLines(row []string) [][]string {
	height := 1
	for _, cell := range row {
		height = max(height, strings.Count(cell, "\n")+1)
	}
	lines := make([][]string, height)
	for i := range lines {
		lines[i] = make([]string, len(row))
		for column, cell := range row {
			if parts := strings.Split(cell, "\n"); i < len(parts) {
				lines[i][column] = parts[i]
			}
		}
	}
	return lines
}

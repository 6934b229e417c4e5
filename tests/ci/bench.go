package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// historyFile has a line of JSON for each figure of each run. The pipeline carries it from run
// to run.
const historyFile = "benchmarks.jsonl"

// figure is one row of the benchmarks' table.
type figure struct {
	Date   string `json:"date"`   // UTC, RFC 3339
	Commit string `json:"commit"` // short
	Name   string `json:"name"`
	Bar    string `json:"bar"`
	Median string `json:"median"`
	Worst  string `json:"worst"`
	Raw    string `json:"raw"`
}

// bench runs the named benchmarks, or the quick ones, adds their figures to the history and
// shows them beside those of the run before.
func (a *app) bench(ctx context.Context, names []string) error {
	if err := a.nodeTools(ctx, names); err != nil {
		return err
	}
	table, runErr := a.measure(ctx, names)
	commit, err := a.output(ctx, "git", "rev-parse", "--short", "HEAD")
	if err != nil {
		return err
	}
	figures := readTable(table)
	for i := range figures {
		figures[i].Date, figures[i].Commit = time.Now().UTC().Format(time.RFC3339), strings.TrimSpace(string(commit))
	}
	file, err := a.work(historyFile)
	if err != nil {
		return err
	}
	before, err := readHistory(file)
	if err != nil {
		return err
	}
	if err := record(file, figures); err != nil {
		return err
	}
	text := compare(figures, before)
	fmt.Fprint(a.out, text)
	if len(figures) == 0 && runErr == nil {
		runErr = errors.New("make bench printed no figures")
	}
	return errors.Join(runErr, a.summarize(text))
}

// nodeTools installs, in a pipeline, what the node image takes that benchmarks with clusters need: the
// tool itself installs it as root only.
func (a *app) nodeTools(ctx context.Context, names []string) error {
	if _, err := exec.LookPath("mmdebstrap"); err == nil || a.env("CI") == "" || len(names) == 0 {
		return nil
	}
	command := []string{"tests/apt.sh", "mmdebstrap", "debian-archive-keyring"}
	if os.Getuid() != 0 {
		command = append([]string{"sudo", "-n"}, command...)
	}
	cmd := exec.CommandContext(ctx, command[0], command[1:]...)
	cmd.Dir = a.root
	cmd.Stdout, cmd.Stderr = a.errs, a.errs
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", strings.Join(command, " "), err)
	}
	return nil
}

// measure runs make bench and returns what it printed, which is also shown.
func (a *app) measure(ctx context.Context, names []string) (string, error) {
	var table bytes.Buffer
	cmd := exec.CommandContext(ctx, "make", "--no-print-directory", "bench", "only="+strings.Join(names, " "))
	cmd.Dir = a.root
	cmd.Stdout, cmd.Stderr = io.MultiWriter(&table, a.errs), a.errs
	err := cmd.Run()
	if err != nil {
		err = fmt.Errorf("make bench: %w", err)
	}
	return table.String(), err
}

// readTable reads the rows of the table that make bench prints: name, what, bar, median, worst, raw.
func readTable(text string) []figure {
	var figures []figure
	for line := range strings.Lines(text) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) != 6 || strings.HasPrefix(cells[0], "---") {
			continue
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if cells[0] != "name" {
			figures = append(figures, figure{Name: cells[0], Bar: cells[2], Median: cells[3], Worst: cells[4], Raw: cells[5]})
		}
	}
	return figures
}

// readHistory returns the newest figure of each benchmark.
func readHistory(file string) (map[string]figure, error) {
	newest := map[string]figure{}
	text, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return newest, nil
	}
	if err != nil {
		return nil, err
	}
	for line := range strings.Lines(string(text)) {
		var f figure
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			return nil, fmt.Errorf("%s: %w; move it away to begin anew", file, err)
		}
		newest[f.Name] = f
	}
	return newest, nil
}

func record(file string, figures []figure) error {
	var lines strings.Builder
	for _, f := range figures {
		line, err := json.Marshal(f)
		if err != nil {
			return err
		}
		lines.Write(append(line, '\n'))
	}
	return appendTo(file, lines.String())
}

// compare is a table of the figures, with the median and commit of the run before.
func compare(figures []figure, before map[string]figure) string {
	var text strings.Builder
	text.WriteString("| benchmark | bar | median | worst | before |\n|---|---|---|---|---|\n")
	for _, f := range figures {
		earlier := "first"
		if b, known := before[f.Name]; known {
			earlier = b.Median + " (" + b.Commit + ")"
		}
		fmt.Fprintf(&text, "| %s | %s | %s | %s | %s |\n", f.Name, f.Bar, f.Median, f.Worst, earlier)
	}
	return text.String()
}

package main

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// series is two things that were measured in turns, A B A B …, both in one unit.
type series struct {
	unit   string
	as, bs []float64
}

func (s *series) add(a, b float64) { s.as, s.bs = append(s.as, a), append(s.bs, b) }

// quotients are A / B, pair by pair.
func (s *series) quotients() []float64 {
	quotients := make([]float64, len(s.as))
	for i := range s.as {
		quotients[i] = s.as[i] / s.bs[i]
	}
	return quotients
}

// lowerIsBetter is the row of a ratio that must not rise above its bar.
func (s *series) lowerIsBetter() result { return s.result(slices.Max(s.quotients())) }

// higherIsBetter is the row of a ratio that must not fall below its bar.
func (s *series) higherIsBetter() result { return s.result(slices.Min(s.quotients())) }

func (s *series) result(worst float64) result {
	return result{median: fmt.Sprintf("%.2f", median(s.quotients())), worst: fmt.Sprintf("%.2f", worst),
		raw: fmt.Sprintf("%s / %s %s", figures(s.as), figures(s.bs), s.unit)}
}

// inTurns measures A and B alternately, as often as pairs are asked for.
func (b *bench) inTurns(unit string, a, other func(pair int) (float64, error)) (series, error) {
	s := series{unit: unit}
	for pair := range b.pairs {
		x, err := a(pair)
		if err != nil {
			return s, err
		}
		y, err := other(pair)
		if err != nil {
			return s, err
		}
		fmt.Fprintf(b.log, "bench: pair %d: %s / %s %s = %.2f\n", pair+1, figure(x), figure(y), unit, x/y)
		s.add(x, y)
	}
	return s, nil
}

// ratios divides the times of two things that are done in turns.
func (b *bench) ratios(a, other func(pair int) error) (result, error) {
	nothing := func() error { return nil }
	return b.ratiosWith(a, nothing, other, nothing)
}

// ratiosWith is ratios with a clean-up, not measured, after each.
func (b *bench) ratiosWith(a func(pair int) error, afterA func() error, other func(pair int) error, afterOther func() error) (result, error) {
	seconds := func(f func(int) error, after func() error) func(int) (float64, error) {
		return func(pair int) (float64, error) {
			took, err := timed(func() error { return f(pair) })
			if err != nil {
				return 0, err
			}
			return took, after()
		}
	}
	s, err := b.inTurns("s", seconds(a, afterA), seconds(other, afterOther))
	if err != nil {
		return result{}, err
	}
	return s.lowerIsBetter(), nil
}

func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	if n%2 == 1 {
		return sorted[n/2]
	}
	return (sorted[n/2-1] + sorted[n/2]) / 2
}

// figures are values for the raw column.
func figures(values []float64) string {
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = figure(v)
	}
	return strings.Join(texts, " ")
}

// figure is a value with about three digits.
func figure(v float64) string {
	digits := 2
	switch {
	case v >= 100:
		digits = 0
	case v >= 10:
		digits = 1
	}
	return strconv.FormatFloat(v, 'f', digits, 64)
}

package policy

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// WaiverFile is the file of an environment that waives rules.
const WaiverFile = "policy.yaml"

// Waiver lets one resource break one rule until a day.
type Waiver struct {
	Rule     string `yaml:"rule" json:"rule"`
	Resource string `yaml:"resource" json:"resource"` // address; a * stands for anything
	Reason   string `yaml:"reason" json:"reason"`
	Until    Date   `yaml:"until" json:"until"` // the last day on which it counts
}

// Date is a day, as 2027-01-31.
type Date struct{ time.Time }

const dateForm = "2006-01-02"

// UnmarshalYAML reads a day.
func (d *Date) UnmarshalYAML(node *yaml.Node) (err error) {
	if d.Time, err = time.Parse(dateForm, node.Value); err != nil {
		return fmt.Errorf("line %d: %q is no day; write it as 2027-01-31", node.Line, node.Value)
	}
	return nil
}

// MarshalJSON writes a day.
func (d Date) MarshalJSON() ([]byte, error) { return []byte(`"` + d.Format(dateForm) + `"`), nil }

func (d Date) String() string { return d.Format(dateForm) }

// Waivers are those of an environment, and the day on which they are asked.
type Waivers struct {
	All   []Waiver
	Today time.Time
}

// Mistakes are all that is wrong in a file of waivers.
type Mistakes []string

func (m Mistakes) Error() string { return strings.Join(m, "\n") }

// LoadWaivers reads the waivers of the environment in a folder; it has none without the file. What
// is wrong in it is returned as Mistakes.
func LoadWaivers(dir string, today time.Time) (Waivers, error) {
	waivers := Waivers{Today: today}
	path := filepath.Join(dir, WaiverFile)
	text, err := os.ReadFile(path)
	if os.IsNotExist(err) {
		return waivers, nil
	}
	if err != nil {
		return waivers, err
	}
	var file struct {
		Waivers []Waiver `yaml:"waivers"`
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil && !errors.Is(err, io.EOF) {
		return waivers, Mistakes{fmt.Sprintf("%s: %v", path, err)}
	}
	waivers.All = file.Waivers
	var mistakes Mistakes
	for i, w := range file.Waivers {
		for _, mistake := range w.mistakes() {
			mistakes = append(mistakes, fmt.Sprintf("%s: waivers[%d] %s", path, i, mistake))
		}
	}
	if len(mistakes) > 0 {
		return waivers, mistakes
	}
	return waivers, nil
}

func (w Waiver) mistakes() (found []string) {
	if !slices.Contains(Names(), w.Rule) {
		found = append(found, fmt.Sprintf("names the rule %q; there are %s", w.Rule, strings.Join(Names(), ", ")))
	}
	if strings.Trim(w.Resource, "*") == "" {
		found = append(found, "names no resource; write an address from make plan, with a * for what may differ")
	}
	if strings.TrimSpace(w.Reason) == "" {
		found = append(found, "gives no reason")
	}
	if w.Until.IsZero() {
		found = append(found, "has no day on which it ends; write until: 2027-01-31")
	}
	return found
}

// sort parts violations that are waived from those that count. One whose waiver has expired counts,
// and keeps it.
func (w Waivers) sort(found []Violation) Findings {
	findings := None()
	for _, v := range found {
		waiver := w.of(v)
		v.Waiver = waiver
		if waiver != nil && !w.expired(*waiver) {
			findings.Waived = append(findings.Waived, v)
			continue
		}
		findings.Violations = append(findings.Violations, v)
	}
	return findings
}

// of is the waiver that fits a violation and lasts longest.
func (w Waivers) of(v Violation) *Waiver {
	var best *Waiver
	for _, waiver := range w.All {
		if waiver.Rule == v.Rule && fits(waiver.Resource, v.Address) && (best == nil || waiver.Until.After(best.Until.Time)) {
			best = &waiver
		}
	}
	return best
}

func (w Waivers) expired(waiver Waiver) bool { return !w.Today.Before(waiver.Until.AddDate(0, 0, 1)) }

// fits tells whether an address has the form of a pattern, in which * stands for anything. All else
// stands for itself: addresses are full of brackets, which other patterns give a meaning.
func fits(pattern, address string) bool {
	parts := strings.Split(pattern, "*")
	last := len(parts) - 1
	if last == 0 {
		return pattern == address
	}
	rest, ok := strings.CutPrefix(address, parts[0])
	if !ok {
		return false
	}
	for _, part := range parts[1:last] {
		i := strings.Index(rest, part)
		if i < 0 {
			return false
		}
		rest = rest[i+len(part):]
	}
	return strings.HasSuffix(rest, parts[last])
}

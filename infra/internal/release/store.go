package release

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// kept is how many past records an environment keeps.
const kept = 20

// Past is a record that was replaced.
type Past struct {
	Number int // counts up; the newest has the highest
	Record Record
}

// File is the path of an environment's record, which Terraform reads by its name.
func File(root, environment string) string {
	return filepath.Join(root, "environments", environment, "workloads", "release.auto.tfvars.json")
}

// WriteFile writes a record that belongs to no environment yet, such as a release's, in the form
// of an environment's.
func WriteFile(file string, record Record) error { return write(file, record) }

func historyFolder(root, environment string) string {
	return filepath.Join(root, "environments", environment, "releases")
}

// tfvars is the record as the value of Terraform's variable "release".
type tfvars struct {
	Release Record `json:"release"`
}

// Load reads an environment's record. An environment that has none yet gives an
// empty one.
func Load(root, environment string) (Record, error) {
	record, err := read(File(root, environment))
	if errors.Is(err, os.ErrNotExist) {
		return Record{Services: map[string]Entry{}}, nil
	}
	return record, err
}

// Save replaces an environment's record, keeps the one before, and reports
// whether there was anything to write. A kill leaves the old record or the new.
func Save(root, environment string, record Record) (changed bool, err error) {
	file := File(root, environment)
	before, err := read(file)
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return false, err
	case before.Equal(record):
		return false, nil
	default:
		if err := keep(root, environment, before); err != nil {
			return false, fmt.Errorf("keep the record before: %w", err)
		}
	}
	return true, write(file, record)
}

// History lists the past records of an environment, the newest first.
func History(root, environment string) ([]Past, error) {
	folder := historyFolder(root, environment)
	entries, err := os.ReadDir(folder)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the past releases: %w", err)
	}
	var history []Past
	for _, entry := range entries {
		number, err := strconv.Atoi(strings.TrimSuffix(entry.Name(), ".json"))
		if err != nil {
			continue // not one of ours
		}
		record, err := read(filepath.Join(folder, entry.Name()))
		if err != nil {
			return nil, err
		}
		history = append(history, Past{Number: number, Record: record})
	}
	slices.SortFunc(history, func(a, b Past) int { return b.Number - a.Number })
	return history, nil
}

// keep adds a record to the history and drops the oldest ones. After a kill
// between keep and write the newest past record is the current one; it is not
// kept twice.
func keep(root, environment string, record Record) error {
	history, err := History(root, environment)
	if err != nil {
		return err
	}
	next := 1
	if len(history) > 0 {
		if history[0].Record.Equal(record) {
			return nil
		}
		next = history[0].Number + 1
	}
	if err := write(pastFile(root, environment, next), record); err != nil {
		return err
	}
	for _, past := range history[min(len(history), kept-1):] {
		if err := os.Remove(pastFile(root, environment, past.Number)); err != nil {
			return err
		}
	}
	return nil
}

func pastFile(root, environment string, number int) string {
	return filepath.Join(historyFolder(root, environment), fmt.Sprintf("%04d.json", number))
}

func read(file string) (Record, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return Record{}, err
	}
	var parsed tfvars
	decoder := json.NewDecoder(bytes.NewReader(content))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&parsed); err != nil {
		return Record{}, fmt.Errorf("%s is no release record: %w; restore it from git, or remove it and deploy again", file, err)
	}
	for service, entry := range parsed.Release.Services {
		if !strings.HasPrefix(entry.Digest(), "sha256:") {
			return Record{}, fmt.Errorf("%s: image of %s is %q, not a reference by digest; deploy the service again", file, service, entry.Image)
		}
	}
	return parsed.Release.Clone(), nil
}

func write(file string, record Record) error {
	content, err := json.MarshalIndent(tfvars{Release: record.Clone()}, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	temporary, err := os.CreateTemp(filepath.Dir(file), "."+filepath.Base(file)+"-*")
	if err != nil {
		return err
	}
	_, err = temporary.Write(append(content, '\n'))
	if err = errors.Join(err, temporary.Sync(), temporary.Chmod(0o644), temporary.Close()); err == nil {
		err = os.Rename(temporary.Name(), file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", file, err), os.Remove(temporary.Name()))
	}
	return nil
}

package terraform

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Change is something that happens to a resource while a plan is carried out.
type Change struct {
	Address string
	Action  string // create, update, delete, …
	State   string // start, progress, complete, errored
}

// Diagnostic is an error that Terraform or a provider reports.
type Diagnostic struct {
	Summary string
	Detail  string
	Address string // of the resource, if it concerns one
	File    string // file:line, if it concerns the configuration
}

// Error is what Terraform reported when a command failed.
type Error struct {
	Command     string
	Dir         string
	Diagnostics []Diagnostic
	Err         error
}

func (e *Error) Error() string {
	if len(e.Diagnostics) == 0 {
		return fmt.Sprintf("terraform %s: %v", e.Command, e.Err)
	}
	first := e.Diagnostics[0]
	text := first.Summary
	if first.Detail != "" {
		text += ": " + strings.Join(strings.Fields(first.Detail), " ")
	}
	return text
}

func (e *Error) Unwrap() error { return e.Err }

// events reads the machine-readable lines that Terraform prints with -json.
type events struct {
	progress    func(Change)
	log         io.Writer // gets every message as a person reads it; may be nil
	rest        []byte    // an incomplete line
	diagnostics []Diagnostic
}

func newEvents(progress func(Change), log io.Writer) *events {
	return &events{progress: progress, log: log}
}

// Write takes output in pieces of any length.
func (e *events) Write(p []byte) (int, error) {
	e.rest = append(e.rest, p...)
	for {
		line, rest, found := bytes.Cut(e.rest, []byte("\n"))
		if !found {
			return len(p), nil
		}
		e.line(line)
		e.rest = append([]byte(nil), rest...)
	}
}

// message is the part of a line that is read here; see "Machine-Readable UI" in Terraform's
// documentation.
type message struct {
	Message string `json:"@message"`
	Type    string `json:"type"`
	Hook    struct {
		Resource struct {
			Addr string `json:"addr"`
		} `json:"resource"`
		Action string `json:"action"`
	} `json:"hook"`
	Diagnostic struct {
		Severity string `json:"severity"`
		Summary  string `json:"summary"`
		Detail   string `json:"detail"`
		Address  string `json:"address"`
		Range    *struct {
			Filename string `json:"filename"`
			Start    struct {
				Line int `json:"line"`
			} `json:"start"`
		} `json:"range"`
	} `json:"diagnostic"`
}

func (e *events) line(text []byte) {
	var m message
	if json.Unmarshal(text, &m) != nil {
		return // not one of the documented lines
	}
	if e.log != nil && m.Message != "" {
		fmt.Fprintln(e.log, m.Message)
		if m.Diagnostic.Detail != "" {
			fmt.Fprintln(e.log, m.Diagnostic.Detail)
		}
	}
	if state, ok := strings.CutPrefix(m.Type, "apply_"); ok && e.progress != nil {
		e.progress(Change{Address: m.Hook.Resource.Addr, Action: m.Hook.Action, State: state})
	}
	if m.Type == "diagnostic" && m.Diagnostic.Severity == "error" {
		d := Diagnostic{Summary: m.Diagnostic.Summary, Detail: m.Diagnostic.Detail, Address: m.Diagnostic.Address}
		if m.Diagnostic.Range != nil {
			d.File = fmt.Sprintf("%s:%d", m.Diagnostic.Range.Filename, m.Diagnostic.Range.Start.Line)
		}
		e.diagnostics = append(e.diagnostics, d)
	}
}

// explain puts what Terraform reported into a command's error.
func (e *events) explain(command string, err error) error {
	if err == nil {
		return nil
	}
	return &Error{Command: command, Diagnostics: e.diagnostics, Err: err}
}

// AlreadyExists lists the addresses of resources that could not be created because the cluster
// has them: what a killed apply created and could not record.
func AlreadyExists(err error) []string {
	var failed *Error
	if !errors.As(err, &failed) {
		return nil
	}
	var addresses []string
	for _, d := range failed.Diagnostics {
		said := d.Summary + d.Detail
		// Of a Service with node ports, Kubernetes looks at the ports before it looks at the name.
		if d.Address != "" && (strings.Contains(said, "already exists") || strings.Contains(said, "provided port is already allocated")) {
			addresses = append(addresses, d.Address)
		}
	}
	return addresses
}

// NothingToImport tells whether a plan failed because an object that it was to import is not there.
func NothingToImport(err error) bool {
	var failed *Error
	return errors.As(err, &failed) && slices.ContainsFunc(failed.Diagnostics, func(d Diagnostic) bool {
		return d.Summary == "Cannot import non-existent remote object"
	})
}

// Package problem turns errors into RFC 9457 answers. Handlers return errors;
// one middleware writes them.
package problem

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// ContentType is the media type of a problem, from RFC 9457.
const ContentType = "application/problem+json"

// Problem is an error meant for the caller. Everything in it is sent, except
// Cause, which is logged.
type Problem struct {
	// Type names the kind of problem as a URI; "about:blank" when the status
	// says it all.
	Type     string       `json:"type"`
	Title    string       `json:"title"`
	Status   int          `json:"status"`
	Detail   string       `json:"detail,omitempty"`
	Instance string       `json:"instance,omitempty"`
	Errors   []FieldError `json:"errors,omitempty"`
	// RequestID finds the log records of the request.
	RequestID string `json:"request_id,omitempty"`

	Header http.Header `json:"-"`
	Cause  error       `json:"-"`
}

// FieldError is one mistake in what was sent.
type FieldError struct {
	// Field is the dotted name in the body, or the name of the parameter.
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// Error returns title, detail and cause in one line, for logs.
func (p *Problem) Error() string {
	text := p.Title
	if p.Detail != "" {
		text += ": " + p.Detail
	}
	if p.Cause != nil {
		text += ": " + p.Cause.Error()
	}
	return text
}

// Unwrap returns the cause.
func (p *Problem) Unwrap() error { return p.Cause }

// New returns a problem whose status says what kind it is. Detail is a
// sentence for the caller about this occurrence.
func New(status int, detail string, args ...any) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: fmt.Sprintf(detail, args...)}
}

// Named gives the problem a name of its own, from which its type URI is made,
// and a title that is the same in every occurrence.
func (p *Problem) Named(name, title string) *Problem {
	p.Type, p.Title = "urn:kindling:problem:"+name, title
	return p
}

// Because records what happened inside. The caller never sees it.
func (p *Problem) Because(cause error) *Problem {
	p.Cause = cause
	return p
}

// With adds a header to the answer.
func (p *Problem) With(name, value string) *Problem {
	if p.Header == nil {
		p.Header = http.Header{}
	}
	p.Header.Set(name, value)
	return p
}

// Unavailable is a 503 that says in whole seconds, at least one, when trying
// again is worthwhile.
func Unavailable(retryAfter time.Duration, detail string, args ...any) *Problem {
	seconds := max(1, int((retryAfter+time.Second-1)/time.Second))
	return New(http.StatusServiceUnavailable, detail, args...).With("Retry-After", strconv.Itoa(seconds))
}

// Invalid is a 422 that names every mistake in what was sent.
func Invalid(mistakes ...FieldError) *Problem {
	p := New(http.StatusUnprocessableEntity, "%d of the values sent are not valid", len(mistakes)).
		Named("invalid", "Invalid values")
	if len(mistakes) == 1 {
		p.Detail = "one of the values sent is not valid"
	}
	p.Errors = mistakes
	return p
}

// Write sends the problem.
func (p *Problem) Write(w http.ResponseWriter) {
	header := w.Header()
	for name, values := range p.Header {
		header[name] = values
	}
	header.Set("Content-Type", ContentType)
	header.Set("Cache-Control", "no-store")
	// A body that was meant for success may have announced its own.
	header.Del("Content-Length")
	header.Del("ETag")
	w.WriteHeader(p.Status)
	// The only error left is a caller that hung up.
	_ = json.NewEncoder(w).Encode(p)
}

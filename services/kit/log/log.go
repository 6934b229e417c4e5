// Package log makes the program's logger: JSON records, or text on a
// terminal, each with the request and trace it belongs to.
package log

import (
	"context"
	"io"
	"log/slog"
	"os"

	"github.com/mattn/go-isatty"
	"go.opentelemetry.io/otel/trace"

	"kindling.internal/services/kit/requestid"
)

// Config says what is logged and how it looks.
type Config struct {
	Level  string `mapstructure:"level" default:"info" validate:"oneof=debug info warn error" reload:"true"`
	Format string `mapstructure:"format" default:"auto" validate:"oneof=auto json text"`
}

// SlogLevel returns the configured level; info when it is not a known one.
func (c Config) SlogLevel() slog.Level {
	var level slog.Level
	if err := level.UnmarshalText([]byte(c.Level)); err != nil {
		return slog.LevelInfo
	}
	return level
}

// New returns a logger that writes to w, and the variable that changes its
// level while it is in use.
func New(w io.Writer, config Config) (*slog.Logger, *slog.LevelVar) {
	level := new(slog.LevelVar)
	level.Set(config.SlogLevel())
	options := &slog.HandlerOptions{Level: level}
	var handler slog.Handler = slog.NewJSONHandler(w, options)
	if config.Format == "text" || config.Format != "json" && isTerminal(w) {
		handler = slog.NewTextHandler(w, options)
	}
	return slog.New(contextHandler{handler}), level
}

func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	return ok && isatty.IsTerminal(file.Fd())
}

// contextHandler adds what the context knows to each record.
type contextHandler struct{ slog.Handler }

func (h contextHandler) Handle(ctx context.Context, record slog.Record) error {
	if id := requestid.FromContext(ctx); id != "" {
		record.AddAttrs(slog.String("request_id", id))
	}
	if span := trace.SpanContextFromContext(ctx); span.HasTraceID() {
		record.AddAttrs(slog.String("trace_id", span.TraceID().String()))
	}
	return h.Handler.Handle(ctx, record)
}

func (h contextHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return contextHandler{h.Handler.WithAttrs(attrs)}
}

func (h contextHandler) WithGroup(name string) slog.Handler {
	return contextHandler{h.Handler.WithGroup(name)}
}

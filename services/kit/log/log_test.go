package log_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel/trace"

	"kindling.internal/services/kit/log"
	"kindling.internal/services/kit/requestid"
)

func TestRecordsCarryTheRequestAndTraceTheyBelongTo(t *testing.T) {
	var out bytes.Buffer
	logger, _ := log.New(&out, log.Config{Level: "info"})
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	ctx := trace.ContextWithSpanContext(requestid.NewContext(t.Context(), "r-1"), span)
	logger.With("part", "store").InfoContext(ctx, "hello")

	var record map[string]any
	require.NoError(t, json.Unmarshal(out.Bytes(), &record), "not a terminal: JSON")
	assert.Equal(t, "r-1", record["request_id"])
	assert.Equal(t, span.TraceID().String(), record["trace_id"])
	assert.Equal(t, "store", record["part"])
}

func TestLevelChangesWhileInUse(t *testing.T) {
	var out bytes.Buffer
	logger, level := log.New(&out, log.Config{Level: "warn", Format: "text"})
	logger.Info("unseen")
	level.Set(slog.LevelInfo)
	logger.Info("seen")
	assert.NotContains(t, out.String(), "unseen")
	assert.Contains(t, out.String(), "msg=seen")
}

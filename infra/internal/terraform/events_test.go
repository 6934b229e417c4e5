package terraform

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const exists = `{"@level":"error","@message":"Error: services \"catalog\" already exists","type":"diagnostic","diagnostic":{"severity":"error","summary":"services \"catalog\" already exists","detail":"","address":"module.service[\"catalog\"].kubernetes_service_v1.this","range":{"filename":"../../../modules/service/main.tf","start":{"line":12}}}}`

func TestEventsAreReadFromPiecesOfAnyLength(t *testing.T) {
	var changes []Change
	var log strings.Builder
	e := newEvents(func(c Change) { changes = append(changes, c) }, &log)
	text := `{"@message":"x: Creating...","type":"apply_start","hook":{"resource":{"addr":"module.a.x"},"action":"create"}}` + "\n" + exists + "\nnot json\n"
	for _, piece := range strings.SplitAfter(text, "\"") {
		n, err := e.Write([]byte(piece))
		require.NoError(t, err)
		assert.Len(t, piece, n)
	}
	assert.Equal(t, []Change{{Address: "module.a.x", Action: "create", State: "start"}}, changes)
	assert.Equal(t, "x: Creating...\nError: services \"catalog\" already exists\n", log.String())
	require.Len(t, e.diagnostics, 1)
	assert.Equal(t, "../../../modules/service/main.tf:12", e.diagnostics[0].File)
}

func TestAFailedCommandTellsWhatTerraformReported(t *testing.T) {
	e := newEvents(nil, nil)
	_, err := e.Write([]byte(exists + "\n"))
	require.NoError(t, err)
	failed := e.explain("apply", errors.New("exit status 1"))
	assert.EqualError(t, failed, `services "catalog" already exists`)
	assert.Equal(t, []string{`module.service["catalog"].kubernetes_service_v1.this`}, AlreadyExists(failed))
	assert.NoError(t, e.explain("apply", nil))
	assert.Empty(t, AlreadyExists(errors.New("other")))
	ports := &Error{Diagnostics: []Diagnostic{{Address: "module.ingress.kubernetes_service_v1.controller",
		Summary: `Service "controller" is invalid: spec.ports[0].nodePort: Invalid value: 30080: provided port is already allocated`}}}
	assert.Equal(t, []string{"module.ingress.kubernetes_service_v1.controller"}, AlreadyExists(ports), "its ports are told before its name")
	assert.False(t, NothingToImport(ports))
	assert.True(t, NothingToImport(&Error{Diagnostics: []Diagnostic{{Summary: "Cannot import non-existent remote object"}}}))
}

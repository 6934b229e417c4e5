package terraform

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// states is a server that keeps one state, as Terraform's http backend wants it.
type states struct {
	mu         sync.Mutex
	state      []byte
	lock       []byte
	url        string
	everLocked bool
}

func newStates(t *testing.T) *states {
	s := &states{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	s.url = server.URL
	return s
}

func (s *states) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	switch {
	case r.Method == "LOCK" && s.lock != nil:
		w.WriteHeader(http.StatusLocked)
		_, _ = w.Write(s.lock)
	case r.Method == "LOCK":
		s.lock, s.everLocked = body, true
	case r.Method == "UNLOCK":
		s.lock = nil
	case r.Method == http.MethodPost:
		s.state = body
	case len(s.state) == 0:
		w.WriteHeader(http.StatusNoContent)
	default:
		_, _ = w.Write(s.state)
	}
}

// kept is what the server keeps.
func (s *states) kept(t *testing.T) *State {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	state, err := ReadState(s.state)
	require.NoError(t, err)
	return state
}

func (s *states) write(t *testing.T, dir string) {
	t.Helper()
	text := fmt.Sprintf(`{"terraform": {"backend": {"http": {"address": %[1]q, "lock_address": %[1]q, "unlock_address": %[1]q}}}}`, s.url)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "backend.tf.json"), []byte(text), 0o644))
}

func applied(t *testing.T, r *Root) {
	t.Helper()
	file := filepath.Join(r.Dir, "plan")
	_, err := r.Plan(context.Background(), file, false)
	require.NoError(t, err)
	require.NoError(t, r.Apply(context.Background(), file, nil))
}

func TestALocalStateBesideABackendIsRefused(t *testing.T) {
	r, ctx, server := root(t, one), context.Background(), newStates(t)
	applied(t, r)
	server.write(t, r.Dir)
	var both *LocalStateError
	require.ErrorAs(t, r.Init(ctx), &both, "which of the two would count is not Terraform's to choose")
	assert.Equal(t, filepath.Join(r.Dir, "terraform.tfstate"), both.File)

	text, err := os.ReadFile(both.File)
	require.NoError(t, err)
	server.state = text
	require.NoError(t, os.Rename(both.File, both.File+".migrated"))
	require.NoError(t, r.Init(ctx))
	assert.True(t, r.Initialised())
	changes, err := r.Plan(ctx, filepath.Join(r.Dir, "plan"), false)
	require.NoError(t, err)
	assert.False(t, changes, "a state that was copied as it is counts")
}

// TestTerraformsOwnMoveForgetsTheHistory is why states are copied byte by byte: should Terraform
// begin to keep lineage and serial, its own way would do.
func TestTerraformsOwnMoveForgetsTheHistory(t *testing.T) {
	r, ctx, server := root(t, one), context.Background(), newStates(t)
	applied(t, r)
	before, err := r.State(ctx)
	require.NoError(t, err)
	server.write(t, r.Dir)
	require.NoError(t, r.tf.Init(ctx, tfexec.ForceCopy(true)))
	assert.Equal(t, before.Instances(), server.kept(t).Instances())
	assert.NotEqual(t, before.Lineage, server.kept(t).Lineage)
}

func TestAnotherBackendThanBeforeIsTakenAsItIs(t *testing.T) {
	r, ctx, first, second := root(t, one), context.Background(), newStates(t), newStates(t)
	first.write(t, r.Dir)
	require.NoError(t, r.Init(ctx))
	applied(t, r)
	second.write(t, r.Dir)
	require.NoError(t, r.Init(ctx))
	assert.Nil(t, second.kept(t), "nothing is copied without being told")
}

func TestAnInitThatWasKilledIsDoneAgain(t *testing.T) {
	r, server := root(t, one), newStates(t)
	server.write(t, r.Dir)
	require.NoError(t, r.Init(context.Background()))
	require.NoError(t, os.Truncate(filepath.Join(r.Dir, ".terraform", "terraform.tfstate"), 10))
	require.NoError(t, os.Remove(r.mark()))
	require.NoError(t, r.Init(context.Background()))
	applied(t, r)
}

func TestWhoeverHoldsTheLockHasTerraformTakeNone(t *testing.T) {
	r, server := root(t, one), newStates(t)
	server.write(t, r.Dir)
	require.NoError(t, r.Init(context.Background()))
	server.lock = []byte(`{"ID": "1-2", "Who": "the caller", "Operation": "OperationTypeApply", "Created": "2026-11-26T04:00:00Z"}`)
	r.Unlocked()
	applied(t, r)
	require.NotNil(t, server.kept(t))
	require.NoError(t, r.Forget(context.Background()))
	assert.Contains(t, string(server.lock), "the caller", "it is still held")
}

func TestAStateThatSomebodyHasLockedIsNotChanged(t *testing.T) {
	r, server := root(t, one), newStates(t)
	r.lockWait = "0s"
	server.write(t, r.Dir)
	require.NoError(t, r.Init(context.Background()))
	server.lock = []byte(`{"ID": "1-2", "Who": "ann@there", "Operation": "OperationTypeApply", "Created": "2026-11-26T04:00:00Z"}`)
	_, err := r.Plan(context.Background(), filepath.Join(r.Dir, "plan"), false)
	lock, ok := LockedBy(err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, "OperationTypePlan", lock.Operation)
	assert.WithinDuration(t, time.Now(), lock.Created, time.Minute)
}

func TestForgettingEmptiesTheStateAndKeepsItsHistory(t *testing.T) {
	r, ctx, server := root(t, one), context.Background(), newStates(t)
	server.write(t, r.Dir)
	require.NoError(t, r.Init(ctx))
	require.NoError(t, r.Forget(ctx), "there is nothing yet")
	applied(t, r)
	before := server.kept(t)
	require.NoError(t, r.Forget(ctx))
	after := server.kept(t)
	assert.True(t, after.Empty())
	assert.Equal(t, before.Lineage, after.Lineage)
	assert.Greater(t, after.Serial, before.Serial)
	assert.True(t, server.everLocked)
	assert.NoFileExists(t, filepath.Join(r.Dir, ".terraform", "kindling-empty.tfstate"))
}

package scaffold

import (
	"bufio"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// victimVariable holds the root in the process that is killed.
const victimVariable = "KINDLING_TEST_VICTIM"

var billing = Request{Name: "billing", Needs: []string{"database"}, Calls: []string{"catalog"}, Force: true}

// TestVictim is no test of its own: it adds and removes a service until it is
// killed.
func TestVictim(t *testing.T) {
	root := os.Getenv(victimVariable)
	if root == "" {
		t.Skip("runs in a process of its own, started by TestAKillAtAnyMomentIsMended")
	}
	for {
		_, err := New(context.Background(), root, billing)
		require.NoError(t, err)
		require.NoError(t, Remove(context.Background(), root, billing.Name, true))
		_, err = os.Stderr.WriteString("round\n")
		require.NoError(t, err)
	}
}

func TestAKillAtAnyMomentIsMended(t *testing.T) {
	root := checkout(t)
	want := wholeService(t, root)
	before := read(t, root, "go.work")
	for i := range kills {
		kill(t, root, i)

		folder := filepath.Join(root, "services", billing.Name)
		if files := filesBelowIfAny(t, folder); files != nil {
			assert.Equal(t, want, files, "a folder is there as a whole or not at all")
		} else {
			assert.Equal(t, before, read(t, root, "go.work"), "an entry without its folder stops every go command")
		}
		if _, err := New(t.Context(), root, billing); err != nil {
			require.ErrorContains(t, err, "taken", "only a finished service is refused")
		}
		assert.Equal(t, want, filesBelow(t, folder))
		assert.Contains(t, read(t, root, "go.work"), "./services/billing\n")
		require.NoError(t, Remove(t.Context(), root, billing.Name, true))
		files, err := uncommitted(t.Context(), root, ".")
		require.NoError(t, err)
		require.Empty(t, files, "all is as it was")
	}
}

func wholeService(t *testing.T, root string) []string {
	t.Helper()
	written, err := New(t.Context(), root, billing)
	require.NoError(t, err)
	require.NoError(t, Remove(t.Context(), root, billing.Name, true))
	return written.Files
}

func filesBelowIfAny(t *testing.T, folder string) []string {
	t.Helper()
	if _, err := os.Stat(folder); err != nil {
		return nil
	}
	return filesBelow(t, folder)
}

// kills is how many moments of a round are tried.
const kills = 30

// kill starts a process that adds and removes a service, and kills it at the
// i-th moment of its third round: by the second one it is known how long a
// round takes.
func kill(t *testing.T, root string, i int) {
	t.Helper()
	victim := exec.Command(os.Args[0], "-test.run=^TestVictim$")
	victim.Env = append(os.Environ(), victimVariable+"="+root)
	progress, err := victim.StderrPipe()
	require.NoError(t, err)
	require.NoError(t, victim.Start())
	lines := bufio.NewReader(progress)
	var ended [2]time.Time
	for round := range ended {
		_, err = lines.ReadString('\n')
		require.NoError(t, err)
		ended[round] = time.Now()
	}
	<-time.After(time.Duration(i) * ended[1].Sub(ended[0]) / kills)
	require.NoError(t, victim.Process.Kill())
	require.Error(t, victim.Wait())
}

func TestAKillBeforeTheEntryIsCompletedByTheSameRequest(t *testing.T) {
	root := checkout(t)
	before := read(t, root, "go.work")
	_, err := New(t.Context(), root, billing)
	require.NoError(t, err)
	after := read(t, root, "go.work")
	write(t, root, "go.work", before)

	assert.Contains(t, refused(t, root, Request{Name: "billing"})[0].Problem, "taken", "another request would not make the same")
	_, err = New(t.Context(), root, billing)
	require.NoError(t, err)
	assert.Equal(t, after, read(t, root, "go.work"))
	assert.Contains(t, refused(t, root, billing).Error(), "taken", "it is finished now")
}

func TestWhatAKilledProcessLeftIsNotTakenOver(t *testing.T) {
	root := checkout(t)
	write(t, root, ".kindling/scaffold/stage/internal/stale.go", "package stale\n")
	written, err := New(t.Context(), root, billing)
	require.NoError(t, err)
	assert.NotContains(t, written.Files, "internal/stale.go")
	assert.NoFileExists(t, filepath.Join(root, written.Folder, "internal", "stale.go"))
}

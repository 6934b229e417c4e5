package stack

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

func TestStatesMoveIntoTheBucketAndTheLocalOnesAreSetAside(t *testing.T) {
	h := staging(t)
	report, err := h.InitState(t.Context(), address)
	require.NoError(t, err)

	assert.Equal(t, "s3://states/shop/staging/cluster.tfstate", report.Roots[0].Where)
	assert.Equal(t, uint64(3), report.Roots[1].Serial)
	assert.Equal(t, 1, report.Roots[1].Resources)
	for _, dir := range []string{h.clusterDir(), h.workloadsDir()} {
		assert.NoFileExists(t, filepath.Join(dir, localState))
		assert.FileExists(t, filepath.Join(dir, migratedState))
		backend, err := terraform.ReadBackend(dir)
		require.NoError(t, err)
		assert.Equal(t, map[string]any{"bucket": "states", "key": "shop/staging/" + filepath.Base(dir) + ".tfstate", "region": "eu-central-1", "use_lockfile": true}, backend.Config)
	}
	var variables struct {
		ClusterState struct {
			Backend string
			Config  map[string]any
		} `json:"cluster_state"`
	}
	text, err := os.ReadFile(filepath.Join(h.workloadsDir(), clusterStateFile))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &variables))
	assert.Equal(t, "s3", variables.ClusterState.Backend)
	assert.Equal(t, "shop/staging/cluster.tfstate", variables.ClusterState.Config["key"])
	for _, file := range report.Files {
		assert.FileExists(t, filepath.Join(h.Root, file))
	}
}

func TestASecondTimeChangesNothing(t *testing.T) {
	h := moved(t)
	for _, again := range []string{address, ""} {
		_, err := h.InitState(t.Context(), again)
		require.NoError(t, err)
	}
	assert.Equal(t, []string{"unlock", "unlock", "unlock", "unlock"}, verbs(h.lines), "it looks, under the locks")
}

// interruptions are what InitState leaves when it is killed.
var interruptions = map[string]func(t *testing.T, h *house, dir string){
	"while the bucket was made": func(t *testing.T, h *house, _ string) {
		h.store.there = true
		require.NoError(t, h.writeMoveNote(moveNote{Bucket: wanted(t), Making: true}))
	},
	"under the lock": func(t *testing.T, h *house, _ string) {
		lock := h.lockedBy("cluster", whoami())
		h.store.locks["shop/staging/cluster.tfstate.tflock"].Operation = moving
		h.note(t, "cluster", lock.ID, dead(t))
	},
	"under the lock of a bucket that gives locks other IDs": func(t *testing.T, h *house, _ string) {
		h.lockedBy("cluster", whoami())
		lock := h.store.locks["shop/staging/cluster.tfstate.tflock"]
		lock.Operation, lock.Info = moving, "noted"
		h.note(t, "cluster", "noted", dead(t))
	},
	"after the state was copied": func(t *testing.T, h *house, dir string) { arrive(t, h, dir) },
	"after the backend was written": func(t *testing.T, h *house, dir string) {
		arrive(t, h, dir)
		require.NoError(t, writeBackend(dir, wanted(t).Place("staging", "cluster")))
	},
	"after the local state was set aside": func(t *testing.T, h *house, dir string) {
		arrive(t, h, dir)
		require.NoError(t, os.Rename(filepath.Join(dir, localState), filepath.Join(dir, migratedState)))
	},
}

func wanted(t *testing.T) bucket.Address {
	t.Helper()
	a, err := bucket.Parse(address)
	require.NoError(t, err)
	return a
}

func arrive(t *testing.T, h *house, dir string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, localState))
	require.NoError(t, err)
	h.store.objects["shop/staging/cluster.tfstate"] = text
}

// dead is a process of this machine that has ended.
func dead(t *testing.T) process {
	t.Helper()
	p, err := processOf(os.Getpid())
	require.NoError(t, err)
	p.PID, p.Started = 1<<30, "1"
	return p
}

func TestAfterAKillAnywhereTheNextRunFinishes(t *testing.T) {
	for name, interrupt := range interruptions {
		t.Run(name, func(t *testing.T) {
			h := staging(t)
			want, err := os.ReadFile(filepath.Join(h.clusterDir(), localState))
			require.NoError(t, err)
			interrupt(t, h, h.clusterDir())
			_, err = h.InitState(t.Context(), address)
			require.NoError(t, err)
			assert.Equal(t, want, h.store.objects["shop/staging/cluster.tfstate"], "byte by byte")
			assert.NoFileExists(t, filepath.Join(h.clusterDir(), localState))
			assert.FileExists(t, filepath.Join(h.clusterDir(), migratedState))
			assert.NoFileExists(t, h.moveNoteFile())
			assert.Empty(t, h.notes(t))
			assert.Empty(t, h.store.locks)
		})
	}
}

func TestAStateThatIsInTheBucketAlreadyIsNotOverwritten(t *testing.T) {
	for name, c := range map[string]struct {
		remote []byte
		seen   string
	}{
		"of another environment": {stateText(3, "other", true, nil), "its lineage is other, not cluster"},
		"that went on":           {stateText(4, "cluster", true, nil), "its serial is 4, not 3"},
		"with other contents":    {stateText(3, "cluster", false, nil), "its resources differ"},
	} {
		t.Run(name, func(t *testing.T) {
			h := staging(t)
			h.store.objects["shop/staging/cluster.tfstate"] = c.remote
			_, err := h.InitState(t.Context(), address)
			var failure *ui.Failure
			require.ErrorAs(t, err, &failure)
			assert.Contains(t, failure.Seen[0], c.seen)
			assert.Equal(t, c.remote, h.store.objects["shop/staging/cluster.tfstate"])
			assert.FileExists(t, filepath.Join(h.clusterDir(), localState))
			assert.NoFileExists(t, filepath.Join(h.clusterDir(), backendFile), "plain Terraform goes on as before")
		})
	}
}

func TestAStateThatDoesNotArriveIsNotSetAside(t *testing.T) {
	h := staging(t)
	h.store.loses = true
	_, err := h.InitState(t.Context(), address)
	assert.ErrorContains(t, err, "did not arrive in s3://states/shop/staging/cluster.tfstate")
	assert.FileExists(t, filepath.Join(h.clusterDir(), localState))
	assert.NoFileExists(t, filepath.Join(h.clusterDir(), backendFile))
	assert.Empty(t, h.store.locks)

	h.store.loses = false
	_, err = h.InitState(t.Context(), address)
	require.NoError(t, err)
	assert.Contains(t, string(h.store.objects["shop/staging/cluster.tfstate"]), "terraform_data")
}

func TestNothingTouchesStatesThatAreHalfMoved(t *testing.T) {
	h := staging(t)
	h.store.objects["shop/staging/workloads.tfstate"] = stateText(3, "other", true, nil)
	_, err := h.InitState(t.Context(), address)
	require.ErrorContains(t, err, "there is another state")
	_, err = h.Status(t.Context())
	require.ErrorContains(t, err, "is not up", "neither is moved when one cannot be")

	require.NoError(t, h.writeMoveNote(moveNote{Bucket: wanted(t)}))
	require.NoError(t, writeBackend(h.clusterDir(), wanted(t).Place("staging", "cluster")))
	_, err = h.Status(t.Context())
	assert.ErrorContains(t, err, "was interrupted")
	err = h.Down(t.Context())
	assert.ErrorContains(t, err, "was interrupted")
	assert.FileExists(t, filepath.Join(h.clusterDir(), localState))
}

func TestALockOfSomebodyElseStopsTheMove(t *testing.T) {
	h := staging(t)
	h.lockedBy("cluster", "ann@elsewhere")
	_, err := h.InitState(t.Context(), address)
	assert.ErrorContains(t, err, "is locked by ann@elsewhere (apply) since")
	root, err := h.UnlockState(t.Context(), "11111111-2222")
	require.NoError(t, err, "also before the root knows of the bucket")
	assert.Equal(t, "cluster", root)
	assert.Zero(t, h.count("create shop/staging/cluster.tfstate"))
}

// holdVariable makes the tests' program hold the lock on a file until its input ends.
const holdVariable = "KINDLING_TEST_HOLD"

func TestMain(m *testing.M) {
	path := os.Getenv(holdVariable)
	if path == "" {
		os.Exit(m.Run())
	}
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err == nil {
		err = lockFile(file)
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Print("held")
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(0)
}

func TestAStateThatTerraformWorksOnIsNotMoved(t *testing.T) {
	h := staging(t)
	holder := exec.Command(os.Args[0]) // the lock is a process's: another one has to hold it
	holder.Env = append(os.Environ(), holdVariable+"="+filepath.Join(h.clusterDir(), localState))
	input, err := holder.StdinPipe()
	require.NoError(t, err)
	output, err := holder.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, holder.Start())
	said := make([]byte, 4)
	_, err = io.ReadFull(output, said)
	require.NoError(t, err)
	require.Equal(t, "held", string(said))
	_, err = h.InitState(t.Context(), address)
	assert.ErrorContains(t, err, "Terraform is at work on")
	require.NoError(t, input.Close())
	require.NoError(t, holder.Wait())
	_, err = h.InitState(t.Context(), address)
	require.NoError(t, err)
}

func TestBadInputToStateInitIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*house)
		address string
		want    string
	}{
		"dev":            {func(h *house) { h.Environment = "dev" }, address, "dev is each machine's own cluster"},
		"no bucket":      {func(*house) {}, "", "no bucket is named"},
		"no address":     {func(*house) {}, "states", "names no bucket"},
		"another bucket": {func(h *house) { _, _ = h.InitState(t.Context(), address) }, "s3://others?region=eu-central-1", "keeps its states in s3://states/shop/staging/cluster.tfstate already"},
	} {
		t.Run(name, func(t *testing.T) {
			h := staging(t)
			c.prepare(h)
			_, err := h.InitState(t.Context(), c.address)
			assert.ErrorContains(t, err, c.want)
			assert.Equal(t, 2, ui.ExitCode(err))
		})
	}
}

func TestABucketThatIsNotFitStopsEverything(t *testing.T) {
	h := staging(t)
	h.store.refusal = &bucket.Refused{Sentence: "the bucket states keeps no versions", Next: []string{"aws s3api …"}, Err: errors.New("x")}
	_, err := h.InitState(t.Context(), address)
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, []string{"aws s3api …"}, failure.Next)
	assert.FileExists(t, filepath.Join(h.clusterDir(), localState))
	_, err = h.Status(t.Context())
	assert.NotContains(t, err.Error(), "interrupted", "nothing has begun")
}

// verbs are the first words of what was done.
func verbs(lines []string) []string {
	words := make([]string, 0, len(lines))
	for _, line := range lines {
		words = append(words, strings.Fields(line)[0])
	}
	return words
}

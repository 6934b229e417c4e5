package stack

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

func TestAllCommandsWorkOnStatesInABucket(t *testing.T) {
	h := moved(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	h.lines = nil
	report, err := h.Up(t.Context())
	require.NoError(t, err)
	require.Len(t, report.Services, 1, "outputs come from the state in the bucket")
	assert.Equal(t, 1, h.count("plan workloads"), "the early plan counts")
	_, err = h.Status(t.Context())
	require.NoError(t, err)
	_, err = h.Plan(t.Context())
	require.NoError(t, err)
	require.NoError(t, h.Down(t.Context()))
	assert.Equal(t, 1, h.count("destroy cluster"))
	assert.Equal(t, 1, h.count("forget workloads"), "what ran in the cluster is gone with it")
	require.NoError(t, h.Down(t.Context()), "twice is nothing")
	assert.Equal(t, 1, h.count("destroy cluster"))
	assert.Equal(t, 1, h.count("forget workloads"))
	assert.Zero(t, h.count("no lock on cluster")+h.count("no lock on workloads"))
	assert.True(t, h.clusterRoot.unlocked && h.workloadsRoot.unlocked)
}

func TestABucketThatDoesNotAnswerIsNotAnEmptyState(t *testing.T) {
	h := moved(t)
	h.Bucket = func(context.Context, bucket.Address) (Store, error) {
		return nil, &bucket.Refused{Sentence: "there are no AWS credentials"}
	}
	_, err := h.Status(t.Context())
	assert.ErrorContains(t, err, "there are no AWS credentials")
	assert.ErrorContains(t, h.Down(t.Context()), "there are no AWS credentials")
	assert.Zero(t, h.count("destroy cluster")+h.count("forget workloads"))
}

func TestAStateThatSomebodyHoldsIsWaitedForAndThenExplained(t *testing.T) {
	h := moved(t)
	lock := h.lockedBy("cluster", "ann@elsewhere")
	_, err := h.Up(t.Context())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Contains(t, failure.Sentence, "the state of staging/cluster is locked by ann@elsewhere (apply) since")
	assert.Contains(t, failure.Sentence, "1m0s ago")
	assert.Contains(t, failure.Seen[1], "taken on another machine")
	assert.Contains(t, failure.Next[1], "kindling state unlock --env staging --id "+lock.ID)
	assert.Zero(t, h.count("apply cluster")+h.count("unlock "+lock.ID))
}

func TestAStateThatIsFreedMeanwhileIsWorkedOn(t *testing.T) {
	h := moved(t)
	h.LockWait = time.Minute
	h.lockedBy("workloads", "ann@elsewhere")
	h.Progress = freeing{h}
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Zero(t, h.count("unlock 11111111-2222"), "whoever held it gave it back")
}

// freeing gives a lock back as soon as somebody says that they wait for it.
type freeing struct{ *house }

func (f freeing) Step(string) Step { return f }
func (f freeing) Item(string) Item { return silent{} }
func (f freeing) Done(string)      {}
func (f freeing) Fail()            {}
func (f freeing) Update(text string) {
	if text == "waiting for ann@elsewhere, who has locked the state (apply)" {
		f.store.mu.Lock()
		defer f.store.mu.Unlock()
		delete(f.store.locks, "shop/staging/workloads.tfstate.tflock")
	}
}

// child is a process of this machine that runs until the test ends it.
func child(t *testing.T) (*exec.Cmd, process) {
	t.Helper()
	cmd := exec.Command("sleep", "600")
	require.NoError(t, cmd.Start())
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	p, err := processOf(cmd.Process.Pid)
	require.NoError(t, err)
	return cmd, p
}

func (h *house) note(t *testing.T, root, id string, p process) {
	t.Helper()
	text, err := json.Marshal(lockNote{ID: id, Process: p})
	require.NoError(t, err)
	require.NoError(t, writeFile(h.noteFile(root, id), text, 0o644))
}

func TestALockIsBrokenOnlyWhenItsProcessIsSeenToHaveEnded(t *testing.T) {
	h := moved(t)
	cmd, holder := child(t)
	for _, root := range []string{"cluster", "workloads"} {
		h.lockedBy(root, whoami())
		h.note(t, root, "11111111-2222", holder)
	}
	_, err := h.Up(t.Context())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Contains(t, failure.Seen[1], "holds it, and runs")
	_, err = h.UnlockState(t.Context(), "11111111-2222")
	assert.ErrorContains(t, err, "the lock is in use")
	assert.Zero(t, h.count("unlock 11111111-2222"))

	require.NoError(t, cmd.Process.Kill())
	_ = cmd.Wait()
	_, err = h.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, 2, h.count("unlock 11111111-2222"))
	assert.Empty(t, h.notes(t))
}

// notes are the notes about locks.
func (h *house) notes(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(h.Work(), "locks", "*"))
	require.NoError(t, err)
	return files
}

func TestALockOfThisMachineWithoutANoteIsLeftToPeople(t *testing.T) {
	h := moved(t)
	h.lockedBy("cluster", whoami())
	h.note(t, "cluster", "another", dead(t))
	_, err := h.Up(t.Context())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Contains(t, failure.Seen[1], "no note of which process")

	root, err := h.UnlockState(t.Context(), "11111111-2222")
	require.NoError(t, err)
	assert.Equal(t, "cluster", root)
	_, err = h.UnlockState(t.Context(), "11111111-2222")
	assert.ErrorContains(t, err, `has the lock "11111111-2222"`)
	assert.Equal(t, 2, ui.ExitCode(err))
}

func TestTerraformWorksUnderALockThatNamesItsProcess(t *testing.T) {
	h := moved(t)
	h.clusterRoot.changes = true
	var held bucket.Lock
	var holder lockNote
	h.clusterRoot.apply = func() error {
		place, _ := h.clusterRoot.place()
		lock := h.store.lock(place)
		require.NotNil(t, lock, "the lock is held")
		held = *lock
		note, ok := h.noted("cluster", held)
		require.True(t, ok)
		holder = note
		return nil
	}
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, applying, held.Operation)
	assert.Equal(t, whoami(), held.Who)
	assert.Equal(t, os.Getpid(), holder.Process.PID)
	assert.True(t, h.clusterRoot.unlocked, "Terraform itself would wait for that lock")
	assert.Empty(t, h.store.locks)
	assert.Empty(t, h.notes(t))
}

func TestWhatFailsUnderTheLockGivesItBack(t *testing.T) {
	h := moved(t)
	h.clusterRoot.changes = true
	h.clusterRoot.apply = func() error { return errors.New("no room") }
	_, err := h.Up(t.Context())
	assert.ErrorContains(t, err, "no room")
	assert.Empty(t, h.store.locks)
	assert.Empty(t, h.notes(t))
}

func TestALockWhoseAnswerWasLostIsStillOurs(t *testing.T) {
	h := moved(t)
	h.store.lockAnswer = func(string) (string, error) { return "", nil } // asked again, the bucket has one
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Empty(t, h.store.locks)
	assert.Empty(t, h.notes(t))
}

func TestALockThatIsTakenWhileTheCommandIsInterruptedIsGivenBack(t *testing.T) {
	h := moved(t)
	h.store.lockAnswer = func(string) (string, error) { return "", context.Canceled }
	_, err := h.Up(t.Context())
	require.ErrorIs(t, err, context.Canceled)
	assert.Empty(t, h.store.locks)
	assert.Empty(t, h.notes(t))
}

func TestALockThatCannotBeGivenBackKeepsItsNote(t *testing.T) {
	h := moved(t)
	h.store.unlockFailed = errors.New("the token has expired")
	_, err := h.Up(t.Context())
	require.ErrorContains(t, err, "the token has expired")
	place, _ := h.clusterRoot.place()
	lock := h.store.lock(place)
	require.NotNil(t, lock)
	note, ok := h.noted("cluster", *lock)
	require.True(t, ok)
	assert.Equal(t, os.Getpid(), note.Process.PID)
}

func TestDownBreaksTheLockOfAKilledDownThatHadDoneEverything(t *testing.T) {
	h := moved(t)
	require.NoError(t, h.Down(t.Context()))
	lock := h.lockedBy("workloads", whoami())
	h.note(t, "workloads", lock.ID, dead(t))
	require.NoError(t, h.Down(t.Context()))
	assert.Empty(t, h.store.locks)
	assert.Empty(t, h.notes(t))
}

func TestNotesOfProcessesThatEndedBeforeTheyHadTheLockAreDropped(t *testing.T) {
	h := moved(t)
	h.note(t, "cluster", "never-taken", dead(t))
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Empty(t, h.notes(t))
}

func TestTheFateOfAProcessIsToldOnlyWhereItIsCertain(t *testing.T) {
	self, err := processOf(os.Getpid())
	require.NoError(t, err)
	assert.Equal(t, processRuns, self.fate())
	for name, c := range map[string]struct {
		change func(*process)
		want   string
	}{
		"its number was given out again": {func(p *process) { p.Started = "1" }, processEnded},
		"of another container":           {func(p *process) { p.Namespace = "pid:[1]" }, processUnknown},
		"of another machine":             {func(p *process) { p.Boot, p.Machine = "b", "m" }, processUnknown},
		"of a machine without identity":  {func(p *process) { p.Boot, p.Machine = "b", "" }, processUnknown},
	} {
		other := self
		c.change(&other)
		assert.Equal(t, c.want, other.fate(), name)
	}
	if self.Machine != "" {
		self.Boot = "before"
		assert.Equal(t, processEnded, self.fate(), "the machine was started anew")
	}
}

func TestALockThatTerraformMeetsIsExplained(t *testing.T) {
	h := moved(t)
	h.clusterRoot.changes = true
	h.clusterRoot.apply = func() error {
		return &terraform.Error{Err: errors.New("exit 1"), Diagnostics: []terraform.Diagnostic{{Summary: "Error acquiring the state lock",
			Detail: "PreconditionFailed\nLock Info:\n  ID:        7\n  Path:      states/x\n  Operation: OperationTypePlan\n  Who:       bob@there\n  Version:   1.11.4\n  Created:   2026-11-26 04:00:00 +0000 UTC\n  Info:      \n\n\nTerraform acquires a state lock to protect: all\n"}}}
	}
	_, err := h.Up(t.Context())
	assert.ErrorContains(t, err, "the state of staging/cluster is locked by bob@there (plan) since")
}

func TestShowTellsWhereStatesAreAndWhoHoldsThem(t *testing.T) {
	h := moved(t)
	lock := h.lockedBy("workloads", "ann@elsewhere")
	report, err := h.ShowState(t.Context())
	require.NoError(t, err)
	assert.Equal(t, RootState{Root: "cluster", Backend: "s3", Where: "s3://states/shop/staging/cluster.tfstate", There: true, Serial: 1, Lineage: "lineage", Resources: 1}, report.Roots[0])
	require.NotNil(t, report.Roots[1].Lock)
	assert.Equal(t, lock.Created, report.Roots[1].Lock.Since)
	assert.Equal(t, "apply", report.Roots[1].Lock.Operation)

	h = newHouse(t)
	report, err = h.ShowState(t.Context())
	require.NoError(t, err)
	assert.Equal(t, RootState{Root: "cluster", Backend: "local", Where: "environments/dev/cluster/terraform.tfstate"}, report.Roots[0])
}

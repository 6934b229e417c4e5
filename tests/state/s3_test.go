package state

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/gruntwork-io/terratest/modules/retry"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestStatesInS3(t *testing.T) {
	server := newS3(t)
	first := newMachine(t)
	first.apply(t)
	before := first.show(t)
	require.Equal(t, "local", before["cluster"].Backend)

	t.Run("the bucket is made and the states arrive as they were", func(t *testing.T) {
		r := first.must(t, "state", "init", "--env", environment, "--bucket", server.address("states"))
		assert.Contains(t, r.stderr, "made, keeps versions")
		after := first.show(t)
		for _, root := range []string{"cluster", "workloads"} {
			assert.Equal(t, "s3://states/kindling/fixture/"+root+".tfstate", after[root].Where)
			assert.Equal(t, before[root].Serial, after[root].Serial)
			assert.Equal(t, before[root].Lineage, after[root].Lineage)
			assert.Equal(t, before[root].Resources, after[root].Resources)
			assert.NoFileExists(t, filepath.Join(first.root(root), "terraform.tfstate"))
			assert.FileExists(t, filepath.Join(first.root(root), "terraform.tfstate.migrated"))
		}
		versions, err := server.client.GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: aws.String("states")})
		require.NoError(t, err)
		assert.Equal(t, types.BucketVersioningStatusEnabled, versions.Status)
	})
	if t.Failed() {
		return // nothing below holds then
	}
	t.Run("plain Terraform works on them", func(t *testing.T) {
		assert.Zero(t, terraform.PlanExitCodeContext(t, t.Context(), first.terraform("workloads")), "where it was initialised before, it is again")
		first.plansAreEmpty(t)
	})
	t.Run("a second time changes nothing", func(t *testing.T) {
		serial := first.show(t)["cluster"].Serial
		first.must(t, "state", "init", "--env", environment)
		first.must(t, "state", "init", "--env", environment, "--bucket", server.address("states"))
		assert.Equal(t, serial, first.show(t)["cluster"].Serial)
	})
	t.Run("no credentials lie in any file", func(t *testing.T) {
		files := first.files(t)
		require.Contains(t, files, filepath.Join(first.root("cluster"), "backend.tf.json"))
		for name, content := range files {
			assert.NotContains(t, content, accessKey, name)
			assert.NotContains(t, content, secretKey, name)
		}
	})
	second := first.another(t)
	t.Run("another machine works on the same states", func(t *testing.T) {
		assert.Equal(t, first.show(t), second.show(t))
		terraform.InitContext(t, t.Context(), second.terraform("cluster"))
		terraform.InitContext(t, t.Context(), second.terraform("workloads"))
		second.plansAreEmpty(t)
	})
	t.Run("a killed plain apply leaves a lock that a person removes", func(t *testing.T) { killedPlain(t, first, second) })
	t.Run("two changes exclude each other, and a killed one is recovered from", func(t *testing.T) { killedTool(t, first, second) })
}

// killedPlain kills plain Terraform, about whose process no note tells anything.
func killedPlain(t *testing.T, first, second *machine) {
	apply := exec.Command("terraform", "apply", "-auto-approve", "-input=false", "-no-color", "-var=round=2")
	apply.Dir = first.root("cluster")
	first.begin(t, apply)

	_, err := terraform.ApplyContextE(t, t.Context(), second.terraform("cluster"))
	require.ErrorContains(t, err, "Error acquiring the state lock", "two applies exclude each other")
	kill(apply)
	first.slowly(t, false)

	lock := first.show(t)["cluster"].Lock
	require.NotNil(t, lock)
	assert.Equal(t, "apply", lock.Operation)
	unlock := "kindling state unlock --env " + environment + " --id " + lock.ID
	first.refused(t, 1, []string{"the state of fixture/cluster is locked by " + lock.Who + " (apply) since", "no note of which process did it", unlock}, "down", "--env", environment)

	first.refused(t, 2, []string{"has the lock \"another\"", lock.ID}, "state", "unlock", "--env", environment, "--id", "another")
	second.must(t, "state", "unlock", "--env", environment, "--id", lock.ID)
	assert.Nil(t, first.show(t)["cluster"].Lock)
	first.apply(t)
	first.plansAreEmpty(t)
}

// killedTool kills the tool while Terraform works for it.
func killedTool(t *testing.T, first, second *machine) {
	down := first.command(t.Context(), "0s", "down", "--env", environment)
	first.begin(t, down)
	lock := second.show(t)["cluster"].Lock
	require.NotNil(t, lock)

	start := time.Now()
	second.refused(t, 1, []string{"the state of fixture/cluster is locked by " + lock.Who + " (apply) since", "lock " + lock.ID}, "down", "--env", environment)
	assert.Less(t, time.Since(start), 10*time.Second)
	assert.Contains(t, first.show(t)["cluster"].Lock.Holder, "of this machine holds it, and runs")
	first.refused(t, 1, []string{"the lock is in use"}, "state", "unlock", "--env", environment, "--id", lock.ID)

	program := childOf(t, down.Process.Pid)
	kill(down)
	retry.DoWithRetryContext(t, t.Context(), "Terraform ends with the tool, in the middle of its work", 50, 100*time.Millisecond, func() (string, error) {
		if _, runs := parentOf(program); runs {
			return "", fmt.Errorf("process %d still runs", program)
		}
		return "", nil
	})
	first.slowly(t, false)
	assert.Contains(t, first.show(t)["cluster"].Lock.Holder, "of this machine held it, and has ended")
	second.refused(t, 1, []string{"is locked by", "kindling state unlock"}, "down", "--env", environment)

	r := first.must(t, "down", "--env", environment)
	assert.Contains(t, r.stderr, "removed the lock of "+lock.Who)
	assert.Contains(t, r.stderr, "has ended")
	for name, root := range second.show(t) {
		assert.Nil(t, root.Lock, name)
		assert.Zero(t, root.Resources, name)
	}
	second.must(t, "down", "--env", environment)
}

func TestBucketsThatAreNotFitAreRefused(t *testing.T) {
	server := newS3(t)
	m := newMachine(t)
	m.apply(t)
	make := func(name string) {
		_, err := server.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: aws.String(name)})
		require.NoError(t, err)
	}
	keepVersions := func(name string) {
		_, err := server.client.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: aws.String(name),
			VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled}})
		require.NoError(t, err)
	}
	init := func(name string) []string {
		return []string{"state", "init", "--env", environment, "--bucket", server.address(name)}
	}
	make("unversioned")
	m.refused(t, 1, []string{"the bucket unversioned keeps no versions", "aws s3api put-bucket-versioning --bucket unversioned --versioning-configuration Status=Enabled --endpoint-url " + server.endpoint}, init("unversioned")...)

	make("public")
	keepVersions("public")
	policy := `{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::public/*"}]}`
	_, err := server.client.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: aws.String("public"), Policy: aws.String(policy)})
	require.NoError(t, err)
	m.refused(t, 1, []string{"the bucket public is public", "delete-bucket-policy --bucket public"}, init("public")...)
	assert.NoFileExists(t, filepath.Join(m.root("cluster"), "backend.tf.json"), "nothing has changed")
	m.plansAreEmpty(t)

	keepVersions("unversioned")
	m.must(t, init("unversioned")...)
	m.plansAreEmpty(t)
	m.refused(t, 2, []string{"keeps its states in s3://unversioned/kindling/fixture/cluster.tfstate already"}, init("public")...)

	other := newMachine(t)
	other.apply(t)
	other.refused(t, 1, []string{"there is another state in s3://unversioned/kindling/fixture/cluster.tfstate", "its lineage is"}, init("unversioned")...)
	other.plansAreEmpty(t)
}

func TestAServerOnWhichAStateCouldBeLockedOnlyOnceIsRefused(t *testing.T) {
	server := newS3(t, "as-is")
	m := newMachine(t)
	m.apply(t)
	m.refused(t, 1, []string{"a state could be locked only once", "If-None-Match"}, "state", "init", "--env", environment, "--bucket", server.address("states"))
	m.plansAreEmpty(t)
}

// TestAKilledMoveIsFinishedByTheNextRun kills it after more and more time, until it has ended before.
func TestAKilledMoveIsFinishedByTheNextRun(t *testing.T) {
	server := newS3(t)
	applied := newMachine(t)
	applied.apply(t)
	before := applied.show(t)
	ended, kills := false, 0
	for wait := 20 * time.Millisecond; !ended; wait *= 2 {
		m := applied.copied(t)
		address := server.address(fmt.Sprintf("killed-%d", wait.Milliseconds()))
		init := m.command(t.Context(), "0s", "state", "init", "--env", environment, "--bucket", address)
		ended = endsWithin(t, init, wait)
		if !ended {
			kills++
		}
		r := m.kindling(t, "state", "init", "--env", environment, "--bucket", address)
		require.Zero(t, r.code, "killed after %s: %s", wait, r.stderr)
		for root, after := range m.show(t) {
			require.Equal(t, before[root].Serial, after.Serial, "killed after %s", wait)
			require.Equal(t, before[root].Lineage, after.Lineage, "killed after %s", wait)
			require.Equal(t, before[root].Resources, after.Resources, "killed after %s", wait)
			require.Nil(t, after.Lock, "killed after %s", wait)
		}
		m.plansAreEmpty(t)
	}
	assert.Greater(t, kills, 2)
}

// TestAChangeThatIsKilledAtAnyMomentIsRecoveredFrom kills it after more and more time, until it has
// ended before. The next run needs nobody's word.
func TestAChangeThatIsKilledAtAnyMomentIsRecoveredFrom(t *testing.T) {
	server := newS3(t)
	applied := newMachine(t)
	applied.apply(t)
	ended, locks := false, 0
	for wait := 20 * time.Millisecond; !ended; wait = wait * 13 / 10 {
		m := applied.copied(t)
		m.must(t, "state", "init", "--env", environment, "--bucket", server.address(fmt.Sprintf("changed-%d", wait.Milliseconds())))
		down := m.command(t.Context(), "0s", "down", "--env", environment)
		ended = endsWithin(t, down, wait)
		for _, root := range m.show(t) {
			if root.Lock != nil {
				locks++
			}
		}
		r := m.kindling(t, "down", "--env", environment)
		require.Zero(t, r.code, "killed after %s: %s", wait, r.stderr)
		for name, root := range m.show(t) {
			require.Nil(t, root.Lock, "%s, killed after %s", name, wait)
			require.Zero(t, root.Resources, "%s, killed after %s", name, wait)
		}
	}
	assert.Positive(t, locks, "one of them held a lock when it was killed")
}

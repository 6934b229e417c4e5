package stack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	tfjson "github.com/hashicorp/terraform-json"
	"kindling.internal/infra/internal/ui"
)

// Down removes the environment and proves that nothing of it is left on this machine: containers,
// network, volume, state, kubeconfig. An environment that is not up is no failure.
func (s *Stack) Down(ctx context.Context) error {
	if err := s.refuseCloud(); err != nil {
		return err
	}
	unlock, err := s.exclusive()
	if err != nil {
		return err
	}
	defer unlock()
	parts, err := s.known()
	if err != nil {
		return err
	}
	root, err := s.root(ctx, s.clusterDir(), parts, nil)
	if err != nil {
		return s.terraformFailure("cluster", err)
	}
	name, ours := s.clusterName(ctx, root)
	if err := s.destroyRecorded(ctx, parts, root); err != nil {
		return err
	}
	if err := errors.Join(s.sweep(ctx), s.forgetWorkloads(ctx, parts), s.breakOwnLocks(ctx, parts), s.forget()); err != nil {
		return err
	}
	_, remote := root.(*remoteRoot)
	if err := s.proveGone(ctx, name, ours, remote); err != nil {
		return err
	}
	return removeFile(s.clusterNameFile())
}

// destroyRecorded removes the cluster that the state records, if it records one.
func (s *Stack) destroyRecorded(ctx context.Context, parts Parts, root Root) error {
	state, err := root.State(ctx)
	if err != nil {
		return s.terraformFailure("cluster", err)
	}
	if !state.Manages() {
		return nil
	}
	if err := s.engine(ctx); err != nil {
		return err
	}
	return s.destroyCluster(ctx, parts)
}

// sweep removes what a killed `up` made before Terraform recorded it. Only a cluster that this
// checkout began to make is touched: another one may run a cluster of the same name.
func (s *Stack) sweep(ctx context.Context) error {
	name, err := os.ReadFile(s.clusterNameFile())
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	left, err := s.Engine.Leftovers(ctx, string(name))
	if err != nil || len(left) == 0 {
		return err
	}
	return s.Engine.Sweep(ctx, string(name))
}

// clusterName is the recorded name; or that of a cluster whose making was killed before Terraform
// recorded anything; or else TF_VAR_name or the environment's, and then this checkout has made none.
func (s *Stack) clusterName(ctx context.Context, root Root) (name string, ours bool) {
	if connection, _, err := clusterOutputs(ctx, root); err == nil && connection.Name != "" {
		return connection.Name, true
	}
	if name, err := os.ReadFile(s.clusterNameFile()); err == nil && len(name) > 0 {
		return string(name), true
	}
	return cmp.Or(os.Getenv("TF_VAR_name"), s.Environment), false
}

func (s *Stack) clusterNameFile() string { return filepath.Join(s.Work(), "cluster-name") }

// rememberCluster keeps the name of the cluster that a plan is about to make, which comes from
// variables of many places.
func (s *Stack) rememberCluster(plan *tfjson.Plan) error {
	if plan == nil || plan.Variables["name"] == nil {
		return nil
	}
	name, ok := plan.Variables["name"].Value.(string)
	if !ok {
		return fmt.Errorf("the cluster's name is %v, which is no text", plan.Variables["name"].Value)
	}
	return writeFile(s.clusterNameFile(), []byte(name), 0o644)
}

// destroyCluster removes a cluster that runs in the engine, with all that is in it: its workloads
// need not be removed one by one first.
func (s *Stack) destroyCluster(ctx context.Context, parts Parts) error {
	step := s.Progress.Step("cluster")
	root, err := s.open(ctx, s.clusterDir(), parts)
	if err == nil {
		err = s.awaitLock(ctx, root, step.Update)
	}
	if err != nil {
		step.Fail()
		return s.terraformFailure("cluster", err)
	}
	err = root.Destroy(ctx, applyProgress(step), true)
	if err != nil && ctx.Err() == nil { // a cluster that cannot be looked at can still be removed
		err = root.Destroy(ctx, applyProgress(step), false)
	}
	if err != nil {
		step.Fail()
		return s.terraformFailure("cluster", err)
	}
	step.Done("removed")
	return nil
}

// forget removes what is recorded of the environment. The release record stays where it is
// shared; in dev it names images of a registry that is gone.
func (s *Stack) forget() error {
	var errs []error
	for _, dir := range []string{s.clusterDir(), s.workloadsDir()} {
		for _, file := range []string{localState, localState + ".backup", migratedState, supplyFile} {
			errs = append(errs, removeFile(filepath.Join(dir, file)))
		}
	}
	errs = append(errs, removeFile(s.Kubeconfig()), os.RemoveAll(filepath.Join(s.dir(), ".tls")))
	return errors.Join(errs...)
}

func removeFile(path string) error {
	if err := os.Remove(path); err != nil && !os.IsNotExist(err) {
		return err
	}
	return nil
}

// proveGone asks the engine what is left.
func (s *Stack) proveGone(ctx context.Context, cluster string, ours, remote bool) error {
	step := s.Progress.Step("proof")
	left, err := s.Engine.Leftovers(ctx, cluster)
	if err != nil {
		step.Fail()
		return err
	}
	if len(left) > 0 {
		step.Fail()
		failure := &ui.Failure{Step: "down", Sentence: "the engine still has parts of " + cluster, Seen: left,
			Next: []string{"make down env=" + s.Environment + " again; if that does not help, docker rm -f, docker volume rm and docker network rm them"}}
		if !ours {
			failure.Sentence = "this checkout knows of no cluster, but the engine has parts of " + cluster + ": another checkout made them, or this one before its state was lost"
			failure.Next = []string{"make down env=" + s.Environment + " in the checkout that made them", "if there is none: docker rm -f, docker volume rm and docker network rm them"}
		}
		return failure
	}
	if remote {
		step.Done("no container, network, volume or kubeconfig is left, and the states in the bucket are empty")
		return nil
	}
	step.Done("no container, network, volume, state or kubeconfig is left")
	return nil
}

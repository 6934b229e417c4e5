package stack

import (
	"context"
	"errors"
	"os"
	"path/filepath"

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
	root, err := s.Terraform(s.clusterDir(), parts, nil)
	if err != nil {
		return s.terraformFailure("cluster", err)
	}
	name := s.clusterName(ctx, root)
	if root.HasState() {
		if err := s.engine(ctx); err != nil {
			return err
		}
		if err := s.destroyCluster(ctx, parts); err != nil {
			return err
		}
	}
	if err := s.forget(); err != nil {
		return err
	}
	return s.proveGone(ctx, name)
}

// clusterName is the recorded name, or the environment's when none is recorded.
func (s *Stack) clusterName(ctx context.Context, root Root) string {
	if connection, _, err := clusterOutputs(ctx, root); err == nil && connection.Name != "" {
		return connection.Name
	}
	if name := os.Getenv("TF_VAR_name"); name != "" {
		return name
	}
	return s.Environment
}

// destroyCluster removes a cluster that runs in the engine, with all that is in it: its workloads
// need not be removed one by one first.
func (s *Stack) destroyCluster(ctx context.Context, parts Parts) error {
	step := s.Progress.Step("cluster")
	root, err := s.open(ctx, s.clusterDir(), parts)
	if err == nil {
		err = root.Destroy(ctx, applyProgress(step), true)
	}
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
		for _, file := range []string{"terraform.tfstate", "terraform.tfstate.backup", supplyFile} {
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
func (s *Stack) proveGone(ctx context.Context, cluster string) error {
	step := s.Progress.Step("proof")
	left, err := s.Engine.Leftovers(ctx, cluster)
	if err != nil {
		step.Fail()
		return err
	}
	if len(left) > 0 {
		step.Fail()
		return &ui.Failure{Step: "down", Sentence: "the engine still has parts of " + cluster, Seen: left,
			Next: []string{"make down env=" + s.Environment + " again; if that does not help, docker rm -f, docker volume rm and docker network rm them"}}
	}
	step.Done("no container, network, volume, state or kubeconfig is left")
	return nil
}

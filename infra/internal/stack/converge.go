package stack

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
	"kindling.internal/infra/internal/verdict"
)

// converge plans a root and carries the plan out when it changes anything.
func (s *Stack) converge(ctx context.Context, root Root, about policy.Subject, step Step) (changed bool, err error) {
	if err := s.awaitLock(ctx, root, step.Update); err != nil {
		return false, err
	}
	step.Update("planning")
	file := s.planFile(about.Root)
	defer os.Remove(file)
	changed, err = root.Plan(ctx, file, false)
	if err != nil || !changed {
		return false, err
	}
	return true, s.apply(ctx, root, about, file, step)
}

// planFile is where a root's plan lies until it is carried out. A plan holds credentials of the
// cluster: it never outlives the command.
func (s *Stack) planFile(name string) string { return filepath.Join(s.Work(), name+".tfplan") }

// adoptionRounds bounds the adoptions of one apply. An object that exists keeps Terraform from what
// depends on it, so each round reaches one step further along the dependencies.
const adoptionRounds = 12

// apply carries a plan out, unless it must not be, and adopts what an earlier, killed run has
// created already.
func (s *Stack) apply(ctx context.Context, root Root, about policy.Subject, plan string, step Step) error {
	err := s.carryOut(ctx, root, about, plan, step)
	for round := 1; round <= adoptionRounds; round++ {
		addresses := terraform.AlreadyExists(err)
		if len(addresses) == 0 {
			return err
		}
		next := fmt.Sprintf("%s.%d", s.planFile(about.Root), round)
		adopted := s.adopt(ctx, root, about, plan, next, addresses, step)
		defer os.Remove(next)
		if terraform.NothingToImport(adopted) {
			return err // somebody else's object is in the way, by its ports
		}
		plan, err = next, adopted
	}
	return err
}

// carryOut reviews a plan and applies it.
func (s *Stack) carryOut(ctx context.Context, root Root, about policy.Subject, file string, step Step) error {
	plan, err := root.Show(ctx, file)
	if err != nil {
		return err
	}
	if err := s.review(ctx, about, plan); err != nil {
		return err
	}
	if about.Root == clusterRoot {
		if err := s.rememberCluster(plan); err != nil {
			return err
		}
	}
	return root.Apply(ctx, file, applyProgress(step))
}

// applyProgress shows the resources that are being changed right now.
func applyProgress(step Step) func(terraform.Change) {
	var mu sync.Mutex
	done, running := 0, []string{}
	return func(c terraform.Change) {
		mu.Lock()
		defer mu.Unlock()
		switch c.State {
		case "start":
			running = append(running, c.Address)
		case "complete", "errored":
			done++
			for i, address := range running {
				if address == c.Address {
					running = append(running[:i], running[i+1:]...)
					break
				}
			}
		}
		text := fmt.Sprintf("%d done", done)
		if len(running) > 0 {
			text += ", " + verdict.ShortAddress(running[0])
		}
		if len(running) > 1 {
			text += fmt.Sprintf(" and %d more", len(running)-1)
		}
		step.Update(text)
	}
}

// terraformFailure tells what Terraform or a provider reported. What is a failure already stays so.
func (s *Stack) terraformFailure(step string, err error) error {
	if shown := s.stateFailure(step, err); shown != nil {
		return shown
	}
	if errors.Is(err, terraform.ErrAbsent) {
		return &ui.Failure{Step: step, Sentence: err.Error(), Code: 2, Err: err, Next: []string{"install Terraform 1.11 or newer, or OpenTofu, and run the same command again"}}
	}
	var failed *terraform.Error
	if !errors.As(err, &failed) || len(failed.Diagnostics) == 0 {
		return &ui.Failure{Step: step, Sentence: err.Error(), Err: err, Next: []string{"read " + s.log(step)}}
	}
	failure := &ui.Failure{Step: step, Sentence: failed.Error(), Err: err, Next: []string{"read " + s.log(step) + " for all that Terraform said"}}
	for _, d := range failed.Diagnostics {
		where := d.Address
		if d.File != "" {
			where = strings.TrimSpace(where + " (" + d.File + ")")
		}
		if where != "" {
			failure.Seen = append(failure.Seen, where)
		}
	}
	for _, d := range failed.Diagnostics[1:] {
		failure.Seen = append(failure.Seen, d.Summary+": "+strings.Join(strings.Fields(d.Detail), " "))
	}
	return failure
}

// lines are the first n lines of a text.
func lines(text string, n int) []string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	if len(all) <= n {
		return all
	}
	return append(all[:n], fmt.Sprintf("… and %d lines more", len(all)-n))
}

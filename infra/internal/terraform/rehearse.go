package terraform

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
)

// Rehearse runs the tests in the root's folder tests, and returns the plan of the last one that passed. A
// test says which providers are mocked, so that nobody is asked.
func (r *Root) Rehearse(ctx context.Context) (*tfjson.Plan, error) {
	// terraform-exec has no flag for the plan.
	cmd := exec.CommandContext(ctx, r.tf.ExecPath(), "test", "-json", "-verbose")
	cmd.Dir, cmd.Env = r.Dir, append(os.Environ(), "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	out, err := cmd.Output()
	events := newEvents(nil, r.log)
	plan := readRehearsal(out, events)
	if err == nil && plan == nil {
		err = errors.New("it printed no plan")
	}
	return plan, events.explain("test", err)
}

// rehearsal is the part of a line that has a plan.
type rehearsal struct {
	Plan *struct {
		ResourceChanges []*tfjson.ResourceChange `json:"resource_changes"`
	} `json:"test_plan"`
}

// readRehearsal reads what terraform test printed: plans among lines as other commands print them.
func readRehearsal(out []byte, events *events) (plan *tfjson.Plan) {
	lines := bufio.NewReader(bytes.NewReader(out))
	for {
		line, err := lines.ReadBytes('\n')
		events.line(line)
		var m rehearsal
		if json.Unmarshal(line, &m) == nil && m.Plan != nil {
			plan = &tfjson.Plan{ResourceChanges: m.Plan.ResourceChanges}
		}
		if err != nil {
			return plan
		}
	}
}

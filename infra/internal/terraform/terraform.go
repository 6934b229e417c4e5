// Package terraform runs Terraform, or OpenTofu, in the roots of an environment. It is the only
// importer of terraform-exec.
package terraform

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"

	"github.com/hashicorp/terraform-exec/tfexec"
	tfjson "github.com/hashicorp/terraform-json"
)

// ErrAbsent means that neither terraform nor tofu is installed.
var ErrAbsent = errors.New("neither terraform nor tofu is on the PATH")

// Root is one root module with its state.
type Root struct {
	Dir         string
	tf          *tfexec.Terraform
	fingerprint string // of the providers that init would link
	lockWait    string
	log         io.Writer
	unlocked    bool // somebody else holds the lock on the state
}

// Options are what the roots of one environment share.
type Options struct {
	CLIConfig   string        // path of the Terraform CLI configuration
	Fingerprint string        // changes when the providers in the mirror do
	Log         io.Writer     // everything Terraform prints
	LockWait    time.Duration // how long to wait for a state that somebody else has locked
}

// Find returns the path of terraform, or else of tofu. KINDLING_TERRAFORM overrides both.
func Find() (string, error) {
	if path := os.Getenv("KINDLING_TERRAFORM"); path != "" {
		return exec.LookPath(path)
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", ErrAbsent
}

// Open prepares a root module.
func Open(dir string, options Options) (*Root, error) {
	program, err := Find()
	if err != nil {
		return nil, err
	}
	tf, err := tfexec.NewTerraform(dir, program)
	if err != nil {
		return nil, err
	}
	// terraform-exec refuses TF_VAR_ variables that are handed to it, and hands on those of the
	// process: so these settings go the same way.
	for name, value := range settings(options) {
		if err := os.Setenv(name, value); err != nil {
			return nil, err
		}
	}
	if options.Log != nil {
		tf.SetStdout(options.Log)
		tf.SetStderr(options.Log)
	}
	return &Root{Dir: dir, tf: tf, fingerprint: options.Fingerprint, log: options.Log, lockWait: options.LockWait.String()}, nil
}

// settings are environment variables for Terraform and its providers. They live for seconds:
// collecting less garbage makes a plan a quarter shorter and costs some tens of megabytes.
func settings(options Options) map[string]string {
	env := map[string]string{"TF_CLI_CONFIG_FILE": options.CLIConfig}
	if os.Getenv("GOGC") == "" {
		env["GOGC"] = "400"
	}
	return env
}

// Init prepares the root's modules and providers. It does nothing when neither the root's
// modules nor the providers have changed since it last did.
func (r *Root) Init(ctx context.Context) error {
	backend, err := r.Backend()
	if err != nil {
		return err
	}
	if backend.Local() {
		return r.init(ctx)
	}
	if err := r.noLocalState(); err != nil {
		return err
	}
	return r.init(ctx, tfexec.Reconfigure(true)) // what is committed counts, not what was used before
}

func (r *Root) mark() string { return filepath.Join(r.Dir, ".terraform", "kindling-init") }

// dropHalfWritten removes Terraform's note of the backend that it used last, when a kill has left half
// of it: Terraform would refuse to read it. Init writes it again.
func (r *Root) dropHalfWritten() error {
	file := filepath.Join(r.Dir, ".terraform", "terraform.tfstate")
	text, err := os.ReadFile(file)
	if os.IsNotExist(err) || (err == nil && json.Valid(text)) {
		return nil
	}
	if err != nil {
		return err
	}
	return os.Remove(file)
}

// initialising keeps inits apart that share a plugin cache, which takes one at a time.
var initialising sync.Mutex

// init runs terraform init and notes what it has seen.
func (r *Root) init(ctx context.Context, options ...tfexec.InitOption) error {
	want, err := initFingerprint(r.Dir, r.fingerprint)
	if err != nil {
		return err
	}
	if have, err := os.ReadFile(r.mark()); err == nil && string(have) == want {
		return nil
	}
	// The lock file holds the hashes of the providers that were there; what pins them here is
	// the exact version in versions.tf and, in the source supply, go.sum.
	if err := os.Remove(filepath.Join(r.Dir, ".terraform.lock.hcl")); err != nil && !os.IsNotExist(err) {
		return err
	}
	if err := r.dropHalfWritten(); err != nil {
		return err
	}
	if os.Getenv("TF_PLUGIN_CACHE_DIR") != "" {
		initialising.Lock()
		defer initialising.Unlock()
	}
	events := newEvents(nil, r.log)
	if err := r.tf.InitJSON(ctx, events, append(options, tfexec.Upgrade(false))...); err != nil {
		return events.explain("init in "+r.Dir, err)
	}
	if err := os.MkdirAll(filepath.Dir(r.mark()), 0o755); err != nil { // a root without modules and providers has none
		return err
	}
	return os.WriteFile(r.mark(), []byte(want), 0o644)
}

// Plan writes a plan to file and tells whether it changes anything.
func (r *Root) Plan(ctx context.Context, file string, destroy bool) (changes bool, err error) {
	events := newEvents(nil, r.log)
	changes, err = r.tf.PlanJSON(ctx, events, tfexec.Out(file), tfexec.Destroy(destroy), tfexec.Lock(!r.unlocked), tfexec.LockTimeout(r.lockWait))
	return changes, events.explain("plan", err)
}

// Show reads a plan that Plan wrote.
func (r *Root) Show(ctx context.Context, file string) (*tfjson.Plan, error) {
	return r.tf.ShowPlanFile(ctx, file)
}

// Apply carries a plan out.
func (r *Root) Apply(ctx context.Context, file string, progress func(Change)) error {
	events := newEvents(progress, r.log)
	err := r.tf.ApplyJSON(ctx, events, tfexec.DirOrPlan(file), tfexec.Lock(!r.unlocked), tfexec.LockTimeout(r.lockWait))
	return events.explain("apply", err)
}

// Destroy removes everything in the root's state.
func (r *Root) Destroy(ctx context.Context, progress func(Change), refresh bool) error {
	events := newEvents(progress, r.log)
	err := r.tf.DestroyJSON(ctx, events, tfexec.Refresh(refresh), tfexec.Lock(!r.unlocked), tfexec.LockTimeout(r.lockWait))
	return events.explain("destroy", err)
}

// State is the root's state when it is a file on this machine; nil when there is none.
func (r *Root) State(context.Context) (*State, error) {
	backend, err := r.Backend()
	if err != nil {
		return nil, err
	}
	return ReadStateFile(localState(r.Dir, backend))
}

// Outputs are the values of the root's outputs, sensitive ones included, as JSON. They are asked of
// Terraform, which has to have been initialised when the state is kept elsewhere.
func (r *Root) Outputs(ctx context.Context) (map[string]json.RawMessage, error) {
	outputs, err := r.tf.Output(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the outputs of %s: %w", r.Dir, err)
	}
	values := make(map[string]json.RawMessage, len(outputs))
	for name, output := range outputs {
		values[name] = output.Value
	}
	return values, nil
}

package terraform

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/hashicorp/terraform-exec/tfexec"
)

// LocalStateError means that a root's state is kept elsewhere, and a local one is there as well.
type LocalStateError struct{ File string }

func (e *LocalStateError) Error() string {
	return e.File + " holds a state, but the root keeps its state elsewhere"
}

// Backend is where the root keeps its state.
func (r *Root) Backend() (Backend, error) { return ReadBackend(r.Dir) }

// Unlocked has Terraform take no lock on the state: whoever calls holds it.
func (r *Root) Unlocked() { r.unlocked = true }

// noLocalState refuses a root that keeps its state elsewhere while a local one lies beside it:
// whichever of the two is right, Terraform would go on with the other without a word.
func (r *Root) noLocalState() error {
	file := filepath.Join(r.Dir, "terraform.tfstate")
	state, err := ReadStateFile(file)
	if err != nil || state.Manages() {
		return &LocalStateError{File: file}
	}
	return nil
}

// Initialised tells whether Terraform has been initialised in the root, by whomever.
func (r *Root) Initialised() bool {
	_, err := os.Stat(filepath.Join(r.Dir, ".terraform"))
	return err == nil
}

// Forget takes everything out of the state, without touching what it records.
func (r *Root) Forget(ctx context.Context) error {
	text, err := r.tf.StatePull(ctx)
	if err != nil {
		return fmt.Errorf("read the state of %s: %w", r.Dir, err)
	}
	state, err := ReadState([]byte(text))
	if err != nil || state.Empty() {
		return err
	}
	empty, err := emptied([]byte(text))
	if err != nil {
		return err
	}
	file := filepath.Join(r.Dir, ".terraform", "kindling-empty.tfstate")
	if err := os.WriteFile(file, empty, 0o600); err != nil {
		return err
	}
	defer os.Remove(file)
	if err := r.tf.StatePush(ctx, file, tfexec.Lock(!r.unlocked), tfexec.LockTimeout(r.lockWait)); err != nil {
		return fmt.Errorf("empty the state of %s: %w", r.Dir, err)
	}
	return nil
}

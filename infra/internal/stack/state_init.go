package stack

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"

	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

// The files that tell both roots where states are kept. People commit them: whoever has the
// checkout works on the same states.
const (
	backendFile      = "backend.tf.json"
	clusterStateFile = "cluster_state.auto.tfvars.json"
)

// roots are those of an environment, in the order in which they are applied.
var roots = []string{clusterRoot, workloadsRoot}

// MovedState is what InitState has done.
type MovedState struct {
	StateReport
	Files []string `json:"files"` // to commit, relative to the checkout
}

// InitState has the environment's states kept in a bucket, which it makes when it is not there, and
// moves there what lies on this machine. An empty address means the bucket that is in use.
func (s *Stack) InitState(ctx context.Context, address string) (MovedState, error) {
	if s.Environment == "dev" {
		return MovedState{}, &ui.Failure{Step: "state", Sentence: "dev is each machine's own cluster: a state that others share would describe one that they do not have", Code: 2,
			Next: []string{"name an environment that is shared, as in make state-init env=staging bucket=…"}}
	}
	unlock, err := s.exclusive()
	if err != nil {
		return MovedState{}, err
	}
	defer unlock()
	if err := s.moveTo(ctx, address); err != nil {
		return MovedState{}, s.explained(err)
	}
	report, err := s.ShowState(ctx)
	return MovedState{StateReport: report, Files: s.stateFiles()}, err
}

func (s *Stack) moveTo(ctx context.Context, address string) error {
	wanted, err := s.stateAddress(address)
	if err != nil {
		return err
	}
	store, err := s.Bucket(ctx, wanted)
	if err != nil {
		return err
	}
	if err := s.prepareBucket(ctx, store); err != nil {
		return err
	}
	parts, err := s.known()
	if err != nil {
		return err
	}
	return s.moveStates(ctx, parts, store)
}

// explained is an error about buckets as people read it.
func (s *Stack) explained(err error) error {
	if shown := s.stateFailure("state", err); err != nil && shown != nil {
		return shown
	}
	return err
}

// stateAddress is the bucket that is named, or that is in use. Both have to be the same one.
func (s *Stack) stateAddress(text string) (bucket.Address, error) {
	place, used, err := s.usedPlace()
	if err != nil {
		return bucket.Address{}, err
	}
	if text == "" {
		if !used {
			return bucket.Address{}, &bucket.Refused{Sentence: "no bucket is named", Input: true,
				Next: []string{"make state-init env=" + s.Environment + " bucket=…, as in " + bucket.Example}}
		}
		a := place.Address
		a.Prefix = strings.TrimPrefix(path.Dir(path.Join("/", folderOf(place))), "/")
		return a, nil
	}
	wanted, err := bucket.Parse(text)
	if err != nil || !used {
		return wanted, err
	}
	if now := wanted.Place(s.Environment, roots[0]); now.String() != place.String() || wanted.Endpoint != place.Address.Endpoint {
		return wanted, &bucket.Refused{Sentence: fmt.Sprintf("%s keeps its states in %s already", s.Environment, place), Input: true,
			Next: []string{"make state-init env=" + s.Environment + " without a bucket checks and finishes that one",
				"to move on to another bucket, change " + backendFile + " in both roots and run terraform init -migrate-state in them"}}
	}
	if wanted.Region == "" {
		wanted.Region = place.Address.Region
	}
	return wanted, nil
}

// folderOf is the folder of the environment in its bucket.
func folderOf(place bucket.Place) string {
	folder := path.Dir(place.State)
	if place.Address.Kind == bucket.GCS {
		folder = path.Dir(folder) // a folder for each root
	}
	return folder
}

// usedPlace is where the cluster root keeps its state, if that is a bucket.
func (s *Stack) usedPlace() (place bucket.Place, used bool, err error) {
	backend, err := terraform.ReadBackend(s.clusterDir())
	if err != nil || backend.Local() {
		return place, false, err
	}
	place, err = bucket.PlaceOf(backend.Kind, backend.Config)
	return place, true, err
}

// moveNote says that states are being moved. It goes when everything is done: until then nothing
// else touches the environment.
type moveNote struct {
	Bucket bucket.Address `json:"bucket"`
	Making bool           `json:"making"` // the bucket was not there
}

func (s *Stack) moveNoteFile() string { return filepath.Join(s.Work(), "state-init.json") }

func (s *Stack) moveNote() (note moveNote, there bool) {
	text, err := os.ReadFile(s.moveNoteFile())
	return note, err == nil && json.Unmarshal(text, &note) == nil
}

func (s *Stack) writeMoveNote(note moveNote) error {
	text, err := json.Marshal(note)
	if err != nil {
		return err
	}
	return writeFile(s.moveNoteFile(), text, 0o644)
}

// halfMoved refuses to work on states of which InitState has moved one and not the other.
func (s *Stack) halfMoved() error {
	note, there := s.moveNote()
	if _, begun, err := s.usedPlace(); err != nil || !there || !begun {
		return err
	}
	return &ui.Failure{Step: "state", Sentence: "moving the states of " + s.Environment + " to " + note.Bucket.String() + " was interrupted",
		Next: []string{"kindling state init --env " + s.Environment + " --bucket … again, with the same bucket: it goes on where it was"}}
}

// prepareBucket makes the bucket, or checks it.
func (s *Stack) prepareBucket(ctx context.Context, store Store) error {
	step := s.Progress.Step("bucket")
	name := store.Address().String()
	earlier, there := s.moveNote()
	outcome, err := store.Prepare(ctx, bucket.Preparation{Unfinished: there && earlier.Bucket.String() == name && earlier.Making,
		Begin: func() error { return s.writeMoveNote(moveNote{Bucket: store.Address(), Making: true}) }})
	if err == nil {
		err = s.writeMoveNote(moveNote{Bucket: store.Address()})
	}
	if err != nil {
		step.Fail()
		return err
	}
	text := "keeps versions and is not public"
	if outcome.Made {
		text = "made, keeps versions"
	}
	step.Done(strings.Join(append([]string{name + " · " + text}, outcome.Notes...), " · "))
	return nil
}

// moveStates moves one root after the other, and tells the workloads where the cluster's state is.
func (s *Stack) moveStates(ctx context.Context, parts Parts, store Store) error {
	for _, name := range roots { // before either is moved
		if err := s.newMove(store, name).check(ctx); err != nil {
			return s.explained(err)
		}
	}
	for _, name := range roots {
		step := s.Progress.Step(name)
		done, err := s.moveState(ctx, parts, store, name, step)
		if err != nil {
			step.Fail()
			return s.terraformFailure(name, err)
		}
		step.Done(done)
	}
	place := store.Address().Place(s.Environment, roots[0])
	err := writeVariables(filepath.Join(s.workloadsDir(), clusterStateFile), map[string]any{
		"cluster_state": map[string]any{"backend": place.Address.Kind, "config": place.Backend()}})
	if err != nil {
		return err
	}
	return removeFile(s.moveNoteFile())
}

// writeBackend writes a root's backend. JSON leaves the roots' .tf files the same everywhere.
func writeBackend(dir string, place bucket.Place) error {
	return writeVariables(filepath.Join(dir, backendFile), map[string]any{
		"//":        "Written by kindling state init. It holds no credentials: those come from the environment.",
		"terraform": map[string]any{"backend": map[string]any{place.Address.Kind: place.Backend()}}})
}

// stateFiles are the files that belong into the repository, relative to the checkout.
func (s *Stack) stateFiles() []string {
	folder := path.Join("environments", s.Environment)
	return []string{path.Join(folder, "cluster", backendFile), path.Join(folder, "workloads", backendFile), path.Join(folder, "workloads", clusterStateFile)}
}

package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"time"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

// supplyAdapter provides an environment with third-party parts: it chooses the supply, builds what
// that does not find published, mirrors providers and pushes images.
type supplyAdapter struct {
	app         *app
	root        string
	environment string // empty: the checkout's, whichever it is
	registries  supply.Probe
	choice      supply.Choice // made once a run
	provided    supply.Provided
	lockWait    time.Duration // of the roots that it opens
}

// supply prepares the supply of an environment; with none named, that of the checkout.
func (a *app) supply(root, environment string) (*supplyAdapter, error) {
	if err := supply.CheckSetting(os.Getenv(supply.Setting)); err != nil {
		return nil, badInput("supply", err.Error(), supply.Setting+"=source make up env=dev", "unset "+supply.Setting)
	}
	if err := supply.CheckProviderMirror(os.Getenv(supply.ProviderMirror)); err != nil {
		return nil, badInput("supply", err.Error(), supply.ProviderMirror+"=https://mirror.example.com/providers/ make up env=dev", "unset "+supply.ProviderMirror)
	}
	return &supplyAdapter{app: a, root: root, environment: environment, registries: supply.Published()}, nil
}

// choose decides once a run which supply it is.
func (s *supplyAdapter) choose(ctx context.Context) (choice supply.Choice, err error) {
	if s.choice.Kind == "" {
		s.choice, err = supply.Choose(ctx, os.Getenv(supply.Setting), standing(s.root, s.environment), s.registries)
	}
	return s.choice, err
}

// workFolder is where the tool keeps what it generates for the checkout.
func workFolder(root string) string { return filepath.Join(root, ".kindling") }

func (s *supplyAdapter) work(name string) string { return filepath.Join(workFolder(s.root), name) }

// Known are the parts that were last provided.
func (s *supplyAdapter) Known() (stack.Parts, error) {
	var parts stack.Parts
	text, err := os.ReadFile(s.work("parts.json"))
	if os.IsNotExist(err) {
		return stack.Parts{CLIConfig: s.work("terraform.rc")}, nil
	}
	if err != nil {
		return parts, err
	}
	return parts, json.Unmarshal(text, &parts)
}

// Provide makes the parts of the environment's supply ready.
func (s *supplyAdapter) Provide(ctx context.Context) (stack.Parts, error) {
	flavour, err := catalog.Flavour(s.root, s.environment)
	if err != nil {
		return stack.Parts{}, err
	}
	needs, err := serviceNeeds(s.root)
	if err != nil {
		return stack.Parts{}, err
	}
	if err := s.ensure(ctx, func(kind supply.Kind) []string { return kind.PartsOn(flavour, needs) }); err != nil {
		return stack.Parts{}, err
	}
	parts, err := s.parts(ctx)
	if err != nil {
		return stack.Parts{}, err
	}
	text, err := json.MarshalIndent(parts, "", "  ")
	if err != nil {
		return stack.Parts{}, err
	}
	return parts, replaceFile(s.work("parts.json"), text)
}

// ensure chooses the supply and builds those of its parts that are named.
func (s *supplyAdapter) ensure(ctx context.Context, names func(supply.Kind) []string) error {
	builder, parts, err := s.app.supplyBuilder()
	if err != nil {
		return err
	}
	step := s.app.printer.Step("supply")
	choice, err := s.choose(ctx)
	if err != nil {
		step.Fail()
		return err
	}
	wanted := append(names(choice.Kind), missingPrograms()...)
	if err := s.app.buildTools(ctx, builder, parts, wanted); err != nil {
		step.Fail()
		return err
	}
	dirs, summary, err := buildParts(ctx, s.app.printer, step, builder, parts, wanted)
	if err != nil {
		return err
	}
	step.Done(string(choice.Kind) + " · " + summary + " · " + choice.Why)
	s.provided = supply.NewProvided(dirs)
	return s.provided.LinkOpenTofu(s.work(openTofuLink))
}

// parts gives the engine its images and names what the environment's roots use. What the supply
// does not have is not named, so that the roots' defaults hold.
func (s *supplyAdapter) parts(ctx context.Context) (stack.Parts, error) {
	config, fingerprint, err := s.writeProviders()
	if err != nil {
		return stack.Parts{}, err
	}
	parts := stack.Parts{CLIConfig: config, Fingerprint: fingerprint}
	if parts.Node, err = s.load(ctx, "node"); err != nil {
		return parts, err
	}
	if parts.Registry, err = s.load(ctx, "registry"); err != nil {
		return parts, err
	}
	if s.provided.Has(supply.IngressController) {
		parts.SyncRate = supply.IngressSyncRate
	}
	parts.Images, err = s.references()
	return parts, err
}

// writeProviders writes the checkout's provider mirror and the CLI configuration that names it.
// The fingerprint changes when a provider or the configuration does, and with the program, since
// Terraform and OpenTofu look for the same provider in different folders.
func (s *supplyAdapter) writeProviders() (config, fingerprint string, err error) {
	text, err := s.provided.Mirror(s.work("providers"), os.Getenv(supply.ProviderMirror))
	if err != nil {
		return "", "", err
	}
	if s.choice.Kind == supply.Source { // also when only some providers were asked for
		text = supply.CLIConfig(s.work("providers"), false, os.Getenv(supply.ProviderMirror))
	}
	program, err := s.useTerraform()
	if err != nil {
		return "", "", err
	}
	sum := sha256.Sum256([]byte(text + s.provided.Fingerprint() + filepath.Base(program)))
	config = s.work("terraform.rc")
	return config, hex.EncodeToString(sum[:]), replaceFile(config, []byte(text))
}

// load gives the engine a part's image and returns its name, empty when the supply has none.
func (s *supplyAdapter) load(ctx context.Context, part string) (string, error) {
	if !s.provided.Has(part) {
		return "", nil
	}
	image, err := s.provided.EngineImage(part)
	if err != nil {
		return "", err
	}
	return image.Ref, loadImage(ctx, image)
}

// Push stores the workload images in a registry that mirrors the published ones.
func (s *supplyAdapter) Push(ctx context.Context, registry string) (all, pushed int, err error) {
	images, err := s.provided.WorkloadImages(s.root)
	if err != nil {
		return 0, 0, err
	}
	for _, i := range images {
		fresh, err := i.Push(ctx, registry)
		if err != nil {
			return len(images), pushed, &ui.Failure{Step: "push", Sentence: i.Name + " could not be stored in the registry " + registry, Seen: []string{err.Error()}, Next: []string{"make doctor"}, Err: err}
		}
		if fresh {
			pushed++
		}
	}
	return len(images), pushed, nil
}

// standing is the supply that the environment's cluster was made with, as its roots record it;
// empty when there is no cluster on this machine. With no environment named, any one's counts.
func standing(root, environment string) supply.Kind {
	if environment == "" {
		environment = "*"
	}
	dirs, err := filepath.Glob(filepath.Join(root, "environments", environment, "cluster"))
	if err != nil {
		return ""
	}
	for _, dir := range dirs {
		if !hasCluster(filepath.Join(dir, "terraform.tfstate")) && !keptElsewhere(dir) {
			continue
		}
		var variables map[string]any
		if text, err := os.ReadFile(filepath.Join(dir, "supply.auto.tfvars.json")); err != nil || json.Unmarshal(text, &variables) != nil {
			continue // it was not made by this tool
		}
		if variables["node_image"] != nil {
			return supply.Source
		}
		return supply.Upstream
	}
	return ""
}

// keptElsewhere tells whether a root's state is not on this machine. What the roots record of the
// supply is then taken to hold: down removes it.
func keptElsewhere(dir string) bool {
	backend, err := terraform.ReadBackend(dir)
	return err == nil && !backend.Local()
}

// hasCluster tells whether a state file records a kind cluster.
func hasCluster(file string) bool {
	var state struct {
		Resources []struct {
			Type string `json:"type"`
		} `json:"resources"`
	}
	text, err := os.ReadFile(file)
	if err != nil || json.Unmarshal(text, &state) != nil {
		return false
	}
	for _, resource := range state.Resources {
		if resource.Type == "kind_cluster" {
			return true
		}
	}
	return false
}

// replaceFile replaces a file whole, unless it has that content: Terraform may be reading it.
func replaceFile(path string, content []byte) error {
	if now, err := os.ReadFile(path); err == nil && bytes.Equal(now, content) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(path+".new", content, 0o644); err != nil {
		return err
	}
	return os.Rename(path+".new", path)
}

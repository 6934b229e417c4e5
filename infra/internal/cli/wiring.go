package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"kindling.internal/infra/internal/engine"
	"kindling.internal/infra/internal/image"
	"kindling.internal/infra/internal/kindcluster"
	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/localca"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/supply"
	"kindling.internal/infra/internal/terraform"
	"kindling.internal/infra/internal/ui"
)

// stack is the environment that a command works on.
func (a *app) stack(environment string) (*stack.Stack, error) {
	root, err := repository()
	if err != nil {
		return nil, err
	}
	if err := checkEnvironment(root, environment); err != nil {
		return nil, err
	}
	builder, err := serviceBuilder(root)
	if err != nil {
		return nil, err
	}
	authority, err := localca.Default()
	if err != nil {
		return nil, err
	}
	parts := &supplyAdapter{app: a, root: root}
	return &stack.Stack{
		Root: root, Environment: environment,
		Engine: engineAdapter{a}, Supply: parts,
		Images:    imagesAdapter{builder},
		Terraform: openRoot, Cluster: openCluster, Authority: authority, Ask: asker(authority.Certificate()),
		Version:  func(ctx context.Context) string { return describe(ctx, root) },
		Progress: progressAdapter{a.printer},
	}, nil
}

// environments are the folders of environments/ that have both roots.
func environments(root string) []string {
	found, err := filepath.Glob(filepath.Join(root, "environments", "*", "workloads"))
	if err != nil {
		return nil
	}
	names := make([]string, 0, len(found))
	for _, dir := range found {
		names = append(names, filepath.Base(filepath.Dir(dir)))
	}
	return names
}

func checkEnvironment(root, name string) error {
	known := environments(root)
	if name == "" {
		return badInput("kindling", "no environment is named", "make up env=dev (there are "+oneOf(known)+")")
	}
	for _, k := range known {
		if k == name {
			return nil
		}
	}
	return badInput("kindling", "there is no environment "+name, "name "+oneOf(known)+", as in make up env=dev")
}

// describe is what people call the checkout's state: git describe, or dev outside of git.
func describe(ctx context.Context, root string) string {
	cmd := exec.CommandContext(ctx, "git", "-C", root, "describe", "--tags", "--always", "--dirty")
	text, err := cmd.Output()
	if err != nil {
		return "dev"
	}
	return strings.TrimSpace(string(text))
}

type engineAdapter struct{ app *app }

func (e engineAdapter) Ensure(ctx context.Context) (string, error) {
	host, log, err := e.app.engineHost()
	if err != nil {
		return "", err
	}
	defer log.Close()
	info, err := host.Ensure(ctx)
	if err != nil {
		return "", engineFailure(err, host)
	}
	e.app.raiseInotify()
	return info.String(), nil
}

func (e engineAdapter) Leftovers(ctx context.Context, cluster string) ([]string, error) {
	if _, err := engine.Find(ctx); errors.Is(err, engine.ErrAbsent) {
		return nil, &ui.Failure{Step: "down", Sentence: "no engine answers, so nothing can be proved", Seen: []string{err.Error()}, Next: []string{"start the engine, then run the same command again"}, Err: err}
	}
	return kindcluster.New().Leftovers(ctx, cluster)
}

// supplyAdapter is the source supply: it builds parts, mirrors providers and pushes images.
type supplyAdapter struct {
	app    *app
	root   string
	source supply.Source
}

func (s *supplyAdapter) stateFile() string { return filepath.Join(s.root, ".kindling", "parts.json") }

// Known are the parts that were last provided.
func (s *supplyAdapter) Known() (stack.Parts, error) {
	var parts stack.Parts
	text, err := os.ReadFile(s.stateFile())
	if os.IsNotExist(err) {
		return stack.Parts{CLIConfig: s.cliConfig()}, nil
	}
	if err != nil {
		return parts, err
	}
	return parts, json.Unmarshal(text, &parts)
}

func (s *supplyAdapter) cliConfig() string { return filepath.Join(s.root, ".kindling", "terraform.rc") }

func (s *supplyAdapter) Provide(ctx context.Context) (stack.Parts, error) {
	builder, parts, err := s.app.supplyBuilder()
	if err != nil {
		return stack.Parts{}, err
	}
	if err := s.app.buildTools(ctx, builder, parts); err != nil {
		return stack.Parts{}, err
	}
	dirs, err := ensureParts(ctx, s.app.printer, builder, parts, supply.Finished)
	if err != nil {
		return stack.Parts{}, err
	}
	s.source = supply.NewSource(dirs)
	provided, err := s.provided(ctx)
	if err != nil {
		return stack.Parts{}, err
	}
	text, err := json.MarshalIndent(provided, "", "  ")
	if err != nil {
		return stack.Parts{}, err
	}
	return provided, os.WriteFile(s.stateFile(), text, 0o644)
}

func (s *supplyAdapter) provided(ctx context.Context) (stack.Parts, error) {
	config, fingerprint, err := writeProviders(s.root, s.source)
	if err != nil {
		return stack.Parts{}, err
	}
	parts := stack.Parts{CLIConfig: config, Fingerprint: fingerprint, Images: map[string]string{}}
	if parts.Node, err = s.load(ctx, s.source.Node); err != nil {
		return parts, err
	}
	if parts.Registry, err = s.load(ctx, s.source.Registry); err != nil {
		return parts, err
	}
	images, err := s.source.WorkloadImages(s.root)
	if err != nil {
		return parts, err
	}
	for _, i := range images {
		if parts.Images[i.Name], err = i.Reference(); err != nil {
			return parts, err
		}
	}
	return parts, nil
}

// writeProviders writes the checkout's provider mirror and the CLI configuration that names it.
// The fingerprint changes when a provider or the configuration does.
func writeProviders(root string, source supply.Source) (config, fingerprint string, err error) {
	dir := filepath.Join(root, ".kindling")
	mirror := filepath.Join(dir, "providers")
	if err := source.Mirror(mirror); err != nil {
		return "", "", err
	}
	config = filepath.Join(dir, "terraform.rc")
	text := supply.CLIConfig(mirror, false)
	sum := sha256.Sum256([]byte(text + source.Fingerprint()))
	return config, hex.EncodeToString(sum[:]), os.WriteFile(config, []byte(text), 0o644)
}

func (s *supplyAdapter) load(ctx context.Context, find func() (supply.EngineImage, error)) (string, error) {
	image, err := find()
	if err != nil {
		return "", err
	}
	return image.Ref, loadImage(ctx, image)
}

func (s *supplyAdapter) Push(ctx context.Context, registry string) (all, pushed int, err error) {
	images, err := s.source.WorkloadImages(s.root)
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

// serviceBuilder builds services' images with what other checkouts built before.
func serviceBuilder(root string) (image.Builder, error) {
	cache, err := supply.DefaultCache()
	return image.Builder{Root: root, CacheDir: filepath.Join(cache.Dir, "images")}, err
}

// isLocal tells whether a registry is on this machine, where plain HTTP is the rule.
func isLocal(registry string) bool {
	host, _, _ := strings.Cut(registry, ":")
	return host == "localhost" || host == "127.0.0.1"
}

type imagesAdapter struct{ image.Builder }

func (imagesAdapter) Push(ctx context.Context, built image.Built, registry string, insecure bool) (string, bool, error) {
	return image.Push(ctx, built, registry, insecure)
}

func openRoot(dir string, parts stack.Parts, log io.Writer) (stack.Root, error) {
	root, err := terraform.Open(dir, terraform.Options{CLIConfig: parts.CLIConfig, Fingerprint: parts.Fingerprint, Log: log})
	if err != nil {
		return nil, err
	}
	return root, nil
}

func openCluster(c stack.Connection) (stack.Cluster, error) {
	return kube.New(kube.Config{Endpoint: c.Endpoint, CA: []byte(c.CA), ClientCert: []byte(c.ClientCert), ClientKey: []byte(c.ClientKey)})
}

// progressAdapter shows a stack's progress with ui.
type progressAdapter struct{ printer *ui.Printer }

func (p progressAdapter) Step(name string) stack.Step { return stepAdapter{p.printer.Step(name)} }

type stepAdapter struct{ *ui.Step }

func (s stepAdapter) Item(name string) stack.Item { return s.Step.Item(name) }

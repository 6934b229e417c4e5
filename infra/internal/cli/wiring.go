package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/catalog"
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
	parts, err := a.supply(root, environment)
	if err != nil {
		return nil, err
	}
	if parts.lockWait, err = lockWait(); err != nil {
		return nil, err
	}
	return &stack.Stack{
		Root: root, Environment: environment,
		Engine: engineAdapter{a}, Supply: parts,
		Images:    imagesAdapter{builder},
		Terraform: parts.openRoot, Bucket: openBucket, LockWait: parts.lockWait, Cluster: openCluster, Secret: secret, Give: give, Authority: authority, Ask: asker(authority.Certificate()),
		Version: func(ctx context.Context) string { return describe(ctx, root) },
		Affected: func(ctx context.Context, since string) ([]catalog.Change, error) {
			return catalog.Affected(ctx, root, since)
		},
		Revision: func(ctx context.Context, since, dir string) (stack.Revision, error) {
			return revision(ctx, root, since, dir)
		},
		Progress: progressAdapter{a.printer}, Policy: judge{a, filepath.Join(root, "environments", environment)},
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
	text, err := git(ctx, root, "describe", "--tags", "--always", "--dirty")
	if err != nil {
		return "dev"
	}
	return text
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

func (e engineAdapter) Sweep(ctx context.Context, cluster string) error {
	return kindcluster.New().Sweep(ctx, cluster)
}

// portHolder names who listens on a port of 127.0.0.1.
func portHolder(ctx context.Context, port int32) (name string, found bool) {
	return kindcluster.New().Holder(ctx, port)
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

func (imagesAdapter) Copy(ctx context.Context, service, ref string, insecure bool, to image.Place) (string, bool, error) {
	return image.Copy(ctx, service, ref, insecure, to)
}

func (imagesAdapter) Has(ctx context.Context, ref string, insecure bool) (bool, error) {
	return image.Has(ctx, ref, insecure)
}

// openRoot opens a root with terraform, or else with the OpenTofu that the supply built.
func (s *supplyAdapter) openRoot(dir string, parts stack.Parts, log io.Writer) (stack.Root, error) {
	if _, err := s.useTerraform(); err != nil {
		return nil, err
	}
	root, err := terraform.Open(dir, terraform.Options{CLIConfig: parts.CLIConfig, Fingerprint: parts.Fingerprint, Log: log, LockWait: s.lockWait})
	if err != nil {
		return nil, err
	}
	return root, nil
}

// lockSetting is the variable that says how long to wait for a state that somebody else has locked.
const lockSetting = "KINDLING_LOCK_WAIT"

func lockWait() (time.Duration, error) {
	text := os.Getenv(lockSetting)
	if text == "" {
		return time.Minute, nil
	}
	wait, err := time.ParseDuration(text)
	if err != nil || wait < 0 {
		return 0, badInput("state", fmt.Sprintf("%s is %q, which is no length of time", lockSetting, text), lockSetting+"=5m")
	}
	return wait, nil
}

func openBucket(ctx context.Context, address bucket.Address) (stack.Store, error) {
	store, err := bucket.Open(ctx, address)
	if err != nil {
		return nil, err
	}
	return store, nil
}

func openCluster(c stack.Connection) (stack.Cluster, error) {
	config := kube.Config{Endpoint: c.Endpoint, CA: []byte(c.CA), ClientCert: []byte(c.ClientCert), ClientKey: []byte(c.ClientKey)}
	if c.Exec != nil {
		config.Exec = &kube.Exec{APIVersion: c.Exec.APIVersion, Command: c.Exec.Command.Command, Args: c.Exec.Args}
	}
	return kube.New(config)
}

// secret runs a command that prints a credential, and returns it without the end of its last line.
func secret(ctx context.Context, command stack.Command) (string, error) {
	printed, err := credential(ctx, command, nil)
	value := strings.TrimSuffix(printed, "\n")
	if err == nil && value == "" {
		return "", fmt.Errorf("%s %w", command.Command, stack.ErrNoValue)
	}
	return value, err
}

// give runs a command that reads a value from its standard input.
func give(ctx context.Context, command stack.Command, value string) error {
	_, err := credential(ctx, command, strings.NewReader(value))
	return err
}

// credential runs a command that reads or prints a credential. What the command says besides is the
// error's text; what it reads and prints is in no error.
func credential(ctx context.Context, command stack.Command, input io.Reader) (printed string, err error) {
	var said bytes.Buffer
	cmd := exec.CommandContext(ctx, command.Command, command.Args...)
	cmd.Stdin, cmd.Stderr = input, &said
	text, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", command.Command, err, strings.TrimSpace(said.String()))
	}
	return string(text), nil
}

// progressAdapter shows a stack's progress with ui.
type progressAdapter struct{ printer *ui.Printer }

func (p progressAdapter) Step(name string) stack.Step { return stepAdapter{p.printer.Step(name)} }

type stepAdapter struct{ *ui.Step }

func (s stepAdapter) Item(name string) stack.Item { return s.Step.Item(name) }

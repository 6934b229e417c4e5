// Package stack is the order of steps that bring an environment up, change it and take it down,
// and what must hold between them. It declares the interfaces it needs; cli wires them.
package stack

import (
	"context"
	"encoding/json"
	"io"
	"path/filepath"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"kindling.internal/infra/internal/bucket"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/image"
	"kindling.internal/infra/internal/kube"
	"kindling.internal/infra/internal/policy"
	"kindling.internal/infra/internal/terraform"
)

// Stack is one environment of one checkout.
type Stack struct {
	Root        string // the checkout
	Environment string

	Engine    Engine
	Supply    Supply
	Images    Images
	Terraform func(dir string, parts Parts, log io.Writer) (Root, error)
	Bucket    func(ctx context.Context, address bucket.Address) (Store, error) // that keeps states
	Cluster   func(Connection) (Cluster, error)
	Authority Authority
	Ask       func(ctx context.Context, url string) (status int, err error)  // GET, as a user of this machine would
	Secret    func(ctx context.Context, command Command) (string, error)     // what a credential command prints
	Give      func(ctx context.Context, command Command, value string) error // a value to such a command
	Version   func(ctx context.Context) string                               // of the checkout: git describe
	Affected  func(ctx context.Context, since string) ([]catalog.Change, error)
	Revision  func(ctx context.Context, since, dir string) (Revision, error) // where the checkout branched off from since, put into dir
	Progress  Progress
	Policy    Policy

	// ConfirmLoss is what a person says who wants a plan carried out that loses data.
	ConfirmLoss bool
	dropping    string // the service whose database is dropped, and so may be lost

	LockWait time.Duration // how long to wait for a state that somebody else has locked
}

// Engine runs the nodes of local clusters.
type Engine interface {
	// Ensure returns a line about the engine, which it installs and starts when there is none.
	Ensure(ctx context.Context) (string, error)
	// Leftovers names what a cluster of that name left behind: containers, networks, volumes.
	Leftovers(ctx context.Context, cluster string) ([]string, error)
	// Sweep removes what was made of a cluster before Terraform recorded it.
	Sweep(ctx context.Context, cluster string) error
}

// Parts are the third-party parts of an environment, ready to use.
type Parts struct {
	Node        string            // image in the engine; empty: the modules' published default
	Registry    string            // likewise
	Images      map[string]string // references of workload images by their name in Terraform; empty likewise
	SyncRate    float64           // how often a second the ingress controller in Images may follow the cluster; 0: the modules' default
	CLIConfig   string            // path of the Terraform CLI configuration
	Fingerprint string            // changes when the providers do
}

// Supply provides third-party parts.
type Supply interface {
	Provide(ctx context.Context) (Parts, error)
	// Planning makes ready no more than a plan takes that names nothing that is built here: the
	// providers of these sources, as hashicorp/aws.
	Planning(ctx context.Context, providers []string) (Parts, error)
	// Known returns what is provided already, and builds nothing.
	Known() (Parts, error)
	// Push stores the workload images in a registry that mirrors the published ones, and returns
	// how many there are and how many of them were not there.
	Push(ctx context.Context, registry string) (all, fresh int, err error)
}

// Images builds the services' images and stores them in a registry.
type Images interface {
	BuildAll(ctx context.Context, names []string, progress func(image.Progress)) ([]image.Built, error)
	// Edited guesses whether BuildAll will make other images than the last time.
	Edited(names []string) bool
	Push(ctx context.Context, built image.Built, registry string, insecure bool) (ref string, pushed bool, err error)
	// Copy stores an image of one registry, named by digest, in another, with what is attached to it.
	Copy(ctx context.Context, service, ref string, insecure bool, to image.Place) (copied string, fresh bool, err error)
	// Has tells whether a registry has an image, named by digest.
	Has(ctx context.Context, ref string, insecure bool) (bool, error)
}

// Root is a root module of the environment with its state.
type Root interface {
	Init(ctx context.Context) error
	Plan(ctx context.Context, file string, destroy bool) (changes bool, err error)
	Show(ctx context.Context, file string) (*tfjson.Plan, error)
	// Rehearse plans what the tests in the root's folder say, with the providers that they mock.
	Rehearse(ctx context.Context) (*tfjson.Plan, error)
	Apply(ctx context.Context, file string, progress func(terraform.Change)) error
	Destroy(ctx context.Context, progress func(terraform.Change), refresh bool) error
	Outputs(ctx context.Context) (map[string]json.RawMessage, error)
	// State is nil when there is none.
	State(ctx context.Context) (*terraform.State, error)
	Backend() (terraform.Backend, error)
	// Unlocked has Terraform take no lock on the state: the caller holds it.
	Unlocked()
	// Forget empties the state, without touching what it records.
	Forget(ctx context.Context) error
	Initialised() bool
}

// Store is a bucket that keeps states.
type Store interface {
	Address() bucket.Address
	Prepare(ctx context.Context, p bucket.Preparation) (bucket.Outcome, error)
	Read(ctx context.Context, name string) (*bucket.Object, error)
	ReadLock(ctx context.Context, place bucket.Place) (*bucket.Lock, error)
	// Create makes an object; made is false when there is one of that name.
	Create(ctx context.Context, name string, content []byte) (made bool, err error)
	// Lock takes the lock on a state; the ID is empty when somebody else holds it.
	Lock(ctx context.Context, place bucket.Place, lock bucket.Lock) (id string, err error)
	Unlock(ctx context.Context, place bucket.Place, id string) error
}

// Policy judges plans by the rules of the repository.
type Policy interface {
	Judge(ctx context.Context, about policy.Subject, plan *tfjson.Plan) (policy.Findings, error)
}

// Cluster is asked what became of the workloads.
type Cluster interface {
	WaitReady(ctx context.Context, wait kube.Wait) error
	Snapshot(ctx context.Context, workloads []kube.Workload) ([]kube.Status, error)
	Logs(ctx context.Context, options kube.LogOptions, out io.Writer) error
	DeleteSecret(ctx context.Context, namespace, name string) error
	// BindPolicy puts an admission policy in force.
	BindPolicy(ctx context.Context, policy string) error
}

// Authority signs the certificate that services answer HTTPS with.
type Authority interface {
	Issue(dir string, names []string) (made bool, err error)
	Certificate() string
}

// Progress shows what happens.
type Progress interface {
	Step(name string) Step
}

// Step is one line of progress.
type Step interface {
	Update(text string)
	Item(name string) Item
	Done(summary string)
	Fail()
}

// Item is a line below a step.
type Item interface {
	Update(text string)
	Done(text string)
}

// Connection is the `cluster` output of a cluster root.
type Connection struct {
	Name       string `json:"name"`
	Flavour    string `json:"flavour"`
	UID        string `json:"uid"`
	Endpoint   string `json:"endpoint"`
	CA         string `json:"ca_certificate"`
	ClientCert string `json:"client_certificate"`
	ClientKey  string `json:"client_key"`
	Kubeconfig string `json:"kubeconfig"`
	Exec       *Exec  `json:"exec"` // nil where there is a client certificate
}

// Exec is the command that prints a token for a cluster, as in a kubeconfig.
type Exec struct {
	APIVersion string `json:"api_version"`
	Command
}

// Registry is the `registry` output of a cluster root.
type Registry struct {
	Host     string            `json:"host"`
	Push     string            `json:"push"`
	Insecure bool              `json:"insecure"`
	Mirrors  map[string]string `json:"mirrors"` // where images of other registries are, by registry; may be nil
}

// rolloutTimeout bounds the wait for workloads of which nothing more definite is known.
const rolloutTimeout = 5 * time.Minute

// localFlavour is the flavour of clusters whose nodes run in this machine's engine.
const localFlavour = "kind"

func (s *Stack) dir() string          { return filepath.Join(s.Root, "environments", s.Environment) }
func (s *Stack) clusterDir() string   { return filepath.Join(s.dir(), "cluster") }
func (s *Stack) workloadsDir() string { return filepath.Join(s.dir(), "workloads") }

// Work is the folder of what the tool writes about the environment: logs, plans, the lock and
// the kubeconfig.
func (s *Stack) Work() string { return filepath.Join(s.Root, ".kindling", s.Environment) }

// Kubeconfig is the path of the file that kubectl uses for the environment.
func (s *Stack) Kubeconfig() string { return filepath.Join(s.Work(), "kubeconfig") }

func serviceNames(services []catalog.Service) []string {
	names := make([]string, 0, len(services))
	for _, service := range services {
		names = append(names, service.Name)
	}
	return names
}

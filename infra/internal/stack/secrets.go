package stack

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/ui"
)

// SecretReport tells of one secret of a service. It holds no value.
type SecretReport struct {
	Service  string `json:"service"`
	Name     string `json:"name"`
	Env      string `json:"env"`
	Provided bool   `json:"provided"`         // by people; else drawn at random
	Drawn    bool   `json:"-"`                // in the cluster: nobody has to give it
	Where    string `json:"where"`            // that keeps the value
	Orphan   bool   `json:"orphan,omitempty"` // a value of this machine that no service.yaml wants any more
	// Revision changes whenever the value does. It is empty when there is no value yet, or when it is
	// drawn in the cluster.
	Revision string `json:"revision,omitempty"`
}

// Missing tells whether the service cannot run for want of the value.
func (r SecretReport) Missing() bool { return r.Revision == "" && !r.Drawn && !r.Orphan }

// Where values are.
const (
	inCluster    = "the cluster, which draws it"
	inCloudStore = "the cloud's secret manager"
)

// secretName is a secret of a service.
type secretName struct{ service, name string }

// String is how the roots of Terraform name it.
func (n secretName) String() string { return n.service + "/" + n.name }

// storedSecret is the file of a value that is kept on this machine. The workloads root reads it, so
// that plain Terraform finds the value too.
type storedSecret struct {
	Value    string `json:"value"`
	Revision string `json:"revision"` // says nothing of the value
}

func (s *Stack) secretFile(n secretName) string {
	return filepath.Join(s.Root, secretPath(s.Environment, n))
}

// secretPath is where an environment keeps a value, below the checkout.
func secretPath(environment string, n secretName) string {
	return filepath.Join("environments", environment, ".secrets", n.service, n.name+".json")
}

// ProvidedSecret is a value of this machine that people provided.
type ProvidedSecret struct {
	Environment, Service, Name string
	File                       string // below the checkout
}

// ProvidedSecrets finds values; "*" stands for any environment or service.
func ProvidedSecrets(root, environment, service string) ([]ProvidedSecret, error) {
	paths, err := filepath.Glob(filepath.Join(root, secretPath(environment, secretName{service, "*"})))
	if err != nil {
		return nil, err
	}
	found := make([]ProvidedSecret, 0, len(paths))
	for _, path := range paths {
		file, err := filepath.Rel(root, path)
		if err != nil {
			return nil, err
		}
		services, name := filepath.Dir(path), strings.TrimSuffix(filepath.Base(path), ".json")
		found = append(found, ProvidedSecret{Environment: filepath.Base(filepath.Dir(filepath.Dir(services))), Service: filepath.Base(services), Name: name, File: file})
	}
	return found, nil
}

// readSecret is nil when there is no value, or a file that nobody else takes for one.
func (s *Stack) readSecret(n secretName) (*storedSecret, error) {
	text, err := os.ReadFile(s.secretFile(n))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var stored storedSecret
	if err == nil {
		err = json.Unmarshal(text, &stored)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", s.secretFile(n), err) // the decoder's errors quote no value
	}
	if stored.Value == "" || stored.Revision == "" {
		return nil, nil
	}
	return &stored, nil
}

// CheckSecret refuses the name of a secret that cannot be set.
func (s *Stack) CheckSecret(service, name string) error { return s.settable(secretName{service, name}) }

// SetSecret provides the value of a service's secret. The same value again changes nothing.
func (s *Stack) SetSecret(ctx context.Context, service, name, value string) (changed bool, err error) {
	n := secretName{service, name}
	if err := s.settable(n); err != nil {
		return false, err
	}
	if err := s.acceptable(n, value); err != nil {
		return false, err
	}
	if !s.local() {
		return s.setCloudSecret(ctx, n, value)
	}
	unlock, err := s.exclusive()
	if err != nil {
		return false, err
	}
	defer unlock()
	stored, err := s.readSecret(n)
	if err == nil && stored != nil && stored.Value == value {
		return false, nil // a file that cannot be read is written anew
	}
	text, err := json.Marshal(storedSecret{Value: value, Revision: rand.Text()})
	if err != nil {
		return false, err
	}
	if err := os.MkdirAll(filepath.Dir(s.secretFile(n)), 0o700); err != nil {
		return false, err
	}
	return true, writeFile(s.secretFile(n), append(text, '\n'), 0o600)
}

// LargestSecret is what a secret manager of each cloud takes, in bytes. Pods get the value as an
// environment variable, of which Linux takes twice as much.
const LargestSecret = 64 << 10

// acceptable refuses what cannot be an environment variable.
func (s *Stack) acceptable(n secretName, value string) error {
	failure := &ui.Failure{Step: "secret", Next: []string{"write it to standard input: " + s.setting(n) + " <FILE"}, Code: 2}
	switch {
	case value == "":
		failure.Sentence = "the value is empty"
	case len(value) > LargestSecret:
		failure.Sentence = fmt.Sprintf("the value is longer than %d bytes", LargestSecret)
		failure.Next = []string{"a secret is a password, a key or a token; large files belong into a volume"}
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		failure.Sentence = "the value is no text, and pods get it as an environment variable"
		failure.Next = []string{"write it as text, such as base64"}
	default:
		return nil
	}
	return failure
}

// setting is the command that provides a value.
func (s *Stack) setting(n secretName) string {
	return fmt.Sprintf("make secret env=%s service=%s name=%s", s.Environment, n.service, n.name)
}

// settable refuses what no service.yaml names, and what is not for people to choose.
func (s *Stack) settable(n secretName) error {
	services, err := catalog.Load(s.Root)
	if err != nil {
		return CatalogFailure(err)
	}
	failure := &ui.Failure{Step: "secret", Code: 2}
	at := slices.IndexFunc(services, func(service catalog.Service) bool { return service.Name == n.service })
	if at < 0 {
		failure.Sentence = fmt.Sprintf("there is no service %q", n.service)
		failure.Next = []string{"name one of these: " + strings.Join(serviceNames(services), ", ")}
		return failure
	}
	var names []string
	for _, secret := range services[at].Secrets {
		if secret.Name == n.name {
			if secret.Provided || !s.local() {
				return nil
			}
			failure.Sentence = fmt.Sprintf("the secret %s of %s is drawn at random in %s's cluster", n.name, n.service, s.Environment)
			failure.Next = []string{fmt.Sprintf("write provided: true to it in services/%s/service.yaml, if the value is made elsewhere", n.service)}
			return failure
		}
		names = append(names, secret.Name)
	}
	if n.name == "" {
		n.name = "api-key"
		failure.Sentence = "no secret of " + n.service + " is named"
	} else {
		failure.Sentence = fmt.Sprintf("%s has no secret %q", n.service, n.name)
	}
	failure.Next = []string{fmt.Sprintf("write it under secrets in services/%s/service.yaml: - {name: %s, env: %s, provided: true}", n.service, n.name, envOf(n.name))}
	if len(names) > 0 {
		failure.Next = append([]string{"name one of these: " + strings.Join(names, ", ")}, failure.Next...)
	}
	return failure
}

// envOf is what a secret's variable is usually called.
func envOf(name string) string { return strings.ToUpper(strings.ReplaceAll(name, "-", "_")) }

// checkSecrets refuses to begin when a value is missing that is kept on this machine.
func (s *Stack) checkSecrets(services []catalog.Service) error {
	if !s.local() {
		return nil // they are asked for when the cluster is there
	}
	var missing []secretName
	for _, n := range secretsOf(services, true) {
		stored, err := s.readSecret(n)
		if err != nil {
			return &ui.Failure{Step: "secrets", Sentence: "the file of a secret cannot be read", Err: err, Seen: []string{err.Error()}, Next: []string{s.setting(n)}, Code: 2}
		}
		if stored == nil {
			missing = append(missing, n)
		}
	}
	if failure := s.secretsMissing(missing); failure != nil {
		failure.Code = 2 // nothing was begun
		return failure
	}
	return nil
}

// secretsMissing is the failure of values that nobody has provided; nil when there are none.
func (s *Stack) secretsMissing(missing []secretName) *ui.Failure {
	if len(missing) == 0 {
		return nil
	}
	failure := &ui.Failure{Step: "secrets", Sentence: fmt.Sprintf("%s needs the secret %s, which %s does not have", missing[0].service, missing[0].name, s.Environment)}
	if len(missing) > 1 {
		failure.Sentence = fmt.Sprintf("%s does not have %d secrets that services need", s.Environment, len(missing))
	}
	for _, n := range missing {
		if len(missing) > 1 {
			failure.Seen = append(failure.Seen, n.String())
		}
		failure.Next = append(failure.Next, s.setting(n))
	}
	return failure
}

// secretsOf are the secrets of services: all, or those that people provide.
func secretsOf(services []catalog.Service, providedOnly bool) []secretName {
	var names []secretName
	for _, service := range services {
		for _, secret := range service.Secrets {
			if secret.Provided || !providedOnly {
				names = append(names, secretName{service.Name, secret.Name})
			}
		}
	}
	return names
}

// UnsetSecret takes the value of a secret away from this machine.
func (s *Stack) UnsetSecret(service, name string) (changed bool, err error) {
	n := secretName{service, name}
	if !s.local() {
		return false, &ui.Failure{Step: "secret", Code: 2, Sentence: s.Environment + "'s secrets are in its cloud's secret manager, which keeps older values",
			Next: []string{"set another value: " + s.setting(n), "or disable it there"}}
	}
	if service == "" || name == "" || service != filepath.Base(service) || name != filepath.Base(name) {
		return false, s.settable(n) // which no service.yaml can name
	}
	unlock, err := s.exclusive()
	if err != nil {
		return false, err
	}
	defer unlock()
	err = os.Remove(s.secretFile(n)) // also of one that no service.yaml names any more
	if errors.Is(err, fs.ErrNotExist) {
		return false, s.settable(n)
	}
	_ = os.Remove(filepath.Dir(s.secretFile(n))) // when it is empty
	return err == nil, err
}

// Secrets tells of all secrets of services, and which values are missing.
func (s *Stack) Secrets(ctx context.Context) ([]SecretReport, error) {
	services, err := catalog.Load(s.Root)
	if err != nil {
		return nil, CatalogFailure(err)
	}
	reports := []SecretReport{}
	for _, service := range services {
		for _, secret := range service.Secrets {
			reports = append(reports, SecretReport{Service: service.Name, Name: secret.Name, Env: secret.Env, Provided: secret.Provided})
		}
	}
	if !s.local() {
		return reports, s.cloudRevisions(ctx, reports)
	}
	for i := range reports {
		r := &reports[i]
		n := secretName{r.Service, r.Name}
		if !r.Provided {
			r.Where, r.Drawn = inCluster, true
			continue
		}
		r.Where = secretPath(s.Environment, n)
		if stored, err := s.readSecret(n); err == nil && stored != nil { // up tells what is wrong with a file
			r.Revision = stored.Revision
		}
	}
	return s.withOrphans(reports)
}

// withOrphans adds the values of this machine that no service.yaml names.
func (s *Stack) withOrphans(reports []SecretReport) ([]SecretReport, error) {
	named := map[secretName]bool{}
	for _, r := range reports {
		named[secretName{r.Service, r.Name}] = r.Provided
	}
	provided, err := ProvidedSecrets(s.Root, s.Environment, "*")
	if err != nil {
		return nil, err
	}
	for _, p := range provided {
		if !named[secretName{p.Service, p.Name}] {
			reports = append(reports, SecretReport{Service: p.Service, Name: p.Name, Provided: true, Where: p.File, Orphan: true})
		}
	}
	return reports, nil
}

// exportable is a shell's way to set a variable to any text.
func exportable(name string, text []byte) string {
	return fmt.Sprintf("export %s='%s'\n", name, bytes.ReplaceAll(text, []byte("'"), []byte(`'\''`)))
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2/hclwrite"
	"github.com/zclconf/go-cty/cty"
	"golang.org/x/sync/errgroup"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/ui"
)

// Variables that hand secrets of services to the workloads root. The values are ephemeral there.
const (
	secretValuesVariable    = "TF_VAR_secret_values"
	secretRevisionsVariable = "TF_VAR_secret_revisions"
)

// ErrNoValue is what a credential command that prints nothing gives.
var ErrNoValue = errors.New("printed nothing")

// secretCommands are an entry of the `secrets` output of a cluster root: how to ask a cloud's secret
// manager.
type secretCommands struct {
	Revision Command `json:"revision_command"` // prints the latest
	Value    Command `json:"value_command"`    // prints the value of the one in place of revisionWord
	Set      Command `json:"set_command"`      // reads a value
}

// revisionWord stands in a command's arguments for the revision.
const revisionWord = "REVISION"

// at is the command that prints the value of a revision.
func (c secretCommands) at(revision string) Command {
	args := slices.Clone(c.Value.Args)
	for i := range args {
		if args[i] == revisionWord {
			args[i] = revision
		}
	}
	return Command{Command: c.Value.Command, Args: args}
}

// manager is what the cluster root tells of a cloud's secret manager: nothing before it was applied.
func (s *Stack) manager(ctx context.Context, parts Parts) (map[string]secretCommands, error) {
	root, err := s.root(ctx, s.clusterDir(), parts, nil)
	if err != nil {
		return nil, err
	}
	var secrets map[string]secretCommands
	return secrets, readOutputs(ctx, root, map[string]any{"secrets": &secrets})
}

// secretsAtOnce bounds the programs that ask a secret manager at the same time.
const secretsAtOnce = 8

// cloudSecrets asks the secret manager for the secrets of services, and hands them to Terraform by the
// environment: they are in no argument, no state, no plan and no log. What a shell has of an earlier
// time is not taken.
func (s *Stack) cloudSecrets(ctx context.Context, parts Parts) error {
	if s.local() {
		return errors.Join(os.Unsetenv(secretValuesVariable), os.Unsetenv(secretRevisionsVariable))
	}
	values, revisions, err := s.askSecrets(ctx, parts)
	if err != nil {
		return err
	}
	exported, err := s.variables(values, revisions)
	for name, text := range exported {
		err = errors.Join(err, os.Setenv(name, string(text)))
	}
	return err
}

// largestVariable is a little less than Linux lets a variable of the environment be, in bytes.
const largestVariable = 127 << 10

// variables are the values of the variables that hand secrets over.
func (s *Stack) variables(values, revisions map[string]string) (map[string][]byte, error) {
	exported := map[string][]byte{secretValuesVariable: s.expression(values), secretRevisionsVariable: s.expression(revisions)}
	for _, text := range exported {
		if len(text) > largestVariable {
			return nil, &ui.Failure{Step: "secrets", Sentence: fmt.Sprintf("the secrets of all services together are longer than %d bytes", largestVariable),
				Next: []string{"secrets are passwords, keys and tokens; large files belong into volumes"}}
		}
	}
	return exported, nil
}

// expression is a map as Terraform reads it from a variable of the environment: not as JSON, but in its
// own language, in which "${" begins something else. Its keys begin with the environment's name.
func (s *Stack) expression(texts map[string]string) []byte {
	values := make(map[string]cty.Value, len(texts))
	for name, text := range texts {
		values[s.Environment+"/"+name] = cty.StringVal(text)
	}
	return hclwrite.TokensForValue(cty.ObjectVal(values)).Bytes()
}

// askSecrets returns the secret manager's values and revisions, by SERVICE/NAME.
func (s *Stack) askSecrets(ctx context.Context, parts Parts) (values, revisions map[string]string, err error) {
	services, err := catalog.Load(s.Root)
	if err != nil {
		return nil, nil, CatalogFailure(err)
	}
	known, err := s.manager(ctx, parts)
	if err != nil {
		return nil, nil, err
	}
	values, revisions = map[string]string{}, map[string]string{}
	var missing []secretName
	var mu sync.Mutex
	group, all := errgroup.WithContext(ctx)
	group.SetLimit(secretsAtOnce)
	for _, n := range secretsOf(services, false) {
		commands, ok := known[n.String()]
		if !ok {
			continue // Terraform tells how to make a place for it
		}
		group.Go(func() error {
			revision, value, err := s.askSecret(all, n, commands)
			mu.Lock()
			defer mu.Unlock()
			if errors.Is(err, ErrNoValue) {
				missing = append(missing, n)
				return nil
			}
			values[n.String()], revisions[n.String()] = value, revision
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, nil, err
	}
	slices.SortFunc(missing, func(a, b secretName) int { return strings.Compare(a.String(), b.String()) })
	if failure := s.secretsMissing(missing); failure != nil {
		return nil, nil, failure
	}
	return values, revisions, nil
}

// placeless are the secrets of services that a cloud's secret manager has no place for yet.
func (s *Stack) placeless(ctx context.Context, parts Parts, services []catalog.Service) ([]string, error) {
	if s.local() {
		return nil, nil
	}
	known, err := s.manager(ctx, parts)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, n := range secretsOf(services, false) {
		if _, ok := known[n.String()]; !ok {
			names = append(names, n.String())
		}
	}
	return names, nil
}

// askSecret returns the latest revision of a secret, and its value; ErrNoValue when there is none.
func (s *Stack) askSecret(ctx context.Context, n secretName, commands secretCommands) (revision, value string, err error) {
	revision, err = s.Secret(ctx, commands.Revision)
	if err != nil {
		return "", "", s.notTold(n, commands.Revision, err)
	}
	value, err = s.Secret(ctx, commands.at(revision))
	if err != nil {
		return "", "", s.notTold(n, commands.at(revision), err)
	}
	return revision, value, nil
}

// notTold is the failure of a secret that somebody may not see, or cannot: what the cloud's program
// said tells why.
func (s *Stack) notTold(n secretName, command Command, err error) error {
	return &ui.Failure{Step: "secrets", Sentence: fmt.Sprintf("the secret %s of %s was not told", n.name, n.service), Err: err, Seen: []string{err.Error()},
		Next: []string{"log in to the cloud, then try: " + command.String() + " >/dev/null"}}
}

// setCloudSecret gives the secret manager another value, unless it has that one.
func (s *Stack) setCloudSecret(ctx context.Context, n secretName, value string) (changed bool, err error) {
	parts, err := s.known()
	if err != nil {
		return false, err
	}
	known, err := s.manager(ctx, parts)
	if err != nil {
		return false, err
	}
	commands, ok := known[n.String()]
	if !ok {
		return false, &ui.Failure{Step: "secret", Code: 2, Sentence: fmt.Sprintf("%s's secret manager has no place for %s yet", s.Environment, n),
			Next: []string{"make up env=" + s.Environment + " makes one of each secret in services/*/service.yaml, and stops where a value is missing"}}
	}
	if _, now, err := s.askSecret(ctx, n, commands); err == nil && now == value {
		return false, nil
	}
	if err := s.Give(ctx, commands.Set, value); err != nil {
		return false, &ui.Failure{Step: "secret", Sentence: fmt.Sprintf("the secret manager did not take %s of %s", n.name, n.service), Err: err,
			Seen: []string{err.Error()}, Next: []string{"log in to the cloud, then run the same command again"}}
	}
	return true, nil
}

// cloudRevisions completes reports by what the secret manager has.
func (s *Stack) cloudRevisions(ctx context.Context, reports []SecretReport) error {
	parts, err := s.known()
	if err != nil {
		return err
	}
	known, err := s.manager(ctx, parts)
	if err != nil {
		return err
	}
	group, all := errgroup.WithContext(ctx)
	group.SetLimit(secretsAtOnce)
	for i := range reports {
		r := &reports[i]
		r.Where = inCloudStore
		n := secretName{r.Service, r.Name}
		commands, ok := known[n.String()]
		if !ok {
			continue
		}
		group.Go(func() error {
			revision, err := s.Secret(all, commands.Revision)
			if err != nil && !errors.Is(err, ErrNoValue) {
				return s.notTold(n, commands.Revision, err)
			}
			r.Revision = revision
			return nil
		})
	}
	return group.Wait()
}

// ExportSecrets writes what a shell evaluates, so that plain terraform finds the secrets of a cloud's
// environment. Those of this machine it finds itself.
func (s *Stack) ExportSecrets(ctx context.Context, out io.Writer) error {
	if s.local() {
		return &ui.Failure{Step: "secret", Code: 2, Sentence: s.Environment + " keeps its secrets on this machine; plain terraform reads them itself"}
	}
	parts, err := s.known()
	if err != nil {
		return err
	}
	values, revisions, err := s.askSecrets(ctx, parts)
	if err != nil {
		return err
	}
	exported, err := s.variables(values, revisions)
	if err != nil {
		return err
	}
	for _, name := range slices.Sorted(maps.Keys(exported)) {
		if _, err := io.WriteString(out, exportable(name, exported[name])); err != nil {
			return err
		}
	}
	return nil
}

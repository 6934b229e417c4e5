package stack

import (
	"context"
	"fmt"
	"os"
	"strings"
	"sync"

	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/ui"
)

// local tells whether the environment's cluster runs in this machine's engine. Those in a cloud need
// no engine and none of the parts that were built here: they run the published ones.
func (s *Stack) local() bool {
	flavour, err := catalog.Flavour(s.Root, s.Environment)
	return err != nil || flavour == "" || flavour == localFlavour // what is wrong with the root, Terraform tells
}

// passwordVariable hands a managed database's password to the workloads root, where it is ephemeral.
const passwordVariable = "TF_VAR_database_admin_password"

// Command is a program that prints a credential, as those of kubeconfigs do.
type Command struct {
	Command string   `json:"command"`
	Args    []string `json:"args"`
}

func (c Command) String() string { return strings.Join(append([]string{c.Command}, c.Args...), " ") }

// managedDatabase is the part of the `database` output of a cluster root that the tool needs.
type managedDatabase struct {
	Host     string  `json:"host"`
	Password Command `json:"admin_password_command"`
}

// handing keeps together the variables of the process that belong together.
var handing sync.Mutex

// handed is whose credentials those variables hold, all of them; nil when they may be old. It is for
// whoever holds handing.
var handed *Stack

// credentials hands to Terraform what the workloads root of a cloud's environment must be told. They
// are asked for once, until askAgain.
func (s *Stack) credentials(ctx context.Context, parts Parts) error {
	handing.Lock()
	defer handing.Unlock()
	if handed == s {
		return nil
	}
	handed = nil
	if err := s.databasePassword(ctx, parts); err != nil {
		return err
	}
	if err := s.cloudSecrets(ctx, parts); err != nil {
		return err
	}
	handed = s
	return nil
}

// askAgain has credentials asked for that may have changed: since another command, or with the cluster
// root.
func askAgain() {
	handing.Lock()
	defer handing.Unlock()
	handed = nil
}

// databasePassword asks for the password of the managed database's administrator, where the cluster
// root has such a database, and hands it to Terraform by the environment, as the user's own would
// be: it is in no argument, no state, no plan and no log. One that the user has given stays.
func (s *Stack) databasePassword(ctx context.Context, parts Parts) error {
	given := os.Getenv(passwordVariable)
	mine := given != "" && given == askedPassword // of this environment, or of another
	switch {
	case s.local() && mine:
		return os.Unsetenv(passwordVariable)
	case s.local(), given != "" && !mine:
		return nil
	}
	root, err := s.root(ctx, s.clusterDir(), parts, nil)
	if err != nil {
		return err
	}
	var database *managedDatabase
	if err := readOutputs(ctx, root, map[string]any{"database": &database}); err != nil {
		return err
	}
	if database == nil || database.Password.Command == "" {
		return nil
	}
	password, err := s.Secret(ctx, database.Password)
	if err != nil {
		return &ui.Failure{Step: "workloads", Sentence: "the password of the database at " + database.Host + " was not told", Err: err,
			Seen: []string{err.Error()}, Next: []string{"log in to the cloud, then try: " + database.Password.String() + " >/dev/null"}}
	}
	askedPassword = password
	return os.Setenv(passwordVariable, password)
}

// askedPassword is what this process put into its environment, where all of its stacks meet: it is not
// the user's. It is for whoever holds handing.
var askedPassword string

// bindPolicies puts the admission policies of the workloads root in force. Terraform's provider cannot;
// on this machine the cluster root does it when it makes the cluster, which that of a cloud cannot.
func (s *Stack) bindPolicies(ctx context.Context, root Root, cluster Cluster) error {
	if s.local() {
		return nil
	}
	var policies []string
	if err := readOutputs(ctx, root, map[string]any{"admission_policies": &policies}); err != nil {
		return err
	}
	for _, policy := range policies {
		if err := cluster.BindPolicy(ctx, policy); err != nil {
			return err
		}
	}
	return nil
}

// refuseCloud keeps down from what it was not made for: removing a cloud's cluster takes its
// protection away first, and that is done by hand.
func (s *Stack) refuseCloud() error {
	flavour, err := catalog.Flavour(s.Root, s.Environment)
	if err != nil || s.local() {
		return err
	}
	return &ui.Failure{Step: "down", Code: 2,
		Sentence: fmt.Sprintf("%s runs on %s; down removes environments of this machine only", s.Environment, flavour),
		Next:     []string{"read \"Taking a cloud environment down\" in environments/README.md"}}
}

package e2e

import (
	"archive/zip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/gruntwork-io/terratest/modules/logger"
	"github.com/gruntwork-io/terratest/modules/terraform"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Exit codes of terraform plan -detailed-exitcode, and of kindling plan.
const (
	planEmpty   = 0
	planChanges = 2
)

// root is plain Terraform in a root of the environment, as somebody uses it who has the generated
// CLI configuration.
func (e *environment) root(name string) *terraform.Options {
	return &terraform.Options{
		TerraformDir: e.path("environments", e.name, name),
		EnvVars:      map[string]string{"TF_CLI_CONFIG_FILE": e.path(".kindling", "terraform.rc")},
		NoColor:      true,
		Logger:       logger.Discard, // what is planned is judged by its exit code; errors come back
	}
}

func (e *environment) plansAreEmpty(t *testing.T) {
	for _, root := range []string{"cluster", "workloads"} {
		assert.Equal(t, planEmpty, terraform.InitAndPlanWithExitCodeContext(t, t.Context(), e.root(root)), root)
	}
	assert.Equal(t, planEmpty, e.kindling(t, "plan", "--env", e.name).code)
}

// anotherClusterIsRefused plans the workloads against a record of a cluster of the same address
// and another identity.
func (e *environment) anotherClusterIsRefused(t *testing.T) {
	var state map[string]any
	readJSON(t, e.states(t)["cluster"], &state)
	cluster := state["outputs"].(map[string]any)["cluster"].(map[string]any)["value"].(map[string]any)
	recorded, other := cluster["uid"].(string), "00000000-0000-4000-8000-000000000000"
	cluster["uid"] = other
	text, err := json.Marshal(state)
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "terraform.tfstate")
	require.NoError(t, os.WriteFile(file, text, 0o600))

	t.Setenv("TF_VAR_cluster_state", fmt.Sprintf(`{"backend": "local", "config": {"path": %q}}`, file))
	_, err = terraform.PlanContextE(t, t.Context(), e.root("workloads"))
	require.Error(t, err)
	sentence := strings.Join(strings.FieldsFunc(err.Error(), func(r rune) bool { return r == ' ' || r == '\n' || r == '│' }), " ")
	assert.Contains(t, sentence, "the cluster that answers has the identity "+recorded)
	assert.Contains(t, sentence, "the recorded one has "+other)
	assert.Contains(t, sentence, "this is another cluster")
}

// driftIsRepaired changes by hand what people change by hand.
func (e *environment) driftIsRepaired(t *testing.T) {
	e.mustKubectl(t, "delete", "service", "catalog", "--namespace=apps")
	e.mustKubectl(t, "scale", "deployment", "catalog", "--replicas=0", "--namespace=apps")
	before := e.mustKubectl(t, "get", "secret", "inventory-database", "--namespace=apps", "--output=jsonpath={.metadata.uid}")
	e.mustKubectl(t, "delete", "secret", "inventory-database", "--namespace=apps")

	options := e.root("workloads")
	options.PlanFilePath = filepath.Join(t.TempDir(), "drift.tfplan")
	assert.Equal(t, planChanges, terraform.PlanExitCodeContext(t, t.Context(), options))
	e.noSecretIn(t, options.PlanFilePath)

	r := e.kindling(t, "plan", "--env", e.name, "--output", "json")
	assert.Equal(t, planChanges, r.code, r.text())
	var planned struct {
		Workloads []struct{ Address, Verdict string }
	}
	readJSON(t, r.stdout, &planned)
	assert.Contains(t, fmt.Sprint(planned.Workloads), "kubernetes_service_v1")
	assert.Contains(t, fmt.Sprint(planned.Workloads), "kubernetes_secret_v1")

	e.up(t)
	e.everyServiceAnswers(t)
	after := e.mustKubectl(t, "get", "secret", "inventory-database", "--namespace=apps", "--output=jsonpath={.metadata.uid}")
	assert.NotEqual(t, before, after, "the secret was made anew")
	assert.Equal(t, "2", e.mustKubectl(t, "get", "deployment", "catalog", "--namespace=apps", "--output=jsonpath={.status.readyReplicas}"))
	assert.Equal(t, planEmpty, terraform.PlanExitCodeContext(t, t.Context(), e.root("workloads")))
	e.noSecretIn(t, "")
}

var terraformFile = regexp.MustCompile(`\.tfstate|\.tfplan$|\.plan-only$|\.log$`)

// noSecretIn requires that no value of any Secret lies in a plan, nor in any state, plan or log of
// the environment.
func (e *environment) noSecretIn(t *testing.T, plan string) {
	t.Helper()
	values := e.secretValues(t)
	files := e.terraformFiles(t)
	if plan != "" {
		for name, content := range unzip(t, plan) {
			files["plan: "+name] = content
		}
	}
	require.NotEmpty(t, files)
	for file, content := range files {
		for secret, value := range values {
			for _, spelling := range spellings(t, value) {
				assert.False(t, strings.Contains(content, spelling), "the value of %s lies in %s", secret, file)
			}
		}
	}
}

// spellings are how a file may hold a value.
func spellings(t *testing.T, value string) []string {
	t.Helper()
	return []string{value, base64.StdEncoding.EncodeToString([]byte(value)), jsonText(t, value)}
}

// secretValues are the values of all Secrets, by namespace, name and key. Certificates are public.
func (e *environment) secretValues(t *testing.T) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, namespace := range []string{"apps", "ingress-nginx"} {
		var secrets struct {
			Items []struct {
				Metadata struct{ Name string }
				Data     map[string][]byte
			}
		}
		readJSON(t, e.mustKubectl(t, "get", "secrets", "--namespace="+namespace, "--output=json"), &secrets)
		require.NotEmpty(t, secrets.Items, namespace)
		for _, secret := range secrets.Items {
			for key, value := range secret.Data {
				if key == "tls.crt" {
					continue
				}
				require.Greater(t, len(value), 15, "%s/%s/%s is too short to be a secret", namespace, secret.Metadata.Name, key)
				values[namespace+"/"+secret.Metadata.Name+"/"+key] = string(value)
			}
		}
	}
	return values
}

// terraformFiles are the contents of what Terraform and the tool wrote about the environment.
func (e *environment) terraformFiles(t *testing.T) map[string]string {
	t.Helper()
	files := map[string]string{}
	for _, dir := range []string{e.path("environments"), e.path(".kindling", e.name)} {
		require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() || !terraformFile.MatchString(path) {
				return err
			}
			text, err := os.ReadFile(path)
			files[path] = string(text)
			return err
		}))
	}
	require.Contains(t, files, e.path("environments", e.name, "workloads", "terraform.tfstate"))
	return files
}

// unzip reads what a plan file packs.
func unzip(t *testing.T, file string) map[string]string {
	t.Helper()
	archive, err := zip.OpenReader(file)
	require.NoError(t, err)
	defer archive.Close()
	contents := map[string]string{}
	for _, entry := range archive.File {
		reader, err := entry.Open()
		require.NoError(t, err)
		text, err := io.ReadAll(reader)
		require.NoError(t, err)
		require.NoError(t, reader.Close())
		contents[entry.Name] = string(text)
	}
	require.Contains(t, contents, "tfplan")
	return contents
}

// jsonText is a value as it stands in JSON, without its quotes.
func jsonText(t *testing.T, value string) string {
	t.Helper()
	text, err := json.Marshal(value)
	require.NoError(t, err)
	return strings.Trim(string(text), `"`)
}

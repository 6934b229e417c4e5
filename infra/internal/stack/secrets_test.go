package stack

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/ui"
)

const withSecrets = `name: shop
description: Sells things.
port: 8080
routes: [{host: shop.localhost, path: /api/shop}]
replicas: 1
resources: {requests: {cpu: 25m, memory: 32Mi}, limits: {memory: 128Mi}}
secrets:
  - {name: session-key, env: SESSION_KEY}
  - {name: stripe-key, env: STRIPE_KEY, provided: true}
`

// newHouseWithSecrets has a service with a random and a provided secret.
func newHouseWithSecrets(t *testing.T) *house {
	t.Helper()
	h := newHouse(t)
	write(t, filepath.Join(h.Root, "services", "shop", "service.yaml"), withSecrets)
	return h
}

func TestUpDoesNotBeginWithoutTheSecretsThatPeopleProvide(t *testing.T) {
	h := newHouseWithSecrets(t)
	_, err := h.Up(t.Context())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, 2, failure.Code)
	assert.Equal(t, "shop needs the secret stripe-key, which dev does not have", failure.Sentence)
	assert.Equal(t, []string{"make secret env=dev service=shop name=stripe-key"}, failure.Next)
	assert.Empty(t, h.lines, "nothing was begun")

	changed, err := h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live")
	require.NoError(t, err)
	assert.True(t, changed)
	_, err = h.Up(t.Context())
	require.NoError(t, err)
}

func TestSeveralMissingSecretsAreToldAtOnce(t *testing.T) {
	h := newHouseWithSecrets(t)
	write(t, filepath.Join(h.Root, "services", "shop", "service.yaml"), withSecrets+"  - {name: mail-token, env: MAIL_TOKEN, provided: true}\n")
	_, err := h.Up(t.Context())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, "dev does not have 2 secrets that services need", failure.Sentence)
	assert.Equal(t, []string{"shop/stripe-key", "shop/mail-token"}, failure.Seen)
	assert.Len(t, failure.Next, 2)
}

func TestASecretIsKeptWhereOnlyItsOwnerReadsIt(t *testing.T) {
	h := newHouseWithSecrets(t)
	_, err := h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live")
	require.NoError(t, err)
	path := filepath.Join(h.Root, "environments", "dev", ".secrets", "shop", "stripe-key.json")
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	folder, err := os.Stat(filepath.Dir(path))
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), folder.Mode().Perm())
	var stored storedSecret
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &stored))
	assert.Equal(t, "sk_live", stored.Value)
	assert.NotEmpty(t, stored.Revision)

	changed, err := h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live")
	require.NoError(t, err)
	assert.False(t, changed, "the same value again")
	again, err := os.ReadFile(path)
	require.NoError(t, err)
	assert.Equal(t, text, again, "its revision restarts no pod")

	_, err = h.SetSecret(t.Context(), "shop", "stripe-key", "sk_other")
	require.NoError(t, err)
	other, err := h.readSecret(secretName{"shop", "stripe-key"})
	require.NoError(t, err)
	assert.NotEqual(t, stored.Revision, other.Revision)
}

func TestSecretsThatCannotBeSetAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ service, secret, value, sentence, next string }{
		"no such service": {"shpo", "stripe-key", "x", `there is no service "shpo"`, "name one of these: shop"},
		"no such secret":  {"shop", "paypal-key", "x", `shop has no secret "paypal-key"`, "name one of these: session-key, stripe-key"},
		"a random one":    {"shop", "session-key", "x", "the secret session-key of shop is drawn at random in dev's cluster", "provided: true"},
		"not named":       {"shop", "", "x", "no secret of shop is named", "name one of these: session-key, stripe-key"},
		"too long":        {"shop", "stripe-key", strings.Repeat("x", LargestSecret+1), "the value is longer than 65536 bytes", "volume"},
		"no value":        {"shop", "stripe-key", "", "the value is empty", "<FILE"},
		"no text":         {"shop", "stripe-key", "\xff", "the value is no text, and pods get it as an environment variable", "base64"},
		"no text either":  {"shop", "stripe-key", "a\x00b", "the value is no text, and pods get it as an environment variable", "base64"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouseWithSecrets(t)
			_, err := h.SetSecret(t.Context(), c.service, c.secret, c.value)
			var failure *ui.Failure
			require.ErrorAs(t, err, &failure)
			assert.Equal(t, 2, failure.Code)
			assert.Equal(t, c.sentence, failure.Sentence)
			assert.Contains(t, failure.Next[0], c.next)
		})
	}
}

func TestABrokenSecretFileIsNamedAndItsValueIsNot(t *testing.T) {
	h := newHouseWithSecrets(t)
	write(t, h.secretFile(secretName{"shop", "stripe-key"}), `{"value": "sk_live", `)
	_, err := h.Up(t.Context())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Contains(t, failure.Seen[0], "stripe-key.json")
	assert.NotContains(t, failure.Seen[0], "sk_live")
	assert.Equal(t, []string{"make secret env=dev service=shop name=stripe-key"}, failure.Next)
	changed, err := h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live")
	require.NoError(t, err)
	assert.True(t, changed, "it is written anew")
}

func TestSecretsAreListedWithoutValues(t *testing.T) {
	h := newHouseWithSecrets(t)
	reports, err := h.Secrets(t.Context())
	require.NoError(t, err)
	file := filepath.Join("environments", "dev", ".secrets", "shop", "stripe-key.json")
	assert.Equal(t, []SecretReport{
		{Service: "shop", Name: "session-key", Env: "SESSION_KEY", Drawn: true, Where: inCluster},
		{Service: "shop", Name: "stripe-key", Env: "STRIPE_KEY", Provided: true, Where: file}}, reports)
	assert.False(t, reports[0].Missing())
	assert.True(t, reports[1].Missing())

	_, err = h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live")
	require.NoError(t, err)
	reports, err = h.Secrets(t.Context())
	require.NoError(t, err)
	assert.False(t, reports[1].Missing())
	text, err := json.Marshal(reports)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "sk_live")
}

func TestValuesThatNoServiceNamesAreTold(t *testing.T) {
	h := newHouseWithSecrets(t)
	_, err := h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live")
	require.NoError(t, err)
	write(t, filepath.Join(h.Root, "services", "shop", "service.yaml"), strings.ReplaceAll(withSecrets, "stripe-key", "payment-key"))
	file := filepath.Join("environments", "dev", ".secrets", "shop", "stripe-key.json")
	provided, err := ProvidedSecrets(h.Root, "*", "shop")
	require.NoError(t, err)
	assert.Equal(t, []ProvidedSecret{{Environment: "dev", Service: "shop", Name: "stripe-key", File: file}}, provided)
	reports, err := h.Secrets(t.Context())
	require.NoError(t, err)
	require.Len(t, reports, 3)
	assert.Equal(t, SecretReport{Service: "shop", Name: "stripe-key", Provided: true, Where: file, Orphan: true}, reports[2])
	assert.False(t, reports[2].Missing())

	changed, err := h.UnsetSecret("shop", "stripe-key")
	require.NoError(t, err)
	assert.True(t, changed)
	for _, n := range []secretName{{"shop", "stripe-key"}, {"", "stripe-key"}, {"shop", ""}, {"shop", "../shop/payment-key"}, {"..", "x"}} {
		_, err = h.UnsetSecret(n.service, n.name)
		var failure *ui.Failure
		require.ErrorAs(t, err, &failure, "nobody names %s", n)
		assert.Equal(t, 2, failure.Code)
	}
}

func TestAFileWithoutRevisionIsNoValueAndIsWrittenAnew(t *testing.T) {
	h := newHouseWithSecrets(t)
	write(t, h.secretFile(secretName{"shop", "stripe-key"}), `{"value": "sk_live"}`)
	_, err := h.Up(t.Context())
	require.ErrorContains(t, err, "shop needs the secret stripe-key")
	changed, err := h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live")
	require.NoError(t, err)
	assert.True(t, changed)
}

func TestPlanAndUpWantTheSameSecrets(t *testing.T) {
	h := newHouseWithSecrets(t)
	_, err := h.Plan(t.Context())
	require.ErrorContains(t, err, "shop needs the secret stripe-key")
	assert.Empty(t, h.lines)
}

// secretManager is a cloud's, asked by the commands of the cluster root's output.
type secretManager struct {
	*journal
	versions map[string][]string // by SERVICE/NAME
	mu       sync.Mutex
	asked    []string
}

func (m *secretManager) print(_ context.Context, c Command) (string, error) {
	if c.Args[0] == "secretsmanager" {
		return "hush", nil // the database's
	}
	verb, name := c.Args[0], c.Args[1]
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked = append(m.asked, name)
	versions := m.versions[name]
	switch {
	case len(versions) == 0:
		return "", fmt.Errorf("cloud %w", ErrNoValue)
	case verb == "revision":
		return "v" + string(rune('0'+len(versions))), nil
	case c.Args[2] != "v"+string(rune('0'+len(versions))):
		return "", errors.New("no such version " + c.Args[2])
	}
	return versions[len(versions)-1], nil
}

func (m *secretManager) give(_ context.Context, c Command, value string) error {
	m.add("set %s", c.Args[1])
	m.versions[c.Args[1]] = append(m.versions[c.Args[1]], value)
	return nil
}

// newCloudHouseWithSecrets has a secret manager with the random secret's value.
func newCloudHouseWithSecrets(t *testing.T) (*house, *secretManager) {
	t.Helper()
	t.Setenv(secretValuesVariable, "")
	t.Setenv(secretRevisionsVariable, "")
	h := newCloudHouse(t)
	write(t, filepath.Join(h.Root, "services", "shop", "service.yaml"), withSecrets)
	output := map[string]any{}
	for _, name := range []string{"shop/session-key", "shop/stripe-key"} {
		output[name] = map[string]any{
			"revision_command": map[string]any{"command": "cloud", "args": []string{"revision", name}},
			"value_command":    map[string]any{"command": "cloud", "args": []string{"value", name, "REVISION"}},
			"set_command":      map[string]any{"command": "cloud", "args": []string{"set", name}},
		}
	}
	h.clusterRoot.outputs["secrets"] = output
	m := &secretManager{journal: h.journal, versions: map[string][]string{"shop/session-key": {"random"}}}
	h.Secret, h.Give = m.print, m.give
	return h, m
}

func TestACloudsSecretsAreHandedToTheWorkloads(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	m.versions["shop/stripe-key"] = []string{"sk_old", "sk_live"}
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"dev/shop/session-key": "random", "dev/shop/stripe-key": "sk_live"}, terraformReads(t, os.Getenv(secretValuesVariable)))
	assert.Equal(t, map[string]string{"dev/shop/session-key": "v1", "dev/shop/stripe-key": "v2"}, terraformReads(t, os.Getenv(secretRevisionsVariable)))

	m.versions["shop/stripe-key"] = append(m.versions["shop/stripe-key"], "sk_new")
	_, err = h.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"dev/shop/session-key": "v1", "dev/shop/stripe-key": "v3"}, terraformReads(t, os.Getenv(secretRevisionsVariable)), "they are asked for again")
}

// terraformReads evaluates a variable of the environment as Terraform does.
func terraformReads(t *testing.T, text string) map[string]string {
	t.Helper()
	expression, diags := hclsyntax.ParseExpression([]byte(text), "TF_VAR", hcl.InitialPos)
	require.False(t, diags.HasErrors(), "%s", diags)
	value, diags := expression.Value(nil)
	require.False(t, diags.HasErrors(), "%s", diags)
	texts := map[string]string{}
	for name, element := range value.AsValueMap() {
		texts[name] = element.AsString()
	}
	return texts
}

func TestSecretsOfOneEnvironmentReachNoOther(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	m.versions["shop/stripe-key"] = []string{"sk_live"}
	t.Setenv(secretValuesVariable, `{"prod/shop/stripe-key" = "what the shell still has"}`)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "sk_live", terraformReads(t, os.Getenv(secretValuesVariable))["dev/shop/stripe-key"], "it is asked for all the same")

	local := newHouse(t)
	_, err = local.Up(t.Context())
	require.NoError(t, err)
	for _, variable := range []string{secretValuesVariable, secretRevisionsVariable, passwordVariable} {
		_, there := os.LookupEnv(variable)
		assert.False(t, there, variable)
	}
}

func TestPasswordsOfOneEnvironmentReachNoOther(t *testing.T) {
	first, second := newCloudHouse(t), newCloudHouse(t)
	_, err := first.Up(t.Context())
	require.NoError(t, err)
	second.Secret = func(context.Context, Command) (string, error) { return "another", nil }
	_, err = second.Up(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "another", os.Getenv(passwordVariable))
}

func TestACloudIsAskedForWhatServicesNameOnly(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	write(t, filepath.Join(h.Root, "services", "shop", "service.yaml"), strings.Split(withSecrets, "  - {name: stripe-key")[0])
	_, err := h.Up(t.Context())
	require.NoError(t, err, "stripe-key has a place and no value, and nobody wants one")
	assert.NotContains(t, m.asked, "shop/stripe-key")
	assert.Contains(t, m.asked, "shop/session-key")
	assert.Len(t, terraformReads(t, os.Getenv(secretValuesVariable)), 1)
}

func TestNothingIsRecordedForWantOfASecret(t *testing.T) {
	h, _ := newCloudHouseWithSecrets(t)
	_, err := h.Up(t.Context())
	require.ErrorContains(t, err, "shop needs the secret stripe-key")
	assert.Zero(t, h.count("push shop"))
	assert.NoFileExists(t, filepath.Join(h.workloadsDir(), "release.auto.tfvars.json"))
}

func TestTheWorkloadsOfACloudArePlannedWhenTheirSecretsHaveAPlace(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	m.versions["shop/stripe-key"] = []string{"sk_live"}
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	write(t, filepath.Join(h.Root, "services", "shop", "service.yaml"), withSecrets+"  - {name: mail-token, env: MAIL_TOKEN}\n")
	before := h.count("plan workloads")
	report, err := h.Plan(t.Context())
	require.NoError(t, err)
	assert.Contains(t, report.Note, "a place for shop/mail-token, which make up env=dev makes")
	assert.Equal(t, before, h.count("plan workloads"))
}

func TestSecretsThatAreTooLongTogetherAreToldBeforeAnythingFails(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	m.versions["shop/session-key"], m.versions["shop/stripe-key"] = []string{strings.Repeat("a", LargestSecret)}, []string{strings.Repeat("b", LargestSecret)}
	_, err := h.Up(t.Context())
	require.ErrorContains(t, err, "the secrets of all services together are longer than 130048 bytes")
}

func TestACloudsSecretWithoutValueStopsWithTheCommandThatGivesOne(t *testing.T) {
	h, _ := newCloudHouseWithSecrets(t)
	_, err := h.Up(t.Context())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Zero(t, failure.Code, "something was begun")
	assert.Equal(t, "shop needs the secret stripe-key, which dev does not have", failure.Sentence)
	assert.Equal(t, []string{"make secret env=dev service=shop name=stripe-key"}, failure.Next)
	assert.Zero(t, h.count("plan workloads"))
}

func TestACloudThatTellsNoSecretStopsWithWhatItSaid(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	h.Secret = func(ctx context.Context, c Command) (string, error) {
		if c.Args[0] == "revision" {
			return "", errors.New("cloud: the token has expired")
		}
		return m.print(ctx, c)
	}
	_, err := h.Up(t.Context())
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Regexp(t, "^the secret (stripe|session)-key of shop was not told$", failure.Sentence)
	assert.Equal(t, []string{"cloud: the token has expired"}, failure.Seen)
	assert.Contains(t, failure.Next[0], "log in to the cloud, then try: cloud revision shop/")
	*h.clusterRoot.state = true
	_, err = h.Secrets(t.Context())
	require.ErrorAs(t, err, &failure, "it is not called missing")
}

func TestACloudsSecretIsSetOnce(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	*h.clusterRoot.state = true
	changed, err := h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live")
	require.NoError(t, err)
	assert.True(t, changed)
	changed, err = h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live")
	require.NoError(t, err)
	assert.False(t, changed)
	assert.Equal(t, []string{"sk_live"}, m.versions["shop/stripe-key"])

	changed, err = h.SetSecret(t.Context(), "shop", "session-key", "chosen")
	require.NoError(t, err, "a cloud's random one may be chosen, too")
	assert.True(t, changed)
}

func TestACloudWithoutAPlaceForASecretSaysHowToMakeOne(t *testing.T) {
	h, _ := newCloudHouseWithSecrets(t)
	_, err := h.SetSecret(t.Context(), "shop", "stripe-key", "sk_live") // the cluster root was never applied
	var failure *ui.Failure
	require.ErrorAs(t, err, &failure)
	assert.Equal(t, 2, failure.Code)
	assert.Contains(t, failure.Next[0], "make up env=dev")
}

func TestACloudsSecretsAreListed(t *testing.T) {
	h, _ := newCloudHouseWithSecrets(t)
	*h.clusterRoot.state = true
	reports, err := h.Secrets(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []SecretReport{
		{Service: "shop", Name: "session-key", Env: "SESSION_KEY", Where: inCloudStore, Revision: "v1"},
		{Service: "shop", Name: "stripe-key", Env: "STRIPE_KEY", Provided: true, Where: inCloudStore}}, reports)
	assert.True(t, reports[1].Missing())
}

func TestAShellGetsTheSecretsOfACloudAsTheyAre(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	*h.clusterRoot.state = true
	value := "it's \"$HOME\" ${HOME} %{if true} $${x} \\n \b\f\t <&> é 🔥\nand more\n"
	m.versions["shop/stripe-key"] = []string{value}
	var script strings.Builder
	require.NoError(t, h.ExportSecrets(t.Context(), &script))
	out, err := exec.CommandContext(t.Context(), "sh", "-c", script.String()+`printf %s "$TF_VAR_secret_values"`).Output()
	require.NoError(t, err)
	assert.Equal(t, map[string]string{"dev/shop/session-key": "random", "dev/shop/stripe-key": value}, terraformReads(t, string(out)))

	local := newHouseWithSecrets(t)
	var failure *ui.Failure
	require.ErrorAs(t, local.ExportSecrets(t.Context(), &script), &failure)
	assert.Equal(t, 2, failure.Code)
}

func TestARollbackRecordsNothingForWantOfASecret(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	m.versions["shop/stripe-key"] = []string{"sk_live"}
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	h.images.digest = strings.Replace(digest, "1", "2", 1)
	_, err = h.Up(t.Context())
	require.NoError(t, err)
	running, err := release.Load(h.Root, "dev")
	require.NoError(t, err)

	delete(m.versions, "shop/stripe-key")
	_, _, err = h.Rollback(t.Context(), "shop", "")
	require.ErrorContains(t, err, "shop needs the secret stripe-key")
	write(t, filepath.Join(h.Root, "services", "shop", "service.yaml"), withSecrets+"  - {name: mail-token, env: MAIL_TOKEN}\n")
	_, _, err = h.Rollback(t.Context(), "shop", "")
	require.ErrorContains(t, err, "has no place yet for shop/mail-token")
	after, err := release.Load(h.Root, "dev")
	require.NoError(t, err)
	assert.Equal(t, running, after)
}

func TestWhatIsDrawnInTheClusterIsNotMissingHoweverThatIsWorded(t *testing.T) {
	assert.False(t, SecretReport{Drawn: true, Where: "another text"}.Missing())
	assert.True(t, SecretReport{Where: inCluster}.Missing())
}

func TestACloudIsAskedOnceByEachCommand(t *testing.T) {
	h, m := newCloudHouseWithSecrets(t)
	m.versions["shop/stripe-key"] = []string{"sk_live"}
	asked := func(command func() error) int {
		m.asked = nil
		require.NoError(t, command())
		return len(m.asked) // for the revision and the value of two secrets
	}
	up := func() error { _, err := h.Up(t.Context()); return err }
	assert.Equal(t, 4, asked(up), "nothing can be planned early")
	assert.Equal(t, 4, asked(up), "the early plan was told")
	h.images.digest = strings.Replace(digest, "1", "2", 1)
	require.NoError(t, up())
	assert.Equal(t, 4, asked(func() error { _, _, err := h.Rollback(t.Context(), "shop", ""); return err }), "the proof was told, too")
	assert.Equal(t, 4, asked(func() error { _, err := h.Plan(t.Context()); return err }))
}

package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/stack"
)

// checkoutWithSecret has a service that people provide a secret for.
func checkoutWithSecret(t *testing.T) string {
	t.Helper()
	root := checkout(t, "dev")
	dir := filepath.Join(root, "services", "shop")
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "service.yaml"), []byte(`name: shop
description: Sells things.
port: 8080
replicas: 1
resources: {requests: {cpu: 25m, memory: 32Mi}, limits: {memory: 128Mi}}
secrets:
  - {name: session-key, env: SESSION_KEY}
  - {name: stripe-key, env: STRIPE_KEY, provided: true}
`), 0o644))
	return root
}

func pipe(input string, args ...string) (code int, out, errs string) {
	var stdout, stderr bytes.Buffer
	code = Run(context.Background(), args, strings.NewReader(input), &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

func TestASecretIsSetFromStandardInput(t *testing.T) {
	root := checkoutWithSecret(t)
	code, out, errs := pipe("sk_live\n", "secret", "set", "--env", "dev", "--service", "shop", "stripe-key")
	assert.Equal(t, exitDone, code, errs)
	assert.Empty(t, out)
	assert.Contains(t, errs, "stripe-key of shop is set; make up env=dev hands it to the service")
	assert.NotContains(t, errs, "sk_live")
	text, err := os.ReadFile(filepath.Join(root, "environments", "dev", ".secrets", "shop", "stripe-key.json"))
	require.NoError(t, err)
	assert.Contains(t, string(text), `"sk_live"`, "the line's end is not part of it")

	_, _, errs = pipe("sk_live", "secret", "set", "--env", "dev", "--service", "shop", "stripe-key")
	assert.Contains(t, errs, "stripe-key of shop has that value already")
}

func TestSecretsAreShownAndValuesAreNot(t *testing.T) {
	checkoutWithSecret(t)
	code, out, errs := invoke("secret", "list", "--env", "dev")
	assert.Equal(t, exitDone, code, errs)
	assert.Equal(t, `SERVICE  SECRET       VARIABLE     VALUE            IS       KEPT IN
shop     session-key  SESSION_KEY  drawn at random           the cluster, which draws it
shop     stripe-key   STRIPE_KEY   provided         missing  environments/dev/.secrets/shop/stripe-key.json
`, out)

	pipe("sk_live", "secret", "set", "--env", "dev", "--service", "shop", "stripe-key")
	_, out, _ = invoke("secret", "list", "--env", "dev", "--output", "json")
	assert.NotContains(t, out, "sk_live")
	var reports []stack.SecretReport
	require.NoError(t, json.Unmarshal([]byte(out), &reports))
	require.Len(t, reports, 2)
	assert.NotEmpty(t, reports[1].Revision)
}

func TestAValueIsTakenAway(t *testing.T) {
	root := checkoutWithSecret(t)
	pipe("sk_live", "secret", "set", "--env", "dev", "--service", "shop", "stripe-key")
	code, _, errs := invoke("secret", "unset", "--env", "dev", "--service", "shop", "stripe-key")
	assert.Equal(t, exitDone, code)
	assert.Contains(t, errs, "dev has the value of stripe-key of shop no more")
	assert.NoDirExists(t, filepath.Join(root, "environments", "dev", ".secrets", "shop"))
	_, _, errs = invoke("secret", "unset", "--env", "dev", "--service", "shop", "stripe-key")
	assert.Contains(t, errs, "dev has no value of stripe-key of shop")
}

func TestAServiceWithProvidedSecretsIsRemovedByForceOnly(t *testing.T) {
	root := checkoutWithSecret(t)
	file := filepath.Join(root, "environments", "dev", ".secrets", "shop", "stripe-key.json")
	pipe("sk_live", "secret", "set", "--env", "dev", "--service", "shop", "stripe-key")
	code, _, errs := invoke("remove", "service", "shop")
	assert.Equal(t, exitInput, code, errs)
	assert.Contains(t, errs, "environments/dev/.secrets/shop/stripe-key.json")
	assert.Contains(t, errs, "kindling secret unset --env dev --service shop stripe-key")
	assert.FileExists(t, file)
	assert.DirExists(t, filepath.Join(root, "services", "shop"))

	code, _, errs = invoke("remove", "service", "shop", "--force")
	assert.Equal(t, exitDone, code, errs)
	assert.NoFileExists(t, file)
	assert.NoDirExists(t, filepath.Join(root, "services", "shop"))
}

func TestSecretsRefuseBadInput(t *testing.T) {
	checkoutWithSecret(t)
	for name, c := range map[string]struct {
		args        []string
		input, want string
	}{
		"no environment":   {[]string{"set", "--service", "shop", "stripe-key"}, "x", "no environment is named"},
		"no service":       {[]string{"set", "--env", "dev", "stripe-key"}, "x", `there is no service ""`},
		"no place":         {[]string{"unset", "--env", "dev", "--service", "../../..", "x"}, "", `there is no service "../../.."`},
		"no name":          {[]string{"set", "--env", "dev", "--service", "shop"}, "x", "0 arguments given, 1 wanted"},
		"no value":         {[]string{"set", "--env", "dev", "--service", "shop", "stripe-key"}, "\n", "the value is empty"},
		"too large":        {[]string{"set", "--env", "dev", "--service", "shop", "stripe-key"}, strings.Repeat("x", stack.LargestSecret+1), "longer than 65536 bytes"},
		"nothing to print": {[]string{"export", "--env", "dev"}, "", "plain terraform reads them itself"},
	} {
		t.Run(name, func(t *testing.T) {
			code, out, errs := pipe(c.input, append([]string{"secret"}, c.args...)...)
			assert.Equal(t, exitInput, code, errs)
			assert.Empty(t, out)
			assert.Contains(t, errs, c.want)
		})
	}
}

func TestNoSecretsIsSaid(t *testing.T) {
	root := checkoutWithSecret(t)
	file := filepath.Join(root, "services", "shop", "service.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	before, _, _ := strings.Cut(string(text), "secrets:")
	require.NoError(t, os.WriteFile(file, []byte(before), 0o644))
	_, out, _ := invoke("secret", "list", "--env", "dev")
	assert.Equal(t, "no service.yaml names a secret\n", out)
}

func TestAValueReachesAProgramByItsStandardInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "value")
	command := stack.Command{Command: "sh", Args: []string{"-c", "cat >" + file}}
	require.NoError(t, give(t.Context(), command, "sk_live"))
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	assert.Equal(t, "sk_live", string(text))

	err = give(t.Context(), stack.Command{Command: "sh", Args: []string{"-c", "echo no such secret >&2; exit 3"}}, "sk_live")
	require.ErrorContains(t, err, "no such secret")
	assert.NotContains(t, err.Error(), "sk_live")
}

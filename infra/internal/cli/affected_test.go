package cli

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/catalog"
)

// grown is a clone with a module and an environment, as affected reads them.
func grown(t *testing.T) string {
	t.Helper()
	root := clone(t)
	put(t, root, "modules/service/main.tf", "")
	put(t, root, "environments/dev/workloads/main.tf", "module \"service\" {\n  source = \"../../../modules/service\"\n}\n")
	commitAll(t, root)
	return root
}

func TestAffectedNamesEachThingWithItsReasons(t *testing.T) {
	root := grown(t)
	put(t, root, "services/inventory/main.go", "package main\n")
	put(t, root, "services/inventory/extra.go", "package main\n")
	put(t, root, "modules/service/main.tf", "# changed\n")
	code, out, errs := invoke("affected", "--since", "HEAD")
	require.Equal(t, exitDone, code, errs)
	assert.Equal(t, `KIND         NAME       WHY
service      inventory  changed in services/inventory/extra.go
                        changed in services/inventory/main.go
module       service    changed in modules/service/main.tf
environment  dev        calls modules/service, changed in modules/service/main.tf
`, out)
}

func TestAffectedShowsAPersonTheFirstReasons(t *testing.T) {
	root := grown(t)
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g"} {
		put(t, root, "services/inventory/"+name, "")
	}
	_, out, _ := invoke("affected", "--since", "HEAD")
	assert.Contains(t, out, "changed in services/inventory/e\n                    and 2 more, all with --output json\n")
	_, out, _ = invoke("affected", "--since", "HEAD", "--output", "json")
	assert.Contains(t, out, "changed in services/inventory/g")
}

func TestAffectedFollowsImports(t *testing.T) {
	root := grown(t)
	file := filepath.Join(root, "services", "kit", "client", "client.go")
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(file, append(content, "\n// changed\n"...), 0o644))
	code, out, errs := invoke("affected", "--since", "HEAD", "--output", "json")
	require.Equal(t, exitDone, code, errs)
	var changes []catalog.Change
	require.NoError(t, json.Unmarshal([]byte(out), &changes))
	assert.Equal(t, []catalog.Change{{Name: "inventory", Kind: catalog.KindService, Reasons: []string{"imports kit/client, changed in services/kit/client/client.go"}}}, changes)
}

func TestNothingAffectedIsSaidAndAnEmptyList(t *testing.T) {
	grown(t)
	code, out, _ := invoke("affected", "--since", "HEAD")
	assert.Equal(t, exitDone, code)
	assert.Equal(t, "nothing is affected since HEAD\n", out)
	code, out, _ = invoke("affected", "--since", "HEAD", "-o", "json")
	assert.Equal(t, exitDone, code)
	assert.JSONEq(t, "[]", out)
}

func TestAffectedRefusesARevisionThatIsNone(t *testing.T) {
	grown(t)
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"affected"}, "--since is missing"},
		{[]string{"affected", "--since", "no-such-branch"}, `--since is "no-such-branch", which is no git revision here`},
		{[]string{"affected", "--since", "--output"}, `--since is "--output", which is no git revision here`},
		{[]string{"affected", "--since", "HEAD", "-o", "xml"}, `--output is "xml"`},
	} {
		code, out, errs := invoke(c.args...)
		assert.Equal(t, exitInput, code, errs)
		assert.Empty(t, out)
		assert.Contains(t, errs, c.want)
	}
}

package scaffold

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func refused(t *testing.T, root string, r Request) Refused {
	t.Helper()
	_, err := New(t.Context(), root, r)
	var reasons Refused
	require.ErrorAs(t, err, &reasons)
	for _, reason := range reasons {
		assert.NotEmpty(t, reason.Fix, reason.Problem)
	}
	return reasons
}

func TestEachMistakeIsRefusedAlone(t *testing.T) {
	root := checkout(t)
	before := read(t, root, "go.work")
	for name, c := range map[string]struct {
		request Request
		want    string
	}{
		"no name":            {Request{}, "the name is empty"},
		"capitals":           {Request{Name: "Billing"}, "is no DNS label"},
		"a way out":          {Request{Name: "../billing"}, "is no DNS label"},
		"underscore":         {Request{Name: "my_bills"}, "is no DNS label"},
		"dash at the end":    {Request{Name: "bills-"}, "is no DNS label"},
		"too long":           {Request{Name: "a12345678901234567890123456789012345678901"}, "at most 40"},
		"reserved":           {Request{Name: "kit"}, "is reserved"},
		"the database":       {Request{Name: "database"}, "is reserved"},
		"a major version":    {Request{Name: "v2"}, "major version"},
		"not for Go":         {Request{Name: "con"}, "Go module path"},
		"taken":              {Request{Name: "catalog", RoutePath: "/api/other"}, `"catalog" is taken`},
		"unknown template":   {Request{Name: "billing", Template: "grpc"}, `no template "grpc"`},
		"unknown need":       {Request{Name: "billing", Needs: []string{"search"}}, `cannot be given "search"`},
		"need twice":         {Request{Name: "billing", Needs: []string{"database", "database"}}, "needed twice"},
		"unknown callee":     {Request{Name: "billing", Calls: []string{"payments"}}, `"payments" cannot be called: there is no such service`},
		"itself":             {Request{Name: "billing", Calls: []string{"billing"}}, "would call itself"},
		"callee twice":       {Request{Name: "billing", Calls: []string{"catalog", "catalog"}}, "called twice"},
		"route of another":   {Request{Name: "products"}, "shop.localhost/api/products is the route of catalog"},
		"route without root": {Request{Name: "billing", RoutePath: "api/billing"}, "no path for a service"},
		"route with a slash": {Request{Name: "billing", RoutePath: "/api/"}, "no path for a service"},
		"route parameter":    {Request{Name: "billing", RoutePath: "/api/:id"}, "no path for a service"},
		"the whole host":     {Request{Name: "billing", RoutePath: "/"}, "no path for a service"},
		"a probe's route":    {Request{Name: "billing", RoutePath: "/readyz"}, "served by every service"},
		"worker with route":  {Request{Name: "billing", Template: Worker, RoutePath: "/api/billing"}, "a worker has no routes"},
	} {
		t.Run(name, func(t *testing.T) {
			reasons := refused(t, root, c.request)
			assert.Len(t, reasons, 1, reasons.Error())
			assert.Contains(t, reasons[0].Problem, c.want)
		})
	}
	assert.Equal(t, before, read(t, root, "go.work"))
	files, err := uncommitted(t.Context(), root, ".")
	require.NoError(t, err)
	assert.Empty(t, files, "nothing was written")
}

func TestAllMistakesComeAtOnce(t *testing.T) {
	root := checkout(t)
	write(t, root, "services/catalog/notes.txt", "x")
	reasons := refused(t, root, Request{
		Name: "Billing", Template: "grpc", Needs: []string{"queue"}, Calls: []string{"payments", "catalog"}, RoutePath: "bills",
	})
	text := reasons.Error()
	for _, want := range []string{
		`"Billing" is no DNS label`, `no template "grpc"`, `cannot be given "queue"`, `"payments" cannot be called`, "known are catalog, inventory",
		"uncommitted changes",
	} {
		assert.Contains(t, text, want)
	}
}

func TestUncommittedChangesAreRefusedUnlessForced(t *testing.T) {
	root := checkout(t)
	request := Request{Name: "billing"}
	write(t, root, "README.md", "elsewhere")
	write(t, root, "services/kit/log/log.go", "package log\n")
	reasons := refused(t, root, request)
	assert.Equal(t, []string{"services/kit/log/log.go"}, reasons[0].Seen, "what is outside of services/ is no hindrance")

	for _, name := range []string{"1", "2", "3", "4", "5", "6"} {
		write(t, root, "services/catalog/"+name, "")
	}
	reasons = refused(t, root, request)
	assert.Len(t, reasons[0].Seen, 6)
	assert.Equal(t, "and 2 more", reasons[0].Seen[5])

	request.Force = true
	_, err := New(t.Context(), root, request)
	require.NoError(t, err)
}

func TestWithoutGitOnlyForceHelps(t *testing.T) {
	root := checkout(t)
	require.NoError(t, os.RemoveAll(filepath.Join(root, ".git")))
	t.Setenv("GIT_CEILING_DIRECTORIES", filepath.Dir(root))
	reasons := refused(t, root, Request{Name: "billing"})
	assert.Contains(t, reasons[0].Problem, "git does not tell")
	assert.Contains(t, reasons[0].Seen[0], "not a git repository")
	_, err := New(t.Context(), root, Request{Name: "billing", Force: true})
	require.NoError(t, err)
}

func TestMistakesOfOtherServicesAreNamed(t *testing.T) {
	root := checkout(t)
	write(t, root, "services/inventory/service.yaml", "name: inventory\nport: 80\n")
	commit(t, root)
	reasons := refused(t, root, Request{Name: "billing"})
	assert.Contains(t, reasons.Error(), "services/inventory/service.yaml:2: port is 80; choose from 1024 to 65535")
}

func TestAPathThatServiceYAMLTakesIsTakenHere(t *testing.T) {
	for _, path := range []string{"/a", "/api/v1.2/x_y~z-", "//a", "/a/", "a", "/ä", "/a b", "/a/*"} {
		root := checkout(t)
		_, err := New(t.Context(), root, Request{Name: "billing", RoutePath: path, Force: true})
		if err != nil {
			_, err := New(t.Context(), root, Request{Name: "billing"})
			require.NoError(t, err)
			yaml := filepath.Join(root, "services", "billing", "service.yaml")
			changed := []byte(replaceOnce(t, read(t, root, "services/billing/service.yaml"), "path: /api/billing", `path: "`+path+`"`))
			require.NoError(t, os.WriteFile(yaml, changed, 0o644))
			assert.NotEmpty(t, refused(t, root, Request{Name: "other", Force: true}), "%s is refused here only", path)
			continue
		}
		_, err = New(t.Context(), root, Request{Name: "other", Force: true})
		assert.NoError(t, err, "%s is taken here only", path)
	}
}

func TestServicesWithAnyNameCanBeCalled(t *testing.T) {
	callees := calleesOf([]string{"a-1", "a1", "order-history", "orderhistory", "store", "type"})
	packages, fields := map[string]bool{}, map[string]bool{}
	for _, c := range callees {
		packages[c.Package], fields[c.Field] = true, true
	}
	assert.Len(t, packages, len(callees), "each has a package of its own")
	assert.Len(t, fields, len(callees), "each has settings of its own")
	assert.Equal(t, callee{
		Name: "order-history", Package: "orderhistory", Type: "OrderHistory", Field: "OrderHistory", Key: "order_history",
		Env: "ORDER_HISTORY", Variable: "orderhistoryClient", URL: "http://localhost:8083",
	}, callees[2])
	assert.Equal(t, "orderhistoryservice", callees[3].Package)
	assert.Equal(t, "StoreService", callees[4].Field)
	assert.Equal(t, "typeservice", callees[5].Package)
}

func TestAServiceWhoseSettingsWouldBeMistakenIsNotCalled(t *testing.T) {
	root := checkout(t)
	_, err := New(t.Context(), root, Request{Name: "environment", Template: Worker})
	require.NoError(t, err)
	reasons := refused(t, root, Request{Name: "billing", Calls: []string{"environment"}, Force: true})
	assert.Contains(t, reasons[0].Problem, "its settings would be mistaken")
}

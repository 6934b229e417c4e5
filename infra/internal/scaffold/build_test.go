package scaffold

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goIn runs a go command as images are built: by the module's own go.mod and
// go.sum. No network is asked. -trimpath lets runs in different folders share
// the build cache.
func goIn(t *testing.T, folder string, args ...string) string {
	t.Helper()
	cmd := exec.Command("go", args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-trimpath -mod=readonly", "GOPROXY=off", "CGO_ENABLED=0")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Run(), "go %s in %s:\n%s", strings.Join(args, " "), filepath.Base(folder), &out)
	return out.String()
}

func slow(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("compiles services")
	}
}

func TestEveryCombinationIsFormattedAndVetted(t *testing.T) {
	slow(t)
	root := checkout(t)
	for _, c := range combinations() {
		written, err := New(t.Context(), root, c.request)
		require.NoError(t, err, c.name)
		goIn(t, filepath.Join(root, written.Folder), "vet", "./...")
	}
	unformatted, err := exec.Command("gofmt", "-l", filepath.Join(root, "services")).CombinedOutput()
	require.NoError(t, err)
	assert.Empty(t, string(unformatted))
}

// The two extremes: with everything, and with nothing.
func TestServicesThatAreWrittenBuildAndPassTheirTests(t *testing.T) {
	slow(t)
	root := checkout(t)
	for _, request := range []Request{
		{Name: "everything", Template: HTTP, Needs: []string{"database"}, Calls: []string{"catalog", "inventory"}, Force: true},
		{Name: "nothing", Template: Worker, Force: true},
	} {
		written, err := New(t.Context(), root, request)
		require.NoError(t, err)
		folder := filepath.Join(root, written.Folder)
		goIn(t, folder, "build", "-buildvcs=false", "-ldflags=-s -w", "-o", filepath.Join(t.TempDir(), "service"), ".")
		results := goIn(t, folder, "test", "-count=1", "-vet=off", "./...")
		assert.Contains(t, results, "ok  \tkindling.internal/services/"+request.Name+"\t")
		assert.NotContains(t, results, "no tests to run")
	}
}

func TestModulesOfServicesWithEverythingAreTidy(t *testing.T) {
	slow(t)
	root := checkout(t)
	written, err := New(t.Context(), root, Request{Name: "everything", Needs: []string{"database"}, Calls: []string{"catalog"}})
	require.NoError(t, err)
	// Tidying looks at modules that no build needs, so it may have to fetch some.
	tidy := exec.Command("go", "mod", "tidy", "-diff")
	tidy.Dir = filepath.Join(root, written.Folder)
	tidy.Env = append(os.Environ(), "GOWORK=off")
	var notes bytes.Buffer
	tidy.Stderr = &notes
	difference, err := tidy.Output()
	require.NoError(t, err, "%s%s", difference, &notes)
	assert.Empty(t, string(difference))
}

// awkward are names of services that mean something in the code of others.
var awkward = []string{
	"answer", "api", "callees", "client", "config", "error", "fmt", "item", "log", "new", "order-history", "orderhistory",
	"run", "server", "service", "settings", "start", "store", "string", "tracing", "type", "work",
}

func TestServicesThatCallAwkwardNamesPassTheirTests(t *testing.T) {
	slow(t)
	root := checkout(t)
	for _, name := range awkward {
		_, err := New(t.Context(), root, Request{Name: name, Template: Worker, Force: true})
		require.NoError(t, err)
	}
	for _, kind := range []Template{HTTP, Worker} {
		written, err := New(t.Context(), root, Request{Name: "caller-" + string(kind), Template: kind, Needs: []string{"database"}, Calls: awkward, Force: true})
		require.NoError(t, err)
		folder := filepath.Join(root, written.Folder)
		goIn(t, folder, "vet", "./...")
		goIn(t, folder, "test", "-count=1", "-vet=off", ".")
	}
}

package scaffold

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// goIn runs a go command as images are built: by the module's own go.mod and
// go.sum. No network is asked. -trimpath lets runs in different folders share
// the build cache.
func goIn(t *testing.T, folder string, args ...string) string {
	t.Helper()
	return inFolder(t, folder, []string{"GOWORK=off"}, "go", args...)
}

// longest is how long a command may take on a machine that is busy.
const longest = 8 * time.Minute

func inFolder(t *testing.T, folder string, environment []string, program string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longest)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir = folder
	cmd.Env = append(append(os.Environ(), "GOFLAGS=-trimpath -mod=readonly", "GOPROXY=off", "CGO_ENABLED=0"), environment...)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	require.NoError(t, cmd.Run(), "%s %s in %s:\n%s", filepath.Base(program), strings.Join(args, " "), filepath.Base(folder), &out)
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

// All at once, in the workspace: what they have in common is then looked at once.
func TestEveryCombinationIsLintedAndPassesItsTests(t *testing.T) {
	slow(t)
	root := checkout(t)
	copyFile(t, filepath.Join(realRoot, ".golangci.yml"), filepath.Join(root, ".golangci.yml"))
	var packages []string
	for _, c := range combinations() {
		written, err := New(t.Context(), root, c.request)
		require.NoError(t, err, c.name)
		packages = append(packages, "./"+written.Folder+"/...")
	}
	workspace := []string{"GOWORK=" + filepath.Join(root, "go.work")}
	t.Run("lint", func(t *testing.T) {
		inFolder(t, root, workspace, linter(t), append([]string{"run", "--allow-serial-runners"}, packages...)...)
	})
	t.Run("tests", func(t *testing.T) {
		results := inFolder(t, root, workspace, "go", append([]string{"test", "-count=1", "-vet=off"}, packages...)...)
		for _, c := range combinations() {
			assert.Contains(t, results, "ok  \tkindling.internal/services/"+c.name+"\t")
		}
		assert.NotContains(t, results, "no tests to run")
	})
}

func linter(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs(filepath.Join(realRoot, ".kindling", "bin", "golangci-lint"))
	require.NoError(t, err)
	if _, err := os.Stat(program); err != nil {
		t.Skip("golangci-lint is not built: make lint builds it")
	}
	return program
}

// The two extremes, with everything and with nothing, and messaging alone.
func TestServicesThatAreWrittenBuild(t *testing.T) {
	slow(t)
	root := checkout(t)
	for _, request := range []Request{
		{Name: "everything", Template: HTTP, Needs: Needs(), Calls: []string{"catalog", "inventory"}, Force: true},
		{Name: "everything-worker", Template: Worker, Needs: Needs(), Calls: []string{"catalog"}, Force: true},
		{Name: "greeter", Template: HTTP, Needs: []string{"messaging"}, Force: true},
		{Name: "listener", Template: Worker, Needs: []string{"messaging"}, Force: true},
		{Name: "nothing", Template: Worker, Force: true},
	} {
		written, err := New(t.Context(), root, request)
		require.NoError(t, err)
		folder := filepath.Join(root, written.Folder)
		goIn(t, folder, "build", "-buildvcs=false", "-ldflags=-s -w", "-o", filepath.Join(t.TempDir(), "service"), ".")
		assertBroker(t, request, goIn(t, folder, "list", "-deps", "."))
	}
}

// assertBroker looks at what a service is compiled from: no more of the broker
// than it needs.
func assertBroker(t *testing.T, request Request, packages string) {
	t.Helper()
	assert.NotContains(t, packages, "nats-server", request.Name)
	assert.Equal(t, request.needs(messaging), strings.Contains(packages, "github.com/nats-io/nats.go"), request.Name)
}

func TestModulesOfServicesWithEverythingAreTidy(t *testing.T) {
	slow(t)
	for _, needs := range [][]string{{"database"}, Needs()} {
		t.Run(strings.Join(needs, " and "), func(t *testing.T) { modulesAreTidy(t, needs) })
	}
}

func modulesAreTidy(t *testing.T, needs []string) {
	root := checkout(t)
	written, err := New(t.Context(), root, Request{Name: "everything", Needs: needs, Calls: []string{"catalog"}})
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
	"answer", "api", "bus", "callees", "client", "config", "error", "events", "fmt", "item", "log", "new", "order-history", "orderhistory",
	"reaction", "run", "server", "service", "settings", "start", "store", "string", "tracing", "type", "work",
}

func TestServicesThatCallAwkwardNamesPassTheirTests(t *testing.T) {
	slow(t)
	root := checkout(t)
	for _, name := range awkward {
		_, err := New(t.Context(), root, Request{Name: name, Template: Worker, Force: true})
		require.NoError(t, err)
	}
	for _, kind := range []Template{HTTP, Worker} {
		written, err := New(t.Context(), root, Request{Name: "caller-" + string(kind), Template: kind, Needs: Needs(), Calls: awkward, Force: true})
		require.NoError(t, err)
		folder := filepath.Join(root, written.Folder)
		goIn(t, folder, "vet", "./...")
		goIn(t, folder, "test", "-count=1", "-vet=off", ".")
	}
}

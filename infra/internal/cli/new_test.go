package cli

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/ui"
)

// clone is a committed checkout with the real services, and the working
// directory of the test.
func clone(t *testing.T) string {
	t.Helper()
	services, err := filepath.Abs("../../../services")
	require.NoError(t, err)
	root := checkout(t, "dev", "staging")
	for _, name := range []string{"kit", "catalog", "inventory"} {
		require.NoError(t, os.CopyFS(filepath.Join(root, "services", name), os.DirFS(filepath.Join(services, name))))
	}
	put(t, root, "go.work", "go 1.26.0\n\nuse (\n\t./services/catalog\n\t./services/inventory\n\t./services/kit\n)\n")
	put(t, root, ".gitignore", "/.kindling/\n/cache/\n")
	gitIn(t, root, "init", "--quiet")
	commitAll(t, root)
	return root
}

func put(t *testing.T, root, name, content string) {
	t.Helper()
	path := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(content), 0o644))
}

func gitIn(t *testing.T, root string, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=test", "-c", "user.email=test@localhost"}, args...)...)
	cmd.Dir = root
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
}

func commitAll(t *testing.T, root string) {
	t.Helper()
	gitIn(t, root, "add", ".")
	gitIn(t, root, "commit", "--quiet", "--message", "change")
}

func TestNewServiceSaysWhatItWroteAndWhatToDoNext(t *testing.T) {
	root := clone(t)
	code, out, errs := invoke("new", "service", "orders", "--needs", "database", "--calls", "catalog,inventory")
	require.Equal(t, exitDone, code, errs)
	assert.Empty(t, errs)
	assert.Equal(t, "services/orders: 24 files, and its entry in go.work\n"+
		"  next   make run service=orders\n"+
		"         make up env=dev, then https://shop.localhost/api/orders\n", out)
	assert.FileExists(t, filepath.Join(root, "services", "orders", "internal", "inventory", "inventory.go"))

	code, out, errs = invoke("new", "service", "mailer", "--template", "worker", "--needs", "messaging,database", "--force")
	require.Equal(t, exitDone, code, errs)
	assert.Contains(t, out, "services/mailer: 24 files")
	description, err := os.ReadFile(filepath.Join(root, "services", "mailer", "service.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(description), "needs: [database, messaging]")

	code, out, errs = invoke("new", "service", "sweeper", "--template", "worker", "--force")
	require.Equal(t, exitDone, code, errs)
	assert.Equal(t, "services/sweeper: 12 files, and its entry in go.work\n"+
		"  next   make run service=sweeper\n"+
		"         make up env=dev\n", out)
}

func TestNewServiceIsWrittenFromAnyFolderOfTheCheckout(t *testing.T) {
	root := clone(t)
	t.Chdir(filepath.Join(root, "services", "kit"))
	code, _, errs := invoke("new", "service", "orders", "--route-path", "/orders")
	require.Equal(t, exitDone, code, errs)
	assert.FileExists(t, filepath.Join(root, "services", "orders", "go.mod"))
}

func TestNewServiceTellsAllMistakesAndExitsTwo(t *testing.T) {
	root := clone(t)
	put(t, root, "services/kit/draft.go", "package kit\n")
	code, out, errs := invoke("new", "service", "Orders", "--template", "grpc", "--needs", "queue", "--calls", "payments")
	assert.Equal(t, exitInput, code)
	assert.Empty(t, out)
	assert.Equal(t, strings.TrimPrefix(`
✗ new: there is no template "grpc"
  next   --template http or --template worker
✗ new: a new service cannot be given "queue"
  next   --needs database,messaging, or nothing
✗ new: "payments" cannot be called: there is no such service
  next   known are catalog, inventory
✗ new: "Orders" is no DNS label: lower-case letters, digits and dashes, a letter first, no dash last
  next   choose another name
✗ new: services/ and go.work have uncommitted changes
  seen   services/kit/draft.go
  next   commit or stash them, or --force
`, "\n"), errs)
	assert.NoDirExists(t, filepath.Join(root, "services", "Orders"))
}

func TestNewServiceWithoutANameAsksNobodyWhereNobodyLooksOn(t *testing.T) {
	clone(t)
	for _, args := range [][]string{{"new", "service"}, {"new", "service", "a", "b"}} {
		code, _, errs := invoke(args...)
		assert.Equal(t, exitInput, code)
		assert.Contains(t, errs, fmt.Sprintf("%d arguments given, 1 wanted", len(args)-2))
		assert.Contains(t, errs, "kindling new service NAME")
	}
}

func TestNewAloneShowsWhatCanBeAdded(t *testing.T) {
	code, out, _ := invoke("new")
	assert.Equal(t, exitDone, code)
	assert.Contains(t, out, "service")
}

// onTerminal runs a command line as somebody does who types the answers.
func onTerminal(t *testing.T, answers string, args ...string) (code int, out, shown string) {
	t.Helper()
	keyboard, screen := terminal(t)
	_, err := keyboard.WriteString(answers)
	require.NoError(t, err)
	var stdout, stderr bytes.Buffer
	code = Run(t.Context(), args, screen, &stdout, &stderr)
	return code, stdout.String(), stderr.String()
}

// terminal is a pair of Linux's pseudo-terminals: what is written to the first
// is typed into the second.
func terminal(t *testing.T) (keyboard, screen *os.File) {
	t.Helper()
	keyboard, err := os.OpenFile("/dev/ptmx", os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { keyboard.Close() })
	var number, unlock int32
	require.NoError(t, ioctl(keyboard, syscall.TIOCGPTN, &number))
	require.NoError(t, ioctl(keyboard, syscall.TIOCSPTLCK, &unlock))
	screen, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { screen.Close() })
	return keyboard, screen
}

func ioctl(file *os.File, request uintptr, value *int32) error {
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, file.Fd(), request, uintptr(unsafe.Pointer(value)))
	if errno != 0 {
		return errno
	}
	return nil
}

func TestNewServiceAsksForWhatWasNotSaid(t *testing.T) {
	root := clone(t)
	code, out, shown := onTerminal(t, "Orders\norders\nrest\nhttp\n\ncatalog, inventory\n", "new", "service")
	require.Equal(t, exitDone, code, shown)
	assert.Contains(t, out, "https://shop.localhost/api/orders")
	assert.Equal(t, `name:   "Orders" is no DNS label: lower-case letters, digits and dashes, a letter first, no dash last
name: template, http or worker [http]:   "rest" is not http or worker
template, http or worker [http]: needs, any of database, messaging [nothing]: calls, any of catalog, inventory [nothing]: `, shown)
	description, err := os.ReadFile(filepath.Join(root, "services", "orders", "service.yaml"))
	require.NoError(t, err)
	assert.Contains(t, string(description), "calls: [catalog, inventory]")
	assert.NotContains(t, string(description), "needs")
}

func TestANameAloneOnATerminalIsAskedForTheRest(t *testing.T) {
	clone(t)
	code, _, shown := onTerminal(t, "worker\ndatabase, messaging\n\n", "new", "service", "sweeper")
	require.Equal(t, exitDone, code, shown)
	assert.NotContains(t, shown, "name: ")
	assert.Contains(t, shown, "template, http or worker [http]: needs, any of database, messaging [nothing]: calls")

	code, _, shown = onTerminal(t, "", "new", "service", "orders", "--needs", "database", "--force")
	require.Equal(t, exitDone, code, shown)
	assert.Empty(t, shown, "the flags say enough")
}

func TestNewServiceDoesNotAskForWhatTheFlagsSay(t *testing.T) {
	clone(t)
	code, _, shown := onTerminal(t, "sweeper\n", "new", "service", "--template", "worker", "--needs", "database", "--calls", "")
	require.Equal(t, exitDone, code, shown)
	assert.Equal(t, "name: ", shown)
}

func TestQuestionsThatAreNotAnsweredWriteNothing(t *testing.T) {
	root := clone(t)
	const endOfInput = "\x04"
	code, _, shown := onTerminal(t, "orders\n"+endOfInput, "new", "service")
	assert.Equal(t, exitInput, code)
	assert.Contains(t, shown, "not answered to the end")
	assert.NoDirExists(t, filepath.Join(root, "services", "orders"))
}

func TestAnInterruptEndsTheQuestions(t *testing.T) {
	clone(t)
	_, screen := terminal(t)
	ctx, cancel := context.WithCancel(t.Context())
	var out bytes.Buffer
	asked := writerFunc(func(p []byte) (int, error) {
		if strings.HasPrefix(string(p), "name") {
			cancel()
		}
		return len(p), nil
	})
	assert.Equal(t, exitStopped, Run(ctx, []string{"new", "service"}, screen, &out, asked))
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestOtherErrorsAreNoRefusals(t *testing.T) {
	assert.Equal(t, io.EOF, refusal("new", io.EOF))
	assert.Equal(t, exitFailed, ui.ExitCode(refusal("new", errors.New("disk full"))))
}

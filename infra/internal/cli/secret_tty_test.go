package cli

import (
	"bytes"
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// prompted types text when the prompt is there.
type prompted struct {
	bytes.Buffer
	typed func()
}

func (p *prompted) Write(text []byte) (int, error) {
	if p.typed != nil && strings.Contains(string(text), "in dev: ") {
		time.AfterFunc(50*time.Millisecond, p.typed) // the echo is off by then
		p.typed = nil
	}
	return p.Buffer.Write(text)
}

func typing(t *testing.T, text string) (code int, errs string, left int) {
	t.Helper()
	keyboard, screen := terminal(t)
	said := &prompted{typed: func() { _, _ = keyboard.WriteString(text) }}
	code = Run(context.Background(), []string{"secret", "set", "--env", "dev", "--service", "shop", "stripe-key"}, screen, said, said)
	left, err := unix.IoctlGetInt(int(screen.Fd()), unix.TIOCINQ)
	require.NoError(t, err)
	return code, said.String(), left
}

func TestASecretIsTypedUnseen(t *testing.T) {
	root := checkoutWithSecret(t)
	code, errs, _ := typing(t, "sk_live\n")
	assert.Equal(t, exitDone, code, errs)
	assert.NotContains(t, errs, "sk_live")
	text, err := os.ReadFile(root + "/environments/dev/.secrets/shop/stripe-key.json")
	require.NoError(t, err)
	assert.Contains(t, string(text), `"sk_live"`)
}

func TestWhatATerminalDoesNotTakeWholeIsRefusedAndLeftToNobody(t *testing.T) {
	root := checkoutWithSecret(t)
	for name, text := range map[string]string{
		"several lines":    "-----BEGIN PRIVATE KEY-----\nrm -rf /\n-----END PRIVATE KEY-----\n",
		"an unended line":  "first\nsecond",
		"a very long line": strings.Repeat("x", 4095) + "\n",
	} {
		t.Run(name, func(t *testing.T) {
			code, errs, left := typing(t, text)
			assert.Equal(t, exitInput, code, errs)
			assert.Contains(t, errs, "several lines")
			assert.Zero(t, left, "a shell would run it")
			assert.NoDirExists(t, root+"/environments/dev/.secrets")
		})
	}
}

func TestNothingIsAskedForANameThatIsWrong(t *testing.T) {
	checkoutWithSecret(t)
	_, screen := terminal(t)
	var said bytes.Buffer
	code := Run(context.Background(), []string{"secret", "set", "--env", "dev", "--service", "shpo", "stripe-key"}, screen, &said, &said)
	assert.Equal(t, exitInput, code)
	assert.NotContains(t, said.String(), "in dev: ")
	assert.Contains(t, said.String(), `there is no service "shpo"`)
}

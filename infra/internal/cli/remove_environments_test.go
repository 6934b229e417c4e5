package cli

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/stack"
	"kindling.internal/infra/internal/ui"
)

// standingIn is an environment that is up and has the service, with a database.
func standingIn(environment string, run func() error) *removalIn {
	return &removalIn{Removal: &stack.Removal{Environment: environment, Named: true, Database: true},
		run: func(context.Context) error { return run() }}
}

func taken() error { return nil }

// removedFrom takes orders out of environments, and returns what is printed.
func removedFrom(t *testing.T, environments ...*removalIn) (string, error) {
	t.Helper()
	var out, errs bytes.Buffer
	a := &app{out: &out, errs: &errs, printer: ui.New(&errs)}
	r := removal{service: "orders"}
	err := a.takeOut(t.Context(), r, environments)
	require.NoError(t, a.printRemoved(r, environments, true))
	return out.String(), err
}

func TestAServiceIsTakenOutOfEveryEnvironmentThatIsUp(t *testing.T) {
	out, err := removedFrom(t, standingIn("dev", taken), standingIn("staging", taken))
	require.NoError(t, err)
	assert.Equal(t, "services/orders and its entry in go.work are removed\n"+
		"nothing of it runs in dev and staging any more\n"+
		"its database stays in dev and staging, with all data: a service of that name would find it again\n"+
		"  next   make remove service=orders drop=yes drops its database\n", out)
}

func TestTheFailureOfOneEnvironmentKeepsNoOtherFromItsTurn(t *testing.T) {
	fails := func() error { return errors.New("its cluster went away") }
	out, err := removedFrom(t, standingIn("dev", fails), standingIn("staging", taken))
	assert.EqualError(t, err, "its cluster went away")
	assert.Equal(t, exitFailed, ui.ExitCode(err))
	assert.Contains(t, out, "nothing of it runs in staging any more\n")
	assert.Contains(t, out, "the same command again, or make up env=dev, when what failed is mended\n")
}

func TestWhatIsStoppedTouchesNoFurtherEnvironment(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	var errs bytes.Buffer
	a := &app{printer: ui.New(&errs)}
	first := standingIn("dev", func() error { stop(); return ctx.Err() })
	err := a.takeOut(ctx, removal{service: "orders"}, removals{first, standingIn("staging", func() error { t.Error("it was stopped before"); return nil })})
	assert.ErrorIs(t, err, context.Canceled)
}

func TestWhatIsLeftAloneIsNamedWithItsReason(t *testing.T) {
	for left, want := range map[stack.Left]string{
		stack.InCloud: "make up env=prod removes what runs there\n",
		stack.NotUp:   "make up env=prod forgets it: prod is not up\n",
		stack.Away:    "make up env=prod removes what runs there: its cluster does not answer now\n",
		keeping:       "make up env=prod removes what runs there\n",
	} {
		out, err := removedFrom(t, &removalIn{Removal: &stack.Removal{Environment: "prod", Named: true, Left: left}})
		require.NoError(t, err)
		assert.Contains(t, out, "  next   "+want)
	}
	out, err := removedFrom(t, &removalIn{Removal: &stack.Removal{Environment: "dev", Named: true}, unseen: errors.New("terraform is not there\nat all")})
	require.NoError(t, err)
	assert.Contains(t, out, "make up env=dev removes what runs there; it cannot be seen from here: terraform is not there\n")
	out, err = removedFrom(t, &removalIn{Removal: &stack.Removal{Environment: "dev", Left: stack.Untouched}})
	require.NoError(t, err)
	assert.Contains(t, out, "it runs nowhere")
}

package stack

import (
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/catalog"
)

// told is progress that keeps what is said of the items below steps.
type told struct {
	silent
	mu    sync.Mutex
	items map[string]string
}

func (t *told) Step(string) Step { return toldStep{t, silent{}} }

type toldStep struct {
	*told
	silent
}

func (s toldStep) Item(name string) Item { return toldItem{s.told, name} }
func (toldStep) Step(string) Step        { return silent{} }
func (toldStep) Update(string)           {}
func (toldStep) Done(string)             {}
func (toldStep) Fail()                   {}

type toldItem struct {
	*told
	name string
}

func (toldItem) Update(string) {}
func (i toldItem) Done(text string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.items[i.name] = text
}

// edited is a house that is up, whose service has another image now.
func edited(t *testing.T, affected ...catalog.Change) (*house, *told) {
	t.Helper()
	h := standing(t)
	said := &told{items: map[string]string{}}
	h.Progress, h.affected, h.images.edited, h.images.digest = said, affected, true, earlier
	return h, said
}

func TestUpTellsWhyAServiceIsBuiltAnew(t *testing.T) {
	h, said := edited(t, catalog.Change{Name: "shop", Kind: catalog.KindModule, Reasons: []string{"another shop"}},
		catalog.Change{Name: "shop", Kind: catalog.KindService, Reasons: []string{"changed in services/shop/main_test.go", "imports kit/health, changed in services/kit/health/health.go", "changed in services/shop/service.yaml", "changed in services/shop/main.go"}})
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Contains(t, said.items["shop"], " · imports kit/health, changed in services/kit/health/health.go, and 1 more")
	assert.Equal(t, 1, h.count("compare with v1"))
}

func TestWhatIsNotKnownExplainsNothing(t *testing.T) {
	h, said := edited(t, catalog.Change{Name: "shop", Kind: catalog.KindService, Reasons: []string{"changed in services/shop/README.md"}})
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.Regexp(t, `built in [0-9.]+s$`, said.items["shop"])

	h, said = edited(t, catalog.Change{Name: "shop", Kind: catalog.KindService, Reasons: []string{"changed in services/shop/main.go"}})
	h.record(t, "dev", digest, "v1-dirty")
	_, err = h.Up(t.Context())
	require.NoError(t, err)
	assert.Regexp(t, `built in [0-9.]+s$`, said.items["shop"])
}

func TestAnUpWithNothingToBuildComparesNothing(t *testing.T) {
	h := standing(t)
	_, err := h.Up(t.Context())
	require.NoError(t, err)
	assert.False(t, slices.Contains(h.lines, "compare with v1"))
}

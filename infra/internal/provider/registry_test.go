package provider

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/infra/internal/kindcluster"
)

func devRegistry(changes map[string]any) map[string]any {
	attributes := map[string]any{"name": "dev-registry", "image": "registry:1", "network": "kindling-dev"}
	for name, value := range changes {
		attributes[name] = value
	}
	return attributes
}

func TestARegistryIsRunWithTheDefaultsFilledIn(t *testing.T) {
	engine := &fakeEngine{}
	tf := newTerraform(t, "kind_registry", engine)
	config := tf.config(devRegistry(nil))
	planned := tf.plan(tf.none(), config)
	assert.Equal(t, "localhost:5001", textOf(t, planned.state, "host"), "known before anything runs")

	state := tf.created(config)
	assert.Equal(t, kindcluster.RegistrySpec{Name: "dev-registry", Image: "registry:1", Network: "kindling-dev", Cluster: "dev", Port: 5001, Volume: "dev-registry"}, engine.registry.RegistrySpec)
	assert.Equal(t, "running", textOf(t, state, "status"))
	read := tf.read(state)
	assert.True(t, read.state.Equal(state))
	assert.True(t, tf.plan(read.state, config).state.Equal(state))
}

func TestAStoppedRegistryIsStartedAndAGoneOneCreated(t *testing.T) {
	engine := &fakeEngine{}
	tf := newTerraform(t, "kind_registry", engine)
	config := tf.config(devRegistry(nil))
	state := tf.created(config)
	engine.registry.Running = false

	read := tf.read(state)
	assert.Equal(t, "stopped", textOf(t, read.state, "status"))
	planned := tf.plan(read.state, config)
	assert.Equal(t, textOf(t, state, "container_id"), textOf(t, planned.state, "container_id"), "it stays the same container")
	require.Empty(t, tf.apply(t.Context(), read.state, config, planned.state).errors)
	assert.Equal(t, []string{"run dev-registry", "start dev-registry"}, engine.calls)

	engine.registry = nil
	assert.True(t, tf.read(state).state.IsNull())
}

func TestANewImagePortOrNetworkReplacesTheContainerOnly(t *testing.T) {
	for attribute, value := range map[string]any{"image": "registry:2", "port": 5002, "network": "other"} {
		engine := &fakeEngine{}
		tf := newTerraform(t, "kind_registry", engine)
		state := tf.created(tf.config(devRegistry(nil)))
		config := tf.config(devRegistry(map[string]any{attribute: value}))

		planned := tf.plan(state, config)
		assert.Empty(t, planned.replaces, attribute)
		assert.False(t, attributeOf(t, planned.state, "container_id").IsKnown(), attribute)
		require.Empty(t, tf.apply(t.Context(), state, config, planned.state).errors)
		assert.Equal(t, []string{"run dev-registry", "run dev-registry"}, engine.calls, attribute)
	}
}

func TestAnotherVolumeNameOrClusterLosesTheImagesAndThePlanSaysSo(t *testing.T) {
	for attribute, value := range map[string]string{"volume": "other", "name": "other", "cluster": "other"} {
		tf := newTerraform(t, "kind_registry", &fakeEngine{})
		state := tf.created(tf.config(devRegistry(nil)))
		planned := tf.plan(state, tf.config(devRegistry(map[string]any{attribute: value})))
		assert.Equal(t, []string{attribute}, planned.replaces)
		require.Len(t, planned.warnings, 1)
		assert.Contains(t, planned.warnings[0], "is recreated without its images\nreplacing because "+attribute+" changed: ")
	}
}

func TestAnImportedRegistryNeedsNoChange(t *testing.T) {
	tf := newTerraform(t, "kind_registry", &fakeEngine{})
	config := tf.config(devRegistry(map[string]any{"port": 5005}))
	state := tf.created(config)
	imported := tf.imported("dev-registry")
	require.Empty(t, imported.errors)
	assert.True(t, imported.state.Equal(state))
	assert.True(t, tf.plan(imported.state, config).state.Equal(state))
}

func TestDestroyingARegistryRemovesItsVolume(t *testing.T) {
	engine := &fakeEngine{}
	tf := newTerraform(t, "kind_registry", engine)
	state := tf.created(tf.config(devRegistry(nil)))
	require.Empty(t, tf.apply(t.Context(), state, tf.none(), tf.none()).errors)
	assert.Contains(t, engine.calls, "delete dev-registry and dev-registry")
}

func TestAFailureOfARegistryIsExplained(t *testing.T) {
	engine := &fakeEngine{err: errors.New("docker run: no such image")}
	tf := newTerraform(t, "kind_registry", engine)
	config := tf.config(devRegistry(nil))
	applied := tf.apply(t.Context(), tf.none(), config, tf.plan(tf.none(), config).state)
	assert.Equal(t, []string{"registry dev-registry was not started\ndocker run: no such image"}, applied.errors)
}

func TestMistakesInARegistryAreExplained(t *testing.T) {
	for says, change := range map[string]map[string]any{
		"between 1 and 65535":        {"port": 0},
		"a name that docker accepts": {"volume": "/data"},
		"at least 1":                 {"image": ""},
	} {
		tf := newTerraform(t, "kind_registry", &fakeEngine{})
		found := tf.validate(tf.config(devRegistry(change))).errors
		require.Len(t, found, 1)
		assert.Contains(t, found[0], says)
	}
}

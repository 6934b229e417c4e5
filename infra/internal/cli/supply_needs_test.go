package cli

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/supply"
)

// describeService writes the description of a service that needs something.
func describeService(t *testing.T, root, name, needs string) {
	t.Helper()
	dir := filepath.Join(root, "services", name)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "service.yaml"), []byte("name: "+name+`
description: Sells things.
port: 8080
replicas: 1
resources: {requests: {cpu: 25m, memory: 32Mi}, limits: {memory: 128Mi}}
needs: [`+needs+"]\n"), 0o644))
}

func TestPartsThatServicesNeedAreUsed(t *testing.T) {
	root := checkout(t)
	used, err := usedParts()
	require.NoError(t, err)
	assert.Equal(t, supply.Finished, used, "a checkout without services")

	describeService(t, root, "catalog", "database")
	used, err = usedParts()
	require.NoError(t, err)
	assert.Equal(t, supply.Finished, used)

	describeService(t, root, "orders", "database, messaging")
	describeService(t, root, "mail", "messaging")
	needs, err := serviceNeeds(root)
	require.NoError(t, err)
	assert.Equal(t, []string{"database", "messaging"}, needs)
	used, err = usedParts()
	require.NoError(t, err)
	assert.Equal(t, append(supply.Finished[:len(supply.Finished):len(supply.Finished)], "nats"), used)
	more, err := besides()
	require.NoError(t, err)
	assert.Contains(t, more, "nats")
}

func TestADescriptionThatCannotBeReadStopsTheSupply(t *testing.T) {
	root := checkout(t)
	describeService(t, root, "orders", "telepathy")
	_, err := usedParts()
	require.ErrorContains(t, err, "a mistake in a service description")
}

package catalog

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheFlavourIsThatOfTheModuleWhichTheClusterRootCalls(t *testing.T) {
	for text, want := range map[string]string{
		`module "cluster" { source = "../../../modules/cluster/eks" }`:                                                                                "eks",
		"module \"registry\" {\n  source = \"../../../modules/registry/local\"\n}\nmodule \"k8s\" {\n  source = \"../../../modules/cluster/kind\"\n}": "kind",
		`module "network" { source = "../../../modules/network/aws" }`:                                                                                "",
		`# modules/cluster/gke would be another`:                                                                                                      "",
	} {
		root := t.TempDir()
		dir := filepath.Join(root, "environments", "here", "cluster")
		require.NoError(t, os.MkdirAll(dir, 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "main.tf"), []byte(text), 0o644))
		flavour, err := Flavour(root, "here")
		require.NoError(t, err)
		assert.Equal(t, want, flavour, text)
	}
}

func TestAnEnvironmentWithoutClusterRootHasNoFlavour(t *testing.T) {
	flavour, err := Flavour(t.TempDir(), "nowhere")
	require.NoError(t, err)
	assert.Empty(t, flavour)
}

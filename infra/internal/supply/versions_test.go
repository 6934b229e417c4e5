package supply

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/mod/modfile"
)

// versionsOf are the versions that a part's go.mod builds with, by module.
func versionsOf(t *testing.T, part string) map[string]string {
	t.Helper()
	path := filepath.Join("..", "..", "supply", part, "go.mod")
	content, err := os.ReadFile(path)
	require.NoError(t, err)
	file, err := modfile.Parse(path, content, nil)
	require.NoError(t, err)
	versions := map[string]string{}
	for _, require := range file.Require {
		versions[require.Mod.Path] = require.Mod.Version
	}
	for _, replace := range file.Replace {
		if _, required := versions[replace.Old.Path]; required {
			versions[replace.Old.Path] = replace.New.Version
		}
	}
	return versions
}

// TestPartsTakeTheirPackagesFromTheBuildOfKubernetes holds modules that Kubernetes needs, too, to its
// versions: a package is compiled once for all of them, or else once for each, with all that imports it.
func TestPartsTakeTheirPackagesFromTheBuildOfKubernetes(t *testing.T) {
	kubernetes := versionsOf(t, "kubernetes")
	// By part: modules that it needs otherwise, or that no program on Linux has.
	others := map[string][]string{
		"metrics-server":         {"github.com/Azure/go-ansiterm"},
		"local-path-provisioner": nil,
		// Of 2024: it works with the runc of its time, and with that one's modules.
		"ingress-nginx":   {"github.com/cyphar/filepath-securejoin", "github.com/opencontainers/runtime-spec", "github.com/prometheus/procfs"},
		"kube-router":     {"github.com/Azure/go-ansiterm", "github.com/Microsoft/go-winio"},
		"coredns":         {"github.com/coredns/caddy"}, // its own server; Kubernetes reads its configuration with an older one
		"etcd":            nil,
		"provider-random": nil,
	}
	for part, other := range others {
		t.Run(part, func(t *testing.T) {
			shared := 0
			for module, version := range versionsOf(t, part) {
				want, both := kubernetes[module]
				switch {
				case !both:
				case slices.Contains(other, module):
					assert.NotEqual(t, want, version, "%s is as in Kubernetes: take it out of this test", module)
				default:
					shared++
					assert.Equal(t, want, version, "%s: cd infra/supply/%s && go get %s@%s", module, part, module, want)
				}
			}
			assert.NotZero(t, shared)
		})
	}
}

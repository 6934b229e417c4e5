package kindcluster

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheLoadBalancerIsTheOneThatKindTakes(t *testing.T) {
	dir, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "sigs.k8s.io/kind").Output()
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "pkg", "cluster", "internal", "loadbalancer", "const.go"))
	require.NoError(t, err)
	assert.Contains(t, string(text), `"`+loadBalancerImage+`"`)
}

func TestSeveralControlPlanesNeedTheLoadBalancerBeforeAnythingIsMade(t *testing.T) {
	b := newBench(t)
	spec := oneNode()
	spec.Nodes = []NodeSpec{{Role: RoleControlPlane}, {Role: RoleControlPlane}, {Role: RoleControlPlane}}
	b.docker.fail["image inspect --format {{.Id}} "+loadBalancerImage] = "No such image"
	b.docker.fail["pull --quiet "+loadBalancerImage] = "no route to host"
	_, err := b.engine.Create(t.Context(), spec, b.steps.add)
	assert.ErrorContains(t, err, "image "+loadBalancerImage+" is not in the engine and cannot be pulled")
	assert.Empty(t, b.docker.containers)
}

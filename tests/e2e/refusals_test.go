package e2e

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func (e *environment) wrongEnvironmentIsRefused(t *testing.T) {
	for _, command := range []string{"up", "plan", "status", "down"} {
		r := e.refused(t, 2, []string{"there is no environment moon"}, command, "--env", "moon")
		for _, name := range e.environments(t) {
			assert.Contains(t, r.stderr, name)
		}
	}
}

func (e *environment) environments(t *testing.T) []string {
	t.Helper()
	entries, err := os.ReadDir(e.path("environments"))
	require.NoError(t, err)
	var names []string
	for _, entry := range entries {
		if entry.IsDir() {
			names = append(names, entry.Name())
		}
	}
	require.Contains(t, names, "dev")
	return names
}

func (e *environment) fiveMistakesAreShown(t *testing.T) {
	e.write(t, "services/inventory/service.yaml", `name: inventroy
description: Stock levels of the products.
port: 80
routes:
  - {host: shop.localhost, path: api/stock}
replicas: 2
resources: {requests: {cpu: 25m, memory: 32Mi}, limits: {memory: 128Mi}}
needs: [databas]
calls: [catalogue]
`)
	r := e.refused(t, 2, []string{
		"5 mistakes in service descriptions",
		`services/inventory/service.yaml:1: name is "inventroy", but the folder is "inventory"`,
		`services/inventory/service.yaml:3: port is 80`,
		`services/inventory/service.yaml:5: routes[0].path is "api/stock"`,
		`services/inventory/service.yaml:8: needs names "databas"`,
		`services/inventory/service.yaml:9: calls names "catalogue", which is no service; did you mean "catalog"?`,
	}, "up", "--env", e.name)
	assert.NotContains(t, r.stderr, "\nengine", "nothing is begun with descriptions that cannot hold")
}

func (e *environment) portInUseIsNamed(t *testing.T) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", e.httpPort))
	require.NoError(t, err)
	defer listener.Close()
	r := e.run(t, coldLimit, e.tool(), "up", "--env", e.name)
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.stderr, fmt.Sprintf("port %d of 127.0.0.1 is in use by e2e.test (pid %d)", e.httpPort, os.Getpid()))
	assert.NotContains(t, e.leftovers(t), "container "+e.cluster+"-control-plane")
}

func (e *environment) twoUpsExcludeEachOther(t *testing.T) {
	first := e.start(t, "up", "--env", e.name)
	holder := fmt.Sprintf("%d ", first.cmd.Process.Pid)
	until(t, "the first up has taken the environment", time.Minute, first.whileRunning(func() error {
		text, err := os.ReadFile(e.path(".kindling", e.name, "lock"))
		if err == nil && !strings.HasPrefix(string(text), holder) {
			err = fmt.Errorf("the lock is that of %s", text)
		}
		return err
	}))
	second := e.kindling(t, "up", "--env", e.name)
	assert.True(t, first.running(), "the first up was too short to test anything")
	assert.Equal(t, 1, second.code, second.text())
	assert.Contains(t, second.stderr, fmt.Sprintf("environment dev is being changed by process %d", first.cmd.Process.Pid))
	assert.Zero(t, first.wait(t, warmLimit), first.text())
}

func (e *environment) annotationIsRefused(t *testing.T) {
	r := e.kubectlWith(t, `
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: injection
  namespace: apps
  annotations:
    nginx.ingress.kubernetes.io/configuration-snippet: "return 200;"
spec:
  ingressClassName: nginx
  rules:
    - host: injection.localhost
      http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: catalog, port: {name: http}}}}]}
`, "apply", "--filename=-")
	assert.NotZero(t, r.code)
	assert.Contains(t, r.stderr, "an Ingress may carry only the controller annotations that the platform allows")
}

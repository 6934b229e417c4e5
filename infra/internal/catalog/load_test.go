package catalog

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// repository writes files, by path, into a new folder.
func repository(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "services"), 0o755))
	for name, content := range files {
		write(t, root, name, content)
	}
	return root
}

func write(t *testing.T, root, name, content string) {
	t.Helper()
	file := filepath.Join(root, filepath.FromSlash(name))
	require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
	require.NoError(t, os.WriteFile(file, []byte(content), 0o644))
}

const catalogYAML = `name: catalog
description: Products that the shop sells.
port: 8080
routes:
  - {host: shop.localhost, path: /api/products}
replicas: 2
resources:
  requests: {cpu: 25m, memory: 32Mi}
  limits: {memory: 128Mi}
`

const inventoryYAML = `name: inventory
description: Stock levels of the products.
port: 8080
routes:
  - host: shop.localhost
    path: /api/stock
autoscaling: {min: 2, max: 4, cpu_percent: 70}
resources:
  requests: {cpu: 25m, memory: 32Mi}
  limits: {cpu: "1", memory: 128Mi}
config:
  LOG_LEVEL: info
secrets:
  - {name: api-key, env: API_KEY}
  - {name: other-key, env: OTHER_KEY, length: 64}
needs: [database]
calls: [catalog]
rollout: {max_surge: 1, max_unavailable: 0, progress_deadline_seconds: 120}
objectives: {availability_percent: 99.9, latency_p99_milliseconds: 300}
`

func TestVariablesOfANeedAreTakenWithTheNeedOnly(t *testing.T) {
	content := strings.Replace(inventoryYAML, "LOG_LEVEL: info", "MESSAGING_URL: x", 1)
	_, err := Load(repository(t, map[string]string{"services/catalog/service.yaml": catalogYAML, "services/inventory/service.yaml": content}))
	require.NoError(t, err)
	content = strings.Replace(content, "needs: [database]", "needs: [messaging]", 1)
	_, err = Load(repository(t, map[string]string{"services/catalog/service.yaml": catalogYAML, "services/inventory/service.yaml": content}))
	require.ErrorContains(t, err, "services/inventory/service.yaml:12: MESSAGING_URL is already set by needs: messaging")
}

func TestEveryKeyOfAServiceIsRead(t *testing.T) {
	root := repository(t, map[string]string{
		"services/catalog/service.yaml":   catalogYAML,
		"services/inventory/service.yaml": inventoryYAML,
		"services/kit/go.mod":             "module kit",
		"services/.cache/go.mod":          "module hidden",
	})

	services, err := Load(root)

	require.NoError(t, err)
	require.Len(t, services, 2)
	zero, one, deadline, availability, latency := 0, 1, 120, 99.9, 300
	assert.Equal(t, Service{
		Dir:         filepath.Join(root, "services", "inventory"),
		Name:        "inventory",
		Description: "Stock levels of the products.",
		Port:        8080,
		Routes:      []Route{{Host: "shop.localhost", Path: "/api/stock"}},
		Autoscaling: &Autoscaling{Min: 2, Max: 4, CPUPercent: 70},
		Resources:   Resources{Requests: Quantities{CPU: "25m", Memory: "32Mi"}, Limits: Quantities{CPU: "1", Memory: "128Mi"}},
		Config:      map[string]string{"LOG_LEVEL": "info"},
		Secrets:     []Secret{{Name: "api-key", Env: "API_KEY", Length: 32}, {Name: "other-key", Env: "OTHER_KEY", Length: 64}},
		Needs:       []Need{NeedDatabase},
		Calls:       []string{"catalog"},
		Rollout:     &Rollout{MaxSurge: &one, MaxUnavailable: &zero, ProgressDeadlineSeconds: &deadline},
		Objectives:  &Objectives{AvailabilityPercent: &availability, LatencyP99Milliseconds: &latency},
	}, services[1])
	assert.Equal(t, 2, services[0].DesiredReplicas(), "fixed replicas")
	assert.Equal(t, 2, services[1].DesiredReplicas(), "the autoscaler's minimum")
	assert.True(t, services[1].Has(NeedDatabase))
	assert.False(t, services[1].Has(NeedMessaging))
}

func TestServicesMayCallEachOther(t *testing.T) {
	root := repository(t, map[string]string{
		"services/catalog/service.yaml":   catalogYAML + "calls: [inventory]\n",
		"services/inventory/service.yaml": inventoryYAML,
	})
	_, err := Load(root)
	assert.NoError(t, err)
}

func TestAllMistakesOfAllFilesComeAtOnce(t *testing.T) {
	root := repository(t, map[string]string{
		"services/catalog/service.yaml": strings.Replace(catalogYAML, "port: 8080", "port: 80", 1),
		"services/inventory/service.yaml": `name: inventory
description: Stock.
port: "8080"
routs: []
replicas: 2
calls: [catlog]
resources:
  requests: {cpu: 25x, memory: 32Mi}
  limits: {memory: 128Mi}
config:
  retries: "3"
`,
		"services/orders/go.mod": "module orders\n",
	})

	_, err := Load(root)

	var mistakes Mistakes
	require.ErrorAs(t, err, &mistakes)
	assert.Equal(t, []string{
		`services/catalog/service.yaml:3: port is 80; choose from 1024 to 65535`,
		`services/inventory/service.yaml:3: port is the text "8080"; write a whole number without quotes`,
		`services/inventory/service.yaml:4: "routs" is no key of service.yaml; did you mean "routes"?`,
		`services/inventory/service.yaml:6: calls names "catlog", which is no service; did you mean "catalog"?`,
		`services/inventory/service.yaml:8: resources.requests.cpu is "25x"; write a CPU quantity such as 25m or 1`,
		`services/inventory/service.yaml:11: "retries" is no name of an environment variable here; write capital letters, digits and underscores, such as LOG_LEVEL`,
		`services/orders/service.yaml: is missing, though the folder is a Go module; describe the service in it, as services/service.schema.json tells`,
	}, strings.Split(err.Error(), "\n"))
}

func TestARouteBelongsToOneService(t *testing.T) {
	root := repository(t, map[string]string{
		"services/catalog/service.yaml":   catalogYAML,
		"services/inventory/service.yaml": strings.Replace(inventoryYAML, "/api/stock", "/api/products", 1),
	})
	_, err := Load(root)
	assert.EqualError(t, err, `services/inventory/service.yaml:5: route shop.localhost/api/products is already that of services/catalog; choose another host or path`)
}

func TestANameThatIsNotTheFoldersIsOneMistakeOnly(t *testing.T) {
	root := repository(t, map[string]string{
		"services/catalog/service.yaml":   strings.Replace(catalogYAML, "name: catalog", "name: catalogue", 1),
		"services/inventory/service.yaml": inventoryYAML,
	})
	_, err := Load(root)
	assert.EqualError(t, err, `services/catalog/service.yaml:1: name is "catalogue", but the folder is "catalog"; write "name: catalog" or rename the folder`)
}

func TestAFolderWithoutServicesIsNoError(t *testing.T) {
	services, err := Load(repository(t, nil))
	require.NoError(t, err)
	assert.Empty(t, services)
}

func TestARootWithoutServicesFolderIsNamed(t *testing.T) {
	_, err := Load(t.TempDir())
	assert.ErrorContains(t, err, "read the folder of services")
}

func TestNamesFitDNSAndGo(t *testing.T) {
	for _, name := range []string{"a", "catalog", "order-2", strings.Repeat("a", 40)} {
		assert.NoError(t, CheckName(name), name)
	}
	for name, why := range map[string]string{
		"":                      "empty",
		"Catalog":               "no DNS label",
		"2go":                   "no DNS label",
		"a-":                    "no DNS label",
		"a_b":                   "no DNS label",
		"a.b":                   "no DNS label",
		strings.Repeat("a", 41): "has 41 characters",
		"v2":                    "major version",
		"kit":                   "reserved",
		"database":              "reserved",
		"messaging-servers":     "reserved",
		"con":                   "cannot be an element",
	} {
		assert.ErrorContains(t, CheckName(name), why, name)
	}
}

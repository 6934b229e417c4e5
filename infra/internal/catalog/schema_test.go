package catalog

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

const realRoot = "../../.."

func realSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(realRoot, schemaFile))
	require.NoError(t, err)
	return schema
}

// schemaNode is the part of a JSON schema that describes keys.
type schemaNode struct {
	Ref         string                 `json:"$ref"`
	Properties  map[string]*schemaNode `json:"properties"`
	Items       *schemaNode            `json:"items"`
	Description string                 `json:"description"`
	Definitions map[string]*schemaNode `json:"$defs"`
}

func TestSchemaAndGoNameTheSameKeys(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(realRoot, schemaFile))
	require.NoError(t, err)
	var schema schemaNode
	require.NoError(t, json.Unmarshal(content, &schema))
	sameKeys(t, reflect.TypeFor[Service](), &schema, "service.yaml")
}

func sameKeys(t *testing.T, structure reflect.Type, node *schemaNode, path string) {
	t.Helper()
	fields := fieldsByKey(structure)
	want, have := keys(fields), keys(node.Properties)
	slices.Sort(want)
	slices.Sort(have)
	require.Equal(t, want, have, "keys of %s", path)
	for key, index := range fields {
		child, field := node.Properties[key], structure.Field(index).Type
		for field.Kind() == reflect.Pointer || field.Kind() == reflect.Slice {
			if field.Kind() == reflect.Slice {
				require.NotNil(t, child.Items, "items of %s.%s", path, key)
				assert.NotEmpty(t, child.Description, "%s.%s", path, key)
				child = child.Items
			}
			field = field.Elem()
		}
		if field.Kind() == reflect.Struct {
			sameKeys(t, field, child, path+"."+key)
			continue
		}
		if child.Ref == "" && structure.Field(index).Type.Kind() != reflect.Slice {
			assert.NotEmpty(t, child.Description, "an editor shows it: %s.%s", path, key)
		}
	}
}

// instance decodes YAML into what a JSON schema library validates.
func instance(t *testing.T, content string) any {
	t.Helper()
	var value any
	require.NoError(t, yaml.Unmarshal([]byte(content), &value))
	asJSON, err := json.Marshal(value)
	require.NoError(t, err)
	decoded, err := jsonschema.UnmarshalJSON(strings.NewReader(string(asJSON)))
	require.NoError(t, err)
	return decoded
}

func TestSchemaAndGoAcceptTheRealServices(t *testing.T) {
	schema := realSchema(t)
	_, err := Load(realRoot)
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join(realRoot, "services", "*", File))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		content, err := os.ReadFile(file)
		require.NoError(t, err)
		assert.NoError(t, schema.Validate(instance(t, string(content))), file)
		assert.Contains(t, string(content), "$schema=../"+filepath.Base(schemaFile), "editors find the schema: %s", file)
	}
}

func TestSchemaAndGoAcceptTheSameGoodFiles(t *testing.T) {
	schema := realSchema(t)
	root := repository(t, map[string]string{
		"services/catalog/service.yaml":   catalogYAML,
		"services/inventory/service.yaml": inventoryYAML,
	})
	_, err := Load(root)
	require.NoError(t, err)
	assert.NoError(t, schema.Validate(instance(t, catalogYAML)))
	assert.NoError(t, schema.Validate(instance(t, inventoryYAML)))
}

// badFiles are made from inventoryYAML by one replacement each. Those that are
// beyondSchema break a rule that JSON schema cannot express.
var badFiles = []struct {
	name, old, new, want string
	beyondSchema         bool
}{
	{name: "name in capitals", old: "name: inventory", new: "name: Inventory", want: `:1: "Inventory" is no DNS label`},
	{name: "reserved name", old: "name: inventory", new: "name: kit", want: `:1: "kit" is reserved`},
	{name: "name like a version", old: "name: inventory", new: "name: v2", want: `:1: "v2" ends a Go module path`},
	{name: "name missing", old: "name: inventory\n", new: "", want: `:1: name is missing; add "name: NAME"`},
	{name: "description missing", old: "description: Stock levels of the products.\n", new: "", want: `:1: description is missing`},
	{name: "description empty", old: "description: Stock levels of the products.", new: `description: ""`, want: `:2: description is not one line`},
	{name: "description of two lines", old: "description: Stock levels of the products.", new: `description: "a\nb"`, want: `:2: description is not one line`},
	{name: "port privileged", old: "port: 8080", new: "port: 80", want: `:3: port is 80; choose from 1024 to 65535`},
	{name: "port too high", old: "port: 8080", new: "port: 65536", want: `:3: port is 65536`},
	{name: "port a fraction", old: "port: 8080", new: "port: 80.5", want: `:3: port is the number 80.5`},
	{name: "port empty", old: "port: 8080", new: "port:", want: `:3: port is empty`},
	{name: "port a list", old: "port: 8080", new: "port: [8080]", want: `:3: port is a list`},
	{name: "port zero", old: "port: 8080", new: "port: 0", want: `:3: port is 0`},
	{name: "unknown key", old: "port: 8080", new: "port: 8080\nprot: 1", want: `:4: "prot" is no key of service.yaml; did you mean "port"?`},
	{name: "unknown nested key", old: "    path: /api/stock", new: "    path: /api/stock\n    tls: true", want: `:7: "tls" is no key of routes[0]`},
	{name: "host in capitals", old: "host: shop.localhost", new: "host: Shop.localhost", want: `:5: routes[0].host is "Shop.localhost"`},
	{name: "host missing", old: "- host: shop.localhost\n    path", new: "- path", want: `:5: routes[0].host is missing; add "host: shop.localhost"`},
	{name: "path without slash", old: "path: /api/stock", new: "path: api/stock", want: `:6: routes[0].path is "api/stock"`},
	{name: "path with slash at the end", old: "path: /api/stock", new: "path: /api/stock/", want: `:6: routes[0].path is "/api/stock/"`},
	{name: "routes no list", old: "  - host: shop.localhost\n    path", new: "  host: shop.localhost\n  path", want: `:5: routes is a map of keys; write a list`},
	{name: "route a text", old: "  - host: shop.localhost\n    path: /api/stock", new: "  - shop.localhost", want: `:5: routes[0] is the text "shop.localhost"`},
	{name: "neither replicas nor autoscaling", old: "autoscaling: {min: 2, max: 4, cpu_percent: 70}\n", new: "", want: `:1: replicas is missing`},
	{name: "too many replicas", old: "autoscaling:", new: "replicas: 101\nautoscaling:", want: `:7: replicas is 101`},
	{name: "autoscaling without max", old: "max: 4, ", new: "", want: `:7: autoscaling.max is missing`},
	{name: "autoscaling upside down", old: "min: 2, max: 4", new: "min: 4, max: 2", want: `:7: autoscaling.max is 2, less than min 4`, beyondSchema: true},
	{name: "autoscaling above all CPU", old: "cpu_percent: 70", new: "cpu_percent: 101", want: `:7: autoscaling.cpu_percent is 101`},
	{name: "resources missing limits", old: "  limits: {cpu: \"1\", memory: 128Mi}\n", new: "", want: `:8: resources.limits is missing`},
	{name: "CPU a number", old: `cpu: "1"`, new: "cpu: 1", want: `:10: resources.limits.cpu is the number 1; put it in quotes: "1"`},
	{name: "CPU no quantity", old: "cpu: 25m", new: "cpu: 25x", want: `:9: resources.requests.cpu is "25x"`},
	{name: "memory without unit", old: "memory: 32Mi", new: `memory: "32"`, want: `:9: resources.requests.memory is "32"`},
	{name: "memory limit below the request", old: "memory: 128Mi", new: "memory: 16Mi", want: `:10: resources.limits.memory is 16Mi, less than the requested 32Mi`, beyondSchema: true},
	{name: "CPU limit below the request", old: `cpu: "1"`, new: "cpu: 10m", want: `:10: resources.limits.cpu is 10m, less than the requested 25m`, beyondSchema: true},
	{name: "config not a text", old: "LOG_LEVEL: info", new: "LOG_LEVEL: true", want: `:12: config.LOG_LEVEL is the boolean true; put it in quotes: "true"`},
	{name: "config name in lower case", old: "LOG_LEVEL: info", new: "log-level: info", want: `:12: "log-level" is no name of an environment variable here`},
	{name: "config takes the platform's variable", old: "LOG_LEVEL: info", new: `SERVER_PORT: "1"`, want: `:12: SERVER_PORT is already set by the platform`},
	{name: "config takes the platform's delay", old: "LOG_LEVEL: info", new: `SERVER_DRAIN_DELAY: "1s"`, want: `:12: SERVER_DRAIN_DELAY is already set by the platform`},
	{name: "config takes a callee's variable", old: "LOG_LEVEL: info", new: "CATALOG_URL: x", want: `:12: CATALOG_URL is already set by calls: catalog`, beyondSchema: true},
	{name: "config takes the database's variable", old: "LOG_LEVEL: info", new: "DATABASE_HOST: x", want: `:12: DATABASE_HOST is already set by needs: database`, beyondSchema: true},
	{name: "config weakens the database's TLS", old: "LOG_LEVEL: info", new: "DATABASE_SSLMODE: disable", want: `:12: DATABASE_SSLMODE is already set by needs: database`, beyondSchema: true},
	{name: "config takes the database's authorities", old: "LOG_LEVEL: info", new: "DATABASE_SSLROOTCERT: x", want: `:12: DATABASE_SSLROOTCERT is already set by needs: database`, beyondSchema: true},
	{name: "secret takes a config variable", old: "env: API_KEY", new: "env: LOG_LEVEL", want: `:14: LOG_LEVEL is already set by config`, beyondSchema: true},
	{name: "secrets share a name", old: "name: other-key", new: "name: api-key", want: `:15: secrets[1].name "api-key" is taken`, beyondSchema: true},
	{name: "secret with the name of the events' password", old: "name: other-key", new: "name: messaging", want: `:15: secrets[1].name "messaging" is taken`},
	{name: "secret with the database's name", old: "name: other-key", new: "name: database", want: `:15: secrets[1].name "database" is taken`},
	{name: "secret too short", old: "length: 64", new: "length: 8", want: `:15: secrets[1].length is 8`},
	{name: "provided secret with a length", old: "length: 64", new: "length: 64, provided: true", want: `:15: secrets[1].length is that of a random value, and this one is provided; remove length or provided`},
	{name: "provided no boolean", old: "length: 64", new: `provided: "yes"`, want: `:15: secrets[1].provided is the text "yes"; write true or false without quotes`},
	{name: "secret without env", old: "{name: api-key, env: API_KEY}", new: "{name: api-key}", want: `:14: secrets[0].env is missing`},
	{name: "unknown need", old: "needs: [database]", new: "needs: [databse]", want: `:16: needs names "databse", which the platform does not have; did you mean "database"?`},
	{name: "need twice", old: "needs: [database]", new: "needs: [database, database]", want: `:16: needs names "database" twice`},
	{name: "calls itself", old: "calls: [catalog]", new: "calls: [inventory]", want: `:17: calls names "inventory", which is the service itself`, beyondSchema: true},
	{name: "calls twice", old: "calls: [catalog]", new: "calls: [catalog, catalog]", want: `:17: calls names "catalog" twice`},
	{name: "calls a stranger", old: "calls: [catalog]", new: "calls: [payments]", want: `:17: calls names "payments", which is no service; known are catalog`, beyondSchema: true},
	{name: "rollout that cannot move", old: "max_surge: 1", new: "max_surge: 0", want: `:18: rollout.max_surge and rollout.max_unavailable are both 0`},
	{name: "rollout deadline too short", old: "progress_deadline_seconds: 120", new: "progress_deadline_seconds: 1", want: `:18: rollout.progress_deadline_seconds is 1`},
	{name: "availability of everything", old: "availability_percent: 99.9", new: "availability_percent: 100", want: `:19: objectives.availability_percent is 100`},
	{name: "availability a text", old: "availability_percent: 99.9", new: `availability_percent: "99.9"`, want: `:19: objectives.availability_percent is the text "99.9"`},
	{name: "latency negative", old: "latency_p99_milliseconds: 300", new: "latency_p99_milliseconds: -1", want: `:19: objectives.latency_p99_milliseconds is -1`},
}

func TestSchemaAndGoRejectTheSameBadFiles(t *testing.T) {
	schema := realSchema(t)
	for _, c := range badFiles {
		t.Run(c.name, func(t *testing.T) {
			content := strings.Replace(inventoryYAML, c.old, c.new, 1)
			require.NotEqual(t, inventoryYAML, content, "the replacement applies")
			_, err := Load(repository(t, map[string]string{
				"services/catalog/service.yaml":   catalogYAML,
				"services/inventory/service.yaml": content,
			}))
			assert.ErrorContains(t, err, "services/inventory/service.yaml"+c.want)
			if invalid := schema.Validate(instance(t, content)); c.beyondSchema {
				assert.NoError(t, invalid, "no longer beyond the schema")
			} else {
				assert.Error(t, invalid, "the schema accepts it")
			}
		})
	}
}

func TestFilesThatAreNotOneYAMLMappingAreRejected(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"empty":         {"", ":1: is empty"},
		"comment only":  {"# nothing\n", ":1: is empty"},
		"a text":        {"hello\n", `:1: service.yaml is the text "hello"`},
		"bad indent":    {"name: a\n  port: 1\n", ":2: is not YAML: mapping values are not allowed in this context"},
		"two documents": {catalogYAML + "---\nname: other\n", ":10: holds a second YAML document"},
		"key twice":     {catalogYAML + "port: 8081\n", ":10: port is given twice; keep one of lines 3 and 10"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(repository(t, map[string]string{"services/catalog/service.yaml": c.content}))
			assert.ErrorContains(t, err, "services/catalog/service.yaml"+c.want)
		})
	}
}

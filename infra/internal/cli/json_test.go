package cli

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"kindling.internal/infra/internal/catalog"
	"kindling.internal/infra/internal/release"
	"kindling.internal/infra/internal/supply"
)

// What scripts read keeps its names and meaning: each shape stands here in full.
func TestShapesForScriptsStay(t *testing.T) {
	change := release.Change{Service: "catalog", After: release.Entry{Image: "localhost:5002/catalog@sha256:3f", Version: "v1"}}
	const reported = `"environment":"dev",
		"services":[
			{"name":"catalog","urls":["https://shop.localhost/api/products"],"version":"v1","image":"","digest":"sha256:3f9c21aa00bb1122","ready":2,"desired":2},
			{"name":"inventory","urls":["https://shop.localhost/api/stock"],"version":"v1","image":"","digest":"sha256:91b2e0aa00bb1122","ready":1,"desired":2,"message":"pulling its image"}],
		"platform":[{"kind":"","namespace":"","name":"","part":"database","ready":0,"desired":1,"image":"","message":"starting","done":false}]`
	for name, c := range map[string]struct {
		result any
		want   string
	}{
		"up and status":        {report, `{` + reported + `}`},
		"promote and rollback": {released{report, []release.Change{change}}, `{` + reported + `,"changes":[{"service":"catalog","before":{"image":"","version":""},"after":{"image":"localhost:5002/catalog@sha256:3f","version":"v1"}}]}`},
		"releases":             {[]releaseRow{{"now", "catalog", "v1", "sha256:3f"}}, `[{"release":"now","service":"catalog","version":"v1","digest":"sha256:3f"}]`},
		"affected":             {[]catalog.Change{{Name: "catalog", Kind: catalog.KindService, Reasons: []string{"changed"}}}, `[{"name":"catalog","kind":"service","reasons":["changed"]}]`},
		"build":                {[]builtJSON{{"catalog", "sha256:3f", 3, 2, "localhost:5001/catalog@sha256:3f"}}, `[{"service":"catalog","digest":"sha256:3f","bytes":3,"binary_bytes":2,"reference":"localhost:5001/catalog@sha256:3f"}]`},
		"doctor":               {diagnosis{true, []finding{{"clock", note, "noon", "set it"}, {"go", fine, "1.26.4", ""}}}, `{"ready":true,"findings":[{"what":"clock","state":"note","seen":"noon","advice":"set it"},{"what":"go","state":"fine","seen":"1.26.4"}]}`},
		"new service":          {writtenJSON{"orders", "services/orders", []string{"main.go"}, "https://shop.localhost/api/orders"}, `{"service":"orders","folder":"services/orders","files":["main.go"],"url":"https://shop.localhost/api/orders"}`},
		"remove service":       {removedJSON{Service: "orders", RunsIn: []string{"dev"}}, `{"service":"orders","runs_in":["dev"]}`},
		"remove service, all":  {removedJSON{"orders", []string{"prod"}, []string{"dev"}, []string{"dev"}, []string{"staging"}}, `{"service":"orders","runs_in":["prod"],"taken_out_of":["dev"],"database_in":["dev"],"database_dropped_in":["staging"]}`},
		"supply push":          {map[string]string{"postgres": "localhost:5001/postgres@sha256:3f"}, `{"postgres":"localhost:5001/postgres@sha256:3f"}`},
		"supply list": {partsJSON([]supply.Status{{Part: supply.Part{Name: "etcd", About: "etcd 3.6.8"}, Hash: "ab12", Needed: true}}),
			`[{"name":"etcd","about":"etcd 3.6.8","hash":"ab12","cached":false,"needed":true}]`},
	} {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			require.NoError(t, printJSON(&out, c.result))
			assert.JSONEq(t, c.want, out.String())
		})
	}
}

func TestNewAndRemovedServicesAreToldToScripts(t *testing.T) {
	root := clone(t)
	code, out, errs := invoke("new", "service", "orders", "--output", "json")
	require.Equal(t, exitDone, code, errs)
	var written writtenJSON
	require.NoError(t, json.Unmarshal([]byte(out), &written))
	assert.Equal(t, "https://shop.localhost/api/orders", written.URL)
	for _, file := range written.Files {
		assert.FileExists(t, filepath.Join(root, written.Folder, file))
	}
	code, out, errs = invoke("remove", "service", "orders", "--force", "--output", "json")
	require.Equal(t, exitDone, code, errs)
	assert.JSONEq(t, `{"service":"orders","runs_in":[]}`, out)
}

func TestWhatIsNotHTMLIsNotEscaped(t *testing.T) {
	var out bytes.Buffer
	require.NoError(t, printJSON(&out, []string{"a → b & <c>"}))
	assert.Equal(t, "[\n  \"a → b & <c>\"\n]\n", out.String())
}

package provider

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write golden files instead of comparing with them")

const docsFile = "../../cmd/terraform-provider-kind/docs.md"

func TestTheDocumentationIsThatOfTheSchema(t *testing.T) {
	server, err := providerserver.NewProtocol6WithError(New(NewLifetime(t.Context()), &fakeEngine{})())()
	require.NoError(t, err)
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	require.NoError(t, err)
	docs := document(schemas)
	if *update {
		require.NoError(t, os.WriteFile(docsFile, []byte(docs), 0o644))
	}
	golden, err := os.ReadFile(docsFile)
	require.NoError(t, err)
	assert.Equal(t, string(golden), docs, "go test ./internal/provider -run Documentation -update writes it anew")
}

func TestEveryAttributeIsDescribed(t *testing.T) {
	server, err := providerserver.NewProtocol6WithError(New(NewLifetime(t.Context()), &fakeEngine{})())()
	require.NoError(t, err)
	schemas, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	require.NoError(t, err)
	for resource, schema := range schemas.ResourceSchemas {
		eachAttribute(resource, schema.Block.Attributes, func(path string, a *tfprotov6.SchemaAttribute) {
			assert.True(t, strings.HasSuffix(a.Description, "."), "%s: %q", path, a.Description)
		})
	}
}

func eachAttribute(path string, attributes []*tfprotov6.SchemaAttribute, visit func(string, *tfprotov6.SchemaAttribute)) {
	for _, a := range attributes {
		visit(path+"."+a.Name, a)
		if a.NestedType != nil {
			eachAttribute(path+"."+a.Name, a.NestedType.Attributes, visit)
		}
	}
}

// document writes all resources as one page of Markdown.
func document(schemas *tfprotov6.GetProviderSchemaResponse) string {
	var page strings.Builder
	page.WriteString("<!-- Written from the schema by `go test ./internal/provider -run Documentation -update`. -->\n")
	fmt.Fprintf(&page, "# Provider %s\n\n%s\n", Address, schemas.Provider.Block.Description)
	for _, name := range []string{"kind_cluster", "kind_registry"} {
		block := schemas.ResourceSchemas[name].Block
		fmt.Fprintf(&page, "\n## %s\n\n%s\n", name, block.Description)
		for _, section := range []struct {
			title string
			has   func(*tfprotov6.SchemaAttribute) bool
		}{
			{"Required", func(a *tfprotov6.SchemaAttribute) bool { return a.Required }},
			{"Optional", func(a *tfprotov6.SchemaAttribute) bool { return a.Optional }},
			{"Read-only", func(a *tfprotov6.SchemaAttribute) bool { return a.Computed && !a.Optional }},
		} {
			fmt.Fprintf(&page, "\n### %s\n\n", section.title)
			for _, a := range sorted(block.Attributes) {
				if section.has(a) {
					documentAttribute(&page, a, "")
				}
			}
		}
	}
	return page.String()
}

func documentAttribute(page *strings.Builder, a *tfprotov6.SchemaAttribute, indent string) {
	note := typeName(a)
	if indent != "" && a.Required {
		note += ", required"
	}
	if a.Sensitive {
		note += ", sensitive"
	}
	fmt.Fprintf(page, "%s- `%s` (%s): %s\n", indent, a.Name, note, a.Description)
	if a.NestedType == nil {
		return
	}
	for _, nested := range sorted(a.NestedType.Attributes) {
		documentAttribute(page, nested, indent+"  ")
	}
}

func sorted(attributes []*tfprotov6.SchemaAttribute) []*tfprotov6.SchemaAttribute {
	return slices.SortedFunc(slices.Values(attributes), func(a, b *tfprotov6.SchemaAttribute) int { return strings.Compare(a.Name, b.Name) })
}

func typeName(a *tfprotov6.SchemaAttribute) string {
	if a.NestedType != nil {
		return map[tfprotov6.SchemaObjectNestingMode]string{
			tfprotov6.SchemaObjectNestingModeList: "list of objects", tfprotov6.SchemaObjectNestingModeSingle: "object",
		}[a.NestedType.Nesting]
	}
	return typeWord(a.Type)
}

func typeWord(t tftypes.Type) string {
	switch t := t.(type) {
	case tftypes.List:
		return "list(" + typeWord(t.ElementType) + ")"
	case tftypes.Map:
		return "map(" + typeWord(t.ElementType) + ")"
	}
	return map[string]string{"tftypes.String": "string", "tftypes.Number": "number", "tftypes.Bool": "bool"}[t.String()]
}

package scaffold

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The reference services' names become those of a service that is written. What
// differs after that is drift, or is listed with the comparison.
var (
	catalogAsWritten = strings.NewReplacer(
		"product.NewCatalog", "item.NewItems", "h.catalog", "h.items", "internal/product", "internal/item", "product.Product", "item.Item",
		"product.", "item.", "/api/products", "/api/gadgets", "products", "items", "a product", "an item", "product", "item", "catalog", "gadgets",
	)
	// The service that inventory calls keeps its name.
	inventoryAsWritten = strings.NewReplacer(
		"internal/stock", "internal/item", "/api/stock", "/api/gadgets", "stock.NewInventory", "item.NewItems", "stock.", "item.", "inventory", "gadgets",
	)
)

// A comparison is of a file of a reference service with the written one.
type comparison struct {
	file  string
	only  []string // declarations; the whole file when empty
	drift []string // lines of the reference (-) and the written file (+) that differ on purpose
}

var withCatalog = []comparison{
	{file: "main.go", drift: []string{
		"-// Command gadgets serves the items of the shop.",
		"+// Command gadgets keeps items and serves them.",
	}},
	{file: "config.go"},
	{file: "Dockerfile"},
	{file: "service.yaml", drift: []string{
		"-description: Products of the shop and their prices.",
		"+description: Keeps items and serves them at /api/gadgets.",
	}},
	{file: "main_test.go", only: []string{"service", "start", "listeningPort", "answer", "do", "TestServiceAnswersAndIsReady", "TestArgumentsAndWrongSettingsAreRefused"}},
	{file: "internal/api/api.go", only: []string{"get", "delete", "idOf"}},
	{file: "internal/api/request.go", only: []string{"etagOf", "expectedVersion"}},
	{file: "internal/api/openapi_test.go"},
	{file: "internal/store/postgres/postgres.go", only: []string{"Store", "Open", "Get", "Delete", "missingOrChanged", "one"}},
	{file: "internal/store/postgres/postgres_test.go"},
	{file: "internal/store/embedded/embedded.go", only: []string{"Config", "Store", "Open", "Get", "expect"}, drift: []string{
		"-// Open opens the file, or makes it with a handful of items in it.",
		"+// Open opens the file, or makes it.",
	}},
	{file: "internal/store/embedded/embedded_test.go", only: []string{"open", "TestStore"}},
}

var withInventory = []comparison{
	{file: "main.go", drift: []string{
		"-// Command gadgets serves the stock of the products in the catalog.",
		"+// Command gadgets keeps items and serves them.",
		`-	"kindling.internal/services/gadgets/internal/catalog"`,
		"-	products, err := catalog.New(settings.Catalog)",
		"+	callees, err := newCallees(settings)",
		"-	// The catalog is no check: without it stock can still be read.",
		"+	// The callees are no check: without them the rest still answers.",
		`-	api.Register(router.Group("/api/gadgets"), item.NewItems(store, products), logger)`,
		`+	api.Register(router.Group("/api/gadgets"), item.NewItems(store), callees, logger)`,
	}},
	{file: "config.go"},
	{file: "go.mod"},
	{file: "go.sum"},
	{file: "internal/catalog/catalog.go", only: []string{"Config", "Catalog", "New"}, drift: []string{
		"-// Config says where the catalog is and how patient calls to it are.",
		"+// Config says where the service is and how patient calls to it are.",
		"-// New returns the catalog at the configured address.",
		"+// New returns the service at the configured address.",
	}},
}

func TestNewServicesFollowTheReferenceServices(t *testing.T) {
	for _, c := range []struct {
		reference   string
		renamed     *strings.Replacer
		calls       []string
		comparisons []comparison
	}{
		{"catalog", catalogAsWritten, nil, withCatalog},
		{"inventory", inventoryAsWritten, []string{"catalog"}, withInventory},
	} {
		root := checkout(t)
		_, err := New(t.Context(), root, Request{Name: "gadgets", Needs: []string{"database"}, Calls: c.calls})
		require.NoError(t, err)
		for _, compared := range c.comparisons {
			t.Run(path.Join(c.reference, compared.file), func(t *testing.T) {
				reference := c.renamed.Replace(read(t, root, path.Join("services", c.reference, compared.file)))
				written := read(t, root, path.Join("services/gadgets", compared.file))
				got := difference(parts(t, compared, reference), parts(t, compared, written))
				assert.ElementsMatch(t, compared.drift, got, "change the template as the reference was changed, or list the line")
			})
		}
	}
}

// parts are the lines that are compared: a file, or declarations of it in the
// order of the comparison. Imports stand in the order of gofmt.
func parts(t *testing.T, c comparison, text string) []string {
	t.Helper()
	if !strings.HasSuffix(c.file, ".go") {
		return strings.Split(text, "\n")
	}
	formatted, err := format.Source([]byte(text))
	require.NoError(t, err)
	if len(c.only) == 0 {
		return strings.Split(string(formatted), "\n")
	}
	declared := declarations(t, formatted)
	var lines []string
	for _, name := range c.only {
		require.Contains(t, declared, name, "%s declares %s", c.file, name)
		lines = append(lines, strings.Split(declared[name], "\n")...)
	}
	return lines
}

// declarations are the texts of functions and types, with their comments.
func declarations(t *testing.T, source []byte) map[string]string {
	t.Helper()
	positions := token.NewFileSet()
	parsed, err := parser.ParseFile(positions, "source.go", source, parser.ParseComments)
	require.NoError(t, err)
	texts := map[string]string{}
	for _, declaration := range parsed.Decls {
		name, begin := "", declaration.Pos()
		var comment *ast.CommentGroup
		switch d := declaration.(type) {
		case *ast.FuncDecl:
			name, comment = d.Name.Name, d.Doc
		case *ast.GenDecl:
			if d.Tok == token.TYPE {
				name, comment = d.Specs[0].(*ast.TypeSpec).Name.Name, d.Doc
			}
		}
		if comment != nil {
			begin = comment.Pos()
		}
		texts[name] = string(source[positions.Position(begin).Offset:positions.Position(declaration.End()).Offset])
	}
	return texts
}

// difference are the lines that only one side has, by the longest common
// subsequence: "-line" of the first, "+line" of the second.
func difference(a, b []string) []string {
	common := make([][]int, len(a)+1)
	for i := range common {
		common[i] = make([]int, len(b)+1)
	}
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			common[i][j] = max(common[i+1][j], common[i][j+1])
			if a[i] == b[j] {
				common[i][j] = common[i+1][j+1] + 1
			}
		}
	}
	var lines []string
	i, j := 0, 0
	for i < len(a) && j < len(b) {
		switch {
		case a[i] == b[j]:
			i, j = i+1, j+1
		case common[i+1][j] >= common[i][j+1]:
			lines, i = append(lines, "-"+a[i]), i+1
		default:
			lines, j = append(lines, "+"+b[j]), j+1
		}
	}
	for _, line := range a[i:] {
		lines = append(lines, "-"+line)
	}
	for _, line := range b[j:] {
		lines = append(lines, "+"+line)
	}
	return slices.DeleteFunc(lines, func(line string) bool { return len(line) == 1 })
}

func TestDifferenceTellsChangedLines(t *testing.T) {
	assert.Equal(t, []string{"-b", "+x", "+e"}, difference([]string{"a", "b", "c", "d"}, []string{"a", "x", "c", "d", "e"}))
	assert.Empty(t, difference([]string{"a", "", "b"}, []string{"a", "b"}), "blank lines do not count")
}

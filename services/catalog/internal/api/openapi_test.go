package api_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"kindling.internal/services/catalog/internal/api"
	"kindling.internal/services/catalog/internal/product"
)

var parameter = regexp.MustCompile(`:(\w+)`)

func TestDescriptionHasTheRoutesThatAreServed(t *testing.T) {
	gin.SetMode(gin.ReleaseMode)
	router := gin.New()
	api.Register(router.Group("/api/products"), product.NewCatalog(nil))
	var served []string
	for _, route := range router.Routes() {
		served = append(served, route.Method+" "+parameter.ReplaceAllString(route.Path, "{$1}"))
	}

	text, err := os.ReadFile("../../openapi.yaml")
	require.NoError(t, err)
	var description struct {
		Paths map[string]map[string]any
	}
	require.NoError(t, yaml.Unmarshal(text, &description))
	var described []string
	for path, methods := range description.Paths {
		for method := range methods {
			if method != "parameters" {
				described = append(described, strings.ToUpper(method)+" "+path)
			}
		}
	}
	assert.ElementsMatch(t, served, described)
}

package api

import (
	"encoding/base64"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/gin-gonic/gin"

	"kindling.internal/services/catalog/internal/product"
	"kindling.internal/services/kit/problem"
)

const (
	defaultLimit = 20
	maxLimit     = 100
)

// filterOf reads the query of a list and names every mistake in it.
func filterOf(query url.Values) (product.Filter, error) {
	filter := product.Filter{SKUs: query["sku"], Name: query.Get("name"), Limit: defaultLimit}
	var mistakes []problem.FieldError
	if text := query.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 1 || limit > maxLimit {
			mistakes = append(mistakes, problem.FieldError{Field: "limit", Detail: "must be a whole number from 1 to " + strconv.Itoa(maxLimit)})
		}
		filter.Limit = limit
	}
	if len(filter.SKUs) > maxLimit {
		mistakes = append(mistakes, problem.FieldError{Field: "sku", Detail: "may be given at most " + strconv.Itoa(maxLimit) + " times"})
	}
	after, err := base64.RawURLEncoding.DecodeString(query.Get("cursor"))
	if err != nil {
		mistakes = append(mistakes, problem.FieldError{Field: "cursor", Detail: "must be a next_cursor of this list"})
	}
	filter.After = string(after)
	if len(mistakes) > 0 {
		return filter, problem.Invalid(mistakes...)
	}
	return filter, nil
}

func encodeCursor(sku string) string { return base64.RawURLEncoding.EncodeToString([]byte(sku)) }

func etagOf(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// expectedVersion reads If-Match. It is required, so that nobody overwrites a
// change they have not seen; "*" stands for any version.
func expectedVersion(c *gin.Context) (int64, error) {
	header := c.GetHeader("If-Match")
	switch header {
	case "":
		return 0, problem.New(http.StatusPreconditionRequired, "send the product's ETag in If-Match")
	case "*":
		return product.AnyVersion, nil
	}
	version, err := strconv.ParseInt(strings.Trim(header, `"`), 10, 64)
	if err != nil || version < 1 || header != etagOf(version) {
		return 0, problem.New(http.StatusPreconditionFailed, "If-Match %s is not an ETag of this product", header)
	}
	return version, nil
}

package api

import (
	"encoding/base64"
	"net/url"
	"strconv"

	"kindling.internal/services/kit/problem"
)

const (
	defaultLimit = 20
	maxLimit     = 100
)

type query struct {
	after string
	limit int
}

// queryOf reads the query of a list and names every mistake in it.
func queryOf(values url.Values) (query, error) {
	found := query{limit: defaultLimit}
	var mistakes []problem.FieldError
	if text := values.Get("limit"); text != "" {
		limit, err := strconv.Atoi(text)
		if err != nil || limit < 1 || limit > maxLimit {
			mistakes = append(mistakes, problem.FieldError{Field: "limit", Detail: "must be a whole number from 1 to " + strconv.Itoa(maxLimit)})
		}
		found.limit = limit
	}
	after, err := base64.RawURLEncoding.DecodeString(values.Get("cursor"))
	if err != nil {
		mistakes = append(mistakes, problem.FieldError{Field: "cursor", Detail: "must be a next_cursor of this list"})
	}
	found.after = string(after)
	if len(mistakes) > 0 {
		return found, problem.Invalid(mistakes...)
	}
	return found, nil
}

func encodeCursor(sku string) string { return base64.RawURLEncoding.EncodeToString([]byte(sku)) }

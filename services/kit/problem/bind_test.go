package problem_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"kindling.internal/services/kit/problem"
)

type order struct {
	SKU   string `json:"sku" validate:"required,slug"`
	Count int64  `json:"count" validate:"min=1,max=9"`
	Price struct {
		Currency string `json:"currency" validate:"required,iso4217"`
	} `json:"price"`
}

func bind(body, contentType string) (order, error) {
	c, _ := gin.CreateTestContext(httptest.NewRecorder())
	c.Request = httptest.NewRequest("POST", "/", strings.NewReader(body))
	c.Request.Header.Set("Content-Type", contentType)
	var target order
	err := problem.Bind(c, &target)
	return target, err
}

func TestValidBodyIsTaken(t *testing.T) {
	got, err := bind(`{"sku":"stove-camp","count":2,"price":{"currency":"EUR"}}`, "application/json; charset=utf-8")
	require.NoError(t, err)
	assert.Equal(t, "stove-camp", got.SKU)
}

func TestEveryWrongFieldIsNamed(t *testing.T) {
	_, err := bind(`{"sku":"Stove Camp","count":10,"price":{"currency":"XXZ"}}`, "application/json")
	p := problem.From(err)
	assert.Equal(t, 422, p.Status)
	assert.Equal(t, []problem.FieldError{
		{Field: "sku", Detail: "must be lower-case letters and digits, joined by single hyphens"},
		{Field: "count", Detail: "must be at most 9"},
		{Field: "price.currency", Detail: "must be a currency code of ISO 4217, such as EUR"},
	}, p.Errors)
}

func TestBodyThatCannotBeDecodedIsExplained(t *testing.T) {
	cases := []struct {
		name, body, contentType string
		status                  int
		want                    string
	}{
		{"wrong type", `{"count":"two"}`, "application/json", 422, "count must be a whole number, not a string"},
		{"unknown field", `{"colour":"red"}`, "application/json", 422, "colour is not a field of this request"},
		{"two values", `{"sku":"a","count":1,"price":{"currency":"EUR"}} {}`, "application/json", 400, "one JSON value"},
		{"empty", ``, "application/json", 400, "not valid JSON"},
		{"form", `sku=a`, "application/x-www-form-urlencoded", 415, "application/json"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := bind(c.body, c.contentType)
			p := problem.From(err)
			assert.Equal(t, c.status, p.Status)
			text := p.Detail
			for _, field := range p.Errors {
				text += " " + field.Field + " " + field.Detail
			}
			assert.Contains(t, text, c.want)
		})
	}
}

func TestRetryAfterIsInWholeSeconds(t *testing.T) {
	for give, want := range map[string]string{"0s": "1", "1500ms": "2", "5s": "5"} {
		p := problem.Unavailable(duration(t, give), "busy")
		assert.Equal(t, want, p.Header.Get("Retry-After"))
	}
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	parsed, err := time.ParseDuration(text)
	require.NoError(t, err)
	return parsed
}

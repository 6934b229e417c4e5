package problem

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/gin-gonic/gin"
	"github.com/go-playground/validator/v10"
)

// slugPattern is the rule "slug", for names that other services refer to.
var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

var validate = sync.OnceValue(func() *validator.Validate {
	v := validator.New(validator.WithRequiredStructEnabled())
	v.RegisterTagNameFunc(func(field reflect.StructField) string {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		return name
	})
	slug := func(level validator.FieldLevel) bool { return slugPattern.MatchString(level.Field().String()) }
	if err := v.RegisterValidation("slug", slug); err != nil {
		panic(err) // only for an empty name
	}
	return v
})

// Bind decodes the JSON body into target, a pointer to a struct, and applies
// its validate tags. Unknown fields are refused. The error is a Problem that
// names every field that is wrong.
func Bind(c *gin.Context, target any) error {
	media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || media != "application/json" {
		return New(http.StatusUnsupportedMediaType, "the body must be application/json")
	}
	decoder := json.NewDecoder(c.Request.Body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(target); err != nil {
		return decodeProblem(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return New(http.StatusBadRequest, "the body must be one JSON value")
	}
	return Validate(target)
}

// Validate applies the validate tags of a struct and returns a Problem that
// names every field that breaks one.
func Validate(target any) error {
	var failed validator.ValidationErrors
	err := validate().Struct(target)
	if !errors.As(err, &failed) {
		return err
	}
	mistakes := make([]FieldError, 0, len(failed))
	for _, failure := range failed {
		_, field, _ := strings.Cut(failure.Namespace(), ".")
		mistakes = append(mistakes, FieldError{Field: field, Detail: describe(failure)})
	}
	return Invalid(mistakes...)
}

func decodeProblem(err error) error {
	var tooLarge *http.MaxBytesError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &tooLarge):
		return err
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return Invalid(FieldError{Field: mismatch.Field, Detail: "must be a " + kindOf(mismatch.Type) + ", not a " + mismatch.Value})
	case strings.HasPrefix(err.Error(), "json: unknown field "):
		field := strings.Trim(strings.TrimPrefix(err.Error(), "json: unknown field "), `"`)
		return Invalid(FieldError{Field: field, Detail: "is not a field of this request"})
	}
	return New(http.StatusBadRequest, "the body is not valid JSON: %s", strings.TrimPrefix(err.Error(), "json: ")).Because(err)
}

// kindOf names a Go type in JSON's words.
func kindOf(t reflect.Type) string {
	switch t.Kind() {
	case reflect.String, reflect.Bool:
		return t.Kind().String()
	case reflect.Slice, reflect.Array:
		return "array"
	case reflect.Struct, reflect.Map:
		return "object"
	}
	return "whole number"
}

// describe puts a broken rule in words. Rules that are not listed are named.
func describe(failure validator.FieldError) string {
	text := failure.Kind() == reflect.String
	switch failure.Tag() {
	case "required":
		return "is required"
	case "min", "gte":
		if text {
			return "must have at least " + failure.Param() + " characters"
		}
		return "must be at least " + failure.Param()
	case "max", "lte":
		if text {
			return "must have at most " + failure.Param() + " characters"
		}
		return "must be at most " + failure.Param()
	case "ne":
		return "must not be " + failure.Param()
	case "slug":
		return "must be lower-case letters and digits, joined by single hyphens"
	case "iso4217":
		return "must be a currency code of ISO 4217, such as EUR"
	}
	return strings.TrimSpace("breaks the rule " + failure.Tag() + " " + failure.Param())
}

package config

import (
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/go-playground/validator/v10"
)

// mask stands for a secret in everything that is printed.
const mask = "***"

// field is one leaf of the configuration struct.
type field struct {
	key   string // dotted, lower case
	value reflect.Value
	tag   reflect.StructTag
}

func (f field) secret() bool     { return f.tag.Get("secret") == "true" }
func (f field) reloadable() bool { return f.tag.Get("reload") == "true" }

// fieldsOf lists the leaves of a struct in the order they are written.
func fieldsOf(structure reflect.Value) []field {
	return appendFields(nil, "", structure)
}

func appendFields(fields []field, prefix string, structure reflect.Value) []field {
	for i := range structure.NumField() {
		description := structure.Type().Field(i)
		name := nameOf(description)
		if !description.IsExported() || name == "-" {
			continue
		}
		value := structure.Field(i)
		if value.Kind() == reflect.Struct {
			fields = appendFields(fields, prefix+name+".", value)
			continue
		}
		fields = append(fields, field{key: prefix + name, value: value, tag: description.Tag})
	}
	return fields
}

func nameOf(description reflect.StructField) string {
	if name := description.Tag.Get("mapstructure"); name != "" {
		return strings.ToLower(name)
	}
	return strings.ToLower(description.Name)
}

// validationMistakes applies the validate tags. Fields in broken already have
// a mistake of their own.
func validationMistakes(value any, fields []field, broken map[string]bool) []error {
	validate := validator.New(validator.WithRequiredStructEnabled())
	validate.RegisterTagNameFunc(nameOf)
	var failed validator.ValidationErrors
	if err := validate.Struct(value); err != nil && !errors.As(err, &failed) {
		return []error{err}
	}
	byKey := map[string]field{}
	for _, f := range fields {
		byKey[f.key] = f
	}
	var mistakes []error
	for _, failure := range failed {
		_, key, _ := strings.Cut(failure.Namespace(), ".")
		if !broken[key] {
			mistakes = append(mistakes, describe(byKey[key], key, failure))
		}
	}
	return mistakes
}

func describe(f field, key string, failure validator.FieldError) error {
	rule := failure.Tag()
	if failure.Param() != "" {
		rule += "=" + failure.Param()
	}
	value := fmt.Sprint(failure.Value())
	if f.secret() && value != "" {
		value = mask
	}
	return fmt.Errorf("%s (%s): %q breaks the rule %s", key, environmentName(key), value, rule)
}

// Masked returns every setting by its key, ready to be logged: secrets that
// are set read "***".
func Masked(value any) map[string]any {
	structure := reflect.ValueOf(value)
	if structure.Kind() == reflect.Pointer {
		structure = structure.Elem()
	}
	masked := map[string]any{}
	for _, f := range fieldsOf(structure) {
		masked[f.key] = printable(f)
	}
	return masked
}

func printable(f field) any {
	if f.secret() && !f.value.IsZero() {
		return mask
	}
	if text, ok := f.value.Interface().(fmt.Stringer); ok {
		return text.String()
	}
	return f.value.Interface()
}

// Package config reads a program's configuration once into one typed struct:
// defaults from the struct's tags, then an optional YAML file, then the
// environment, each overriding what came before.
//
// Tags of a field:
//
//	mapstructure:"port"   its name; nested structs join names by a dot
//	default:"8080"        its value when nothing else gives one
//	validate:"min=1"      rules of github.com/go-playground/validator
//	env:"OTHER_NAME"      a further environment variable that is read
//	secret:"true"         never printed
//	reload:"true"         may change while the program runs
//
// The environment variable of server.drain_delay is SERVER_DRAIN_DELAY.
package config

import (
	"errors"
	"fmt"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/spf13/viper"
)

// FileVariable names the environment variable that holds the path of the
// optional YAML file.
const FileVariable = "CONFIG_FILE"

// Live is the configuration of a running program. Get is safe for concurrent
// use.
type Live[T any] struct {
	current atomic.Pointer[T]
	file    string
}

// Load reads and validates the configuration. The error names every mistake,
// one a line, each with the key and the environment variable that sets it.
func Load[T any]() (*Live[T], error) {
	live := &Live[T]{file: os.Getenv(FileVariable)}
	value, err := read[T](live.file)
	if err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	live.current.Store(value)
	return live, nil
}

// Get returns the configuration as it is now.
func (l *Live[T]) Get() T { return *l.current.Load() }

func read[T any](file string) (*T, error) {
	value := new(T)
	fields := fieldsOf(reflect.ValueOf(value).Elem())
	source, err := newSource(file, fields)
	if err != nil {
		return nil, err
	}
	mistakes := unknownKeys(source, fields)
	broken := map[string]bool{}
	for _, f := range fields {
		if err := decode(source, f); err != nil {
			broken[f.key] = true
			mistakes = append(mistakes, err)
		}
	}
	mistakes = append(mistakes, validationMistakes(value, fields, broken)...)
	if len(mistakes) > 0 {
		return nil, errors.Join(mistakes...)
	}
	return value, nil
}

func newSource(file string, fields []field) (*viper.Viper, error) {
	source := viper.New()
	source.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))
	source.AutomaticEnv()
	for _, f := range fields {
		source.SetDefault(f.key, f.tag.Get("default"))
		if name := f.tag.Get("env"); name != "" {
			if err := source.BindEnv(f.key, environmentName(f.key), name); err != nil {
				return nil, err
			}
		}
	}
	if file == "" {
		return source, nil
	}
	source.SetConfigFile(file)
	source.SetConfigType("yaml")
	if err := source.ReadInConfig(); err != nil {
		return nil, fmt.Errorf("read %s (named by %s): %w", file, FileVariable, err)
	}
	return source, nil
}

func unknownKeys(source *viper.Viper, fields []field) []error {
	var mistakes []error
	for _, key := range source.AllKeys() {
		known := slices.ContainsFunc(fields, func(f field) bool { return f.key == key })
		if !known {
			mistakes = append(mistakes, fmt.Errorf("%s: no such setting; remove it from the file", key))
		}
	}
	slices.SortFunc(mistakes, func(a, b error) int { return strings.Compare(a.Error(), b.Error()) })
	return mistakes
}

func decode(source *viper.Viper, f field) error {
	raw := source.Get(f.key)
	if raw == nil || raw == "" {
		f.value.SetZero()
		return nil
	}
	if err := source.UnmarshalKey(f.key, f.value.Addr().Interface()); err != nil {
		f.value.SetZero()
		if f.secret() {
			raw = mask
		}
		return fmt.Errorf("%s (%s): %q is not of type %s", f.key, environmentName(f.key), fmt.Sprint(raw), f.value.Type())
	}
	return nil
}

func environmentName(key string) string {
	return strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

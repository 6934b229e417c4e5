// Command kindling-policy evaluates Rego rules. It reads one request from standard input and writes
// the value of its query to standard output, both as JSON. What is asked stands in the request:
// the program knows no rules, so that another rule needs no new build.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
)

// request is what to evaluate.
type request struct {
	Modules map[string]string `json:"modules"` // Rego by file name
	Query   string            `json:"query"`   // data.kindling.violations
	Input   any               `json:"input"`
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, in io.Reader, out io.Writer) error {
	var r request
	if err := json.NewDecoder(in).Decode(&r); err != nil {
		return fmt.Errorf("read the request: %w", err)
	}
	value, err := evaluate(ctx, r)
	if err != nil {
		return err
	}
	return json.NewEncoder(out).Encode(value)
}

// evaluate returns the value of a request's query; that it has none is an error.
func evaluate(ctx context.Context, r request) (any, error) {
	options := []func(*rego.Rego){rego.Query(r.Query), rego.Capabilities(withoutNetwork()), rego.Strict(true),
		rego.StrictBuiltinErrors(true), rego.Input(r.Input)}
	for name, text := range r.Modules {
		options = append(options, rego.Module(name, text))
	}
	results, err := rego.New(options...).Eval(ctx)
	if err != nil {
		return nil, fmt.Errorf("evaluate %s: %w", r.Query, err)
	}
	if len(results) != 1 || len(results[0].Expressions) != 1 {
		return nil, fmt.Errorf("%s has no value: no rule defines it", r.Query)
	}
	return results[0].Expressions[0].Value, nil
}

// withoutNetwork are the capabilities of rules that judge what they are given and nothing else:
// they ask no server and read neither this machine's environment nor its clock.
func withoutNetwork() *ast.Capabilities {
	capabilities := ast.CapabilitiesForThisVersion()
	outside := []string{"http.send", "net.lookup_ip_addr", "opa.runtime", "rego.parse_module", "time.now_ns", "rand.intn", "uuid.rfc4122"}
	capabilities.Builtins = slices.DeleteFunc(capabilities.Builtins, func(b *ast.Builtin) bool { return slices.Contains(outside, b.Name) })
	capabilities.AllowNet = []string{}
	return capabilities
}

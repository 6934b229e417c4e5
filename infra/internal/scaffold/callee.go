package scaffold

import (
	"fmt"
	"go/token"
	"go/types"
	"slices"
	"strings"
)

// callee is a service that is called, under the names that its client has.
type callee struct {
	Name     string // order-history
	Package  string // orderhistory
	Type     string // OrderHistory
	Field    string // of Config: OrderHistory
	Key      string // of the configuration: order_history
	Env      string // of environment variables: ORDER_HISTORY
	Variable string // orderhistoryClient
	URL      string // where it runs on a developer's machine
}

// firstCalleePort is where the first callee is expected on a developer's
// machine; the service itself has 8080.
const firstCalleePort = 8081

var (
	// takenPackages are packages that the written code has or imports, and what
	// its package main declares or names where clients are used.
	takenPackages = []string{
		"answer", "api", "bus", "callees", "client", "config", "context", "embedded", "err", "events", "fmt", "greeting", "health", "init", "io", "item",
		"kitpostgres", "log", "main", "measured", "metrics", "os", "postgres", "prometheus", "reaction", "reactions", "run", "server", "service", "settings", "slog", "start", "store",
		"storetest", "tracing", "work",
	}
	// takenTypes are other names in the file of a client.
	takenTypes = []string{"Config", "New"}
	// takenFields are fields of Config.
	takenFields = []string{"Database", "Environment", "Log", "Messaging", "Server", "Service", "Store", "Tracing", "Work"}
	// uncallable are services whose group of settings has the name of a setting.
	uncallable = []string{"environment"}
)

// calleesOf gives each service that is called its names. They differ from those
// of the others and of the service's own packages and settings.
func calleesOf(names []string) []callee {
	var callees []callee
	packages, fields := slices.Clone(takenPackages), slices.Clone(takenFields)
	for i, name := range names {
		c := callee{
			Name: name, Type: distinct(camelCase(name), "Service", takenTypes), Key: strings.ReplaceAll(name, "-", "_"),
			URL: fmt.Sprintf("http://localhost:%d", firstCalleePort+i),
		}
		c.Env = strings.ToUpper(c.Key)
		c.Package = distinct(strings.ReplaceAll(name, "-", ""), "service", packages)
		c.Field = distinct(camelCase(name), "Service", fields)
		c.Variable = c.Package + "Client"
		packages, fields = append(packages, c.Package), append(fields, c.Field)
		callees = append(callees, c)
	}
	return callees
}

func distinct(name, suffix string, taken []string) string {
	for token.IsKeyword(name) || types.Universe.Lookup(name) != nil || slices.Contains(taken, name) {
		name += suffix
	}
	return name
}

func camelCase(name string) string {
	var joined strings.Builder
	for part := range strings.SplitSeq(name, "-") {
		if part != "" {
			joined.WriteString(strings.ToUpper(part[:1]) + part[1:])
		}
	}
	return joined.String()
}

package cli

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/gocty"
)

// portVariables are the variables of a cluster root that name ports of this machine.
var portVariables = []string{"http_port", "https_port", "registry_port"}

// examinePorts looks at the ports of environments on this machine: of one, or of all. Whether
// another program on a port of one of many is in the way, only the user knows.
func examinePorts(ctx context.Context, root, environment string) []finding {
	names := environments(root)
	if environment != "" {
		names = []string{environment}
	}
	var findings []finding
	for _, name := range names {
		folder := filepath.Join(root, "environments", name, "cluster")
		ports := portsOf(folder)
		for _, variable := range portVariables {
			port, ok := ports[variable]
			if !ok {
				continue // not an environment on this machine
			}
			holder, taken := portHolder(ctx, port)
			if !taken {
				holder = ""
			}
			findings = append(findings, examinePort(place{name, variable, port}, holder, environment != ""))
		}
	}
	return findings
}

// place is a port of this machine, and what it is for.
type place struct {
	environment, variable string
	port                  int32
}

// examinePort judges who listens on a port; nobody when the holder is empty.
func examinePort(p place, holder string, needed bool) finding {
	f := finding{fmt.Sprintf("port %d (%s)", p.port, p.environment), fine, "free", ""}
	switch {
	case holder == "":
	case strings.HasPrefix(holder, "the container "+p.environment+"-"):
		f.Seen = p.environment + " is up"
	default:
		f.State, f.Seen = note, "in use by "+holder
		f.Advice = fmt.Sprintf("end that, or choose another for %s: TF_VAR_%s=PORT", p.environment, p.variable)
		if needed {
			f.State = wrong
		}
	}
	return f
}

// portsOf reads the ports of a cluster root as Terraform would: the environment's variables win
// over local.auto.tfvars, and that over the defaults. What is no number is left to Terraform.
func portsOf(folder string) map[string]int32 {
	ports := defaults(filepath.Join(folder, "variables.tf"))
	for name, port := range assigned(filepath.Join(folder, "local.auto.tfvars")) {
		if _, known := ports[name]; known {
			ports[name] = port
		}
	}
	for name := range ports {
		if value, err := strconv.ParseInt(os.Getenv("TF_VAR_"+name), 10, 32); err == nil {
			ports[name] = int32(value)
		}
	}
	return ports
}

// defaults are the defaults of those variables of a file that are ports.
func defaults(file string) map[string]int32 {
	ports := map[string]int32{}
	parsed, _ := hclparse.NewParser().ParseHCLFile(file) // what Terraform cannot read, it tells itself
	if parsed == nil {
		return ports
	}
	body, _, _ := parsed.Body.PartialContent(&hcl.BodySchema{Blocks: []hcl.BlockHeaderSchema{{Type: "variable", LabelNames: []string{"name"}}}})
	for _, block := range body.Blocks {
		attributes, _, _ := block.Body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: "default"}}})
		addPort(ports, block.Labels[0], attributes.Attributes["default"])
	}
	return ports
}

func assigned(file string) map[string]int32 {
	ports := map[string]int32{}
	if _, err := os.Stat(file); err != nil {
		return ports
	}
	parsed, _ := hclparse.NewParser().ParseHCLFile(file)
	if parsed == nil {
		return ports
	}
	attributes, _ := parsed.Body.JustAttributes()
	for name, attribute := range attributes {
		addPort(ports, name, attribute)
	}
	return ports
}

func addPort(ports map[string]int32, name string, attribute *hcl.Attribute) {
	if attribute == nil || !strings.HasSuffix(name, "_port") {
		return
	}
	value, diagnostics := attribute.Expr.Value(nil)
	var port int32
	if !diagnostics.HasErrors() && value.Type() == cty.Number && gocty.FromCtyValue(value, &port) == nil {
		ports[name] = port
	}
}

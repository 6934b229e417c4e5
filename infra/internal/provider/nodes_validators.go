package provider

import (
	"context"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"kindling.internal/infra/internal/kindcluster"
)

// nodesCheck is a validator over the whole list of nodes. Lists with unknown
// values are left alone: Terraform validates again when they are known.
type nodesCheck struct {
	description string
	check       func(root path.Path, nodes []nodeModel, resp *validator.ListResponse)
}

func (c nodesCheck) Description(context.Context) string         { return c.description }
func (c nodesCheck) MarkdownDescription(context.Context) string { return c.description }

func (c nodesCheck) ValidateList(ctx context.Context, req validator.ListRequest, resp *validator.ListResponse) {
	value, err := req.ConfigValue.ToTerraformValue(ctx)
	if err != nil || value.IsNull() || !value.IsFullyKnown() {
		return
	}
	var nodes []nodeModel
	resp.Diagnostics.Append(req.ConfigValue.ElementsAs(ctx, &nodes, false)...)
	if !resp.Diagnostics.HasError() {
		c.check(req.Path, nodes, resp)
	}
}

func atLeastOneControlPlane() validator.List {
	return nodesCheck{
		description: "must have a control plane",
		check: func(root path.Path, nodes []nodeModel, resp *validator.ListResponse) {
			for _, node := range nodes {
				if node.Role.ValueString() == kindcluster.RoleControlPlane {
					return
				}
			}
			resp.Diagnostics.AddAttributeError(root, "no control plane",
				fmt.Sprintf(`one of the nodes must have role = %q`, kindcluster.RoleControlPlane))
		},
	}
}

func distinctHostPorts() validator.List {
	return nodesCheck{
		description: "must not publish a host port twice",
		check: func(root path.Path, nodes []nodeModel, resp *validator.ListResponse) {
			var seen []publishedPort
			for i, node := range nodes {
				for j, mapping := range node.PortMappings {
					at := root.AtListIndex(i).AtName("port_mappings").AtListIndex(j)
					port := publishedPort{spec: mapping.spec(), at: at}
					if port.spec.HostPort == 0 {
						continue
					}
					if other := port.clash(seen); other != nil {
						resp.Diagnostics.AddAttributeError(at, "host port is published twice",
							fmt.Sprintf("%s and %s both publish port %d of %s", other.at, at, port.spec.HostPort, port.spec.ListenAddress))
					}
					seen = append(seen, port)
				}
			}
		},
	}
}

type publishedPort struct {
	spec kindcluster.PortMapping
	at   path.Path
}

func (p publishedPort) clash(others []publishedPort) *publishedPort {
	for i, other := range others {
		if p.spec.Clashes(other.spec) {
			return &others[i]
		}
	}
	return nil
}

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// defaultRegistryPort is the port of 127.0.0.1 on which a registry listens.
const defaultRegistryPort = 5001

const registryDescription = "An image registry in a container beside a cluster.\n\n" +
	"It listens on 127.0.0.1 of the host and, under its container's name and port 5000, on the cluster's network. " +
	"Its images lie in a docker volume that outlives the container: a new image, port or network replaces the container " +
	"and keeps the volume. Destroying the resource removes both."

func (r *registryResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: registryDescription,
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Name of the container, and of the registry on the cluster's network. Another name is another registry.",
				Validators:          []validator.String{dockerName()},
			},
			"image": schema.StringAttribute{
				Required: true,
				MarkdownDescription: "Image of a registry that serves HTTP on port 5000 and keeps its data in `/var/lib/registry`; " +
					"pulled when the engine does not have it. Changed in place.",
				Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"network": schema.StringAttribute{
				Required:            true,
				MarkdownDescription: "Docker network of the cluster; made when it is missing. Changed in place.",
				Validators:          []validator.String{dockerName()},
			},
			"cluster": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Cluster that the registry belongs to, the value of the docker label `kindling.internal/cluster` on container, " +
					"volume and network; by default the name without `-registry`.",
				Validators: []validator.String{clusterName()},
			},
			"port": defaultInt(defaultRegistryPort, "Port of 127.0.0.1 on which the registry listens. Changed in place.",
				int64validator.Between(1, 65535)),
			"volume": schema.StringAttribute{
				Optional: true, Computed: true,
				MarkdownDescription: "Docker volume of the images, by default the registry's name. Another volume is another registry.",
				Validators:          []validator.String{dockerName()},
			},
			"host":         computedRegistryString("Host of image references, for example `localhost:5001`, for this host and for nodes with a mirror of that name."),
			"container_id": computedRegistryString("Identity of the container."),
			"status": schema.StringAttribute{
				Computed:            true,
				MarkdownDescription: "`running` or `stopped`. A stopped registry is planned to be `running`.",
			},
		},
	}
}

func computedRegistryString(description string) schema.StringAttribute {
	return schema.StringAttribute{Computed: true, MarkdownDescription: description}
}

package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"kindling.internal/infra/internal/kindcluster"
)

const clusterDescription = "A Kubernetes cluster whose nodes are containers.\n\n" +
	"A cluster whose containers are gone is planned to be created, a stopped one to be started; one whose API server " +
	"does not answer is an error that names the cause. A cluster that was left half-made, because its creation was " +
	"killed, is replaced by the next apply. Most changes recreate the cluster, with everything in it: the plan then " +
	"carries a warning that says why."

func (r *clusterResource) Schema(_ context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"name": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Name of the cluster: lower-case letters, digits and hyphens, at most 48 characters. " +
				"Its nodes are the containers `NAME-control-plane`, `NAME-worker` and so on.",
			Validators: []validator.String{clusterName()},
		},
		"node_image": schema.StringAttribute{
			Required: true,
			MarkdownDescription: "Image of all nodes, as the engine knows it; pulled when it is not there. " +
				"Made by kind 0.27 or later, so that its containerd reads `/etc/containerd/certs.d`.",
			Validators: []validator.String{stringvalidator.LengthAtLeast(1)},
		},
		"network": schema.StringAttribute{
			Optional: true, Computed: true,
			MarkdownDescription: "Name of the docker network that the nodes share with the registry, `kindling-NAME` by default. " +
				"Made when it is missing; removed with the cluster when it was made here and nothing else uses it.",
			Validators: []validator.String{dockerName()},
		},
		"nodes": nodesAttribute(),
		"wait": defaultString("2m", "How long all nodes may take to become Ready once the control plane answers; "+
			"`0s` does not wait. Creation fails when the time is over.", duration()),
		"wait_at_creation": defaultBool(true, "Whether a creation waits for the nodes too, and not only a start. "+
			"Whoever waits for what runs in the cluster need not wait for its nodes first."),
	}
	addConfigurationAttributes(attributes)
	addComputedAttributes(attributes)
	resp.Schema = schema.Schema{MarkdownDescription: clusterDescription, Attributes: attributes}
}

func addConfigurationAttributes(attributes map[string]schema.Attribute) {
	attributes["networking"] = networkingAttribute()
	attributes["kubeadm_config_patches"] = stringList("YAML merge patches for kubeadm's configuration, as in kind's configuration file.")
	attributes["containerd_config_patches"] = stringList("TOML merge patches for containerd's configuration, as in kind's configuration file. " +
		"A patch with another `version` than the node's configuration is skipped, so one for each version can be given.")
	attributes["registry_mirrors"] = mirrorsAttribute()
	attributes["feature_gates"] = boolMap("Kubernetes feature gates.")
	attributes["runtime_config"] = stringMap("API groups and versions to switch on or off, for example `\"api/alpha\" = \"false\"`.")
	attributes["encrypt_secrets"] = defaultBool(false, "Whether the API server encrypts Secrets in etcd. The key is made for the cluster and "+
		"lies in its control-plane nodes only: it is in no plan, state or file of this host.")
	attributes["audit_policy"] = schema.StringAttribute{
		Optional: true,
		MarkdownDescription: "Audit policy (`audit.k8s.io/v1`, YAML). When it is set, the API server writes its audit log to " +
			"`/var/log/kubernetes/audit.log` in the control-plane nodes: 50 MiB a file, two old files, seven days.",
		Validators: []validator.String{auditPolicy()},
	}
	attributes["manifests"] = manifestsAttribute()
}

func addComputedAttributes(attributes map[string]schema.Attribute) {
	for name, description := range map[string]string{
		"endpoint":       "URL of the API server, as this host reaches it.",
		"ca_certificate": "PEM certificate of the authority that signed the API server's certificate.",
		"uid":            "UID of the namespace `kube-system`: it tells this cluster from any other, also from one of the same name.",
	} {
		attributes[name] = computedString(description, false)
	}
	for name, description := range map[string]string{
		"client_certificate": "PEM certificate of the cluster's administrator.",
		"client_key":         "PEM key of the cluster's administrator.",
		"kubeconfig":         "Kubeconfig of the cluster's administrator, with the context `kind-NAME`. No file is written.",
	} {
		attributes[name] = computedString(description, true)
	}
	attributes["status"] = schema.StringAttribute{
		Computed:            true,
		MarkdownDescription: "`running` or `stopped`. A stopped cluster is planned to be `running`.",
	}
}

func computedString(description string, sensitive bool) schema.StringAttribute {
	return schema.StringAttribute{
		Computed: true, Sensitive: sensitive, MarkdownDescription: description,
		PlanModifiers: []planmodifier.String{stringplanmodifier.UseStateForUnknown()},
	}
}

func nodesAttribute() schema.Attribute {
	return schema.ListNestedAttribute{
		Required:            true,
		MarkdownDescription: "The nodes, in order; at least one of them a control plane.",
		Validators:          []validator.List{listvalidator.SizeAtLeast(1), atLeastOneControlPlane(), distinctHostPorts()},
		NestedObject: schema.NestedAttributeObject{Attributes: map[string]schema.Attribute{
			"role": schema.StringAttribute{
				Required: true, MarkdownDescription: "`control-plane` or `worker`.",
				Validators: []validator.String{stringvalidator.OneOf(kindcluster.RoleControlPlane, kindcluster.RoleWorker)},
			},
			"labels":        stringMap("Labels of the Kubernetes node."),
			"taints":        taintsAttribute(),
			"extra_mounts":  mountsAttribute(),
			"port_mappings": portMappingsAttribute(),
		}},
	}
}

func taintsAttribute() schema.Attribute {
	return nestedList("Taints of the Kubernetes node, in place of kubeadm's.", taintType, map[string]schema.Attribute{
		"key":   schema.StringAttribute{Required: true, MarkdownDescription: "Key of the taint."},
		"value": defaultString("", "Value of the taint."),
		"effect": schema.StringAttribute{
			Required: true, MarkdownDescription: "`NoSchedule`, `PreferNoSchedule` or `NoExecute`.",
			Validators: []validator.String{stringvalidator.OneOf("NoSchedule", "PreferNoSchedule", "NoExecute")},
		},
	})
}

func mountsAttribute() schema.Attribute {
	return nestedList("Folders and files of the host that the node sees.", mountType, map[string]schema.Attribute{
		"host_path": schema.StringAttribute{
			Required: true, MarkdownDescription: "Absolute path on the engine's host.",
			Validators: []validator.String{absolutePath()},
		},
		"container_path": schema.StringAttribute{
			Required: true, MarkdownDescription: "Absolute path in the node.",
			Validators: []validator.String{absolutePath()},
		},
		"read_only": defaultBool(false, "Whether the node may only read it."),
	})
}

func portMappingsAttribute() schema.Attribute {
	return nestedList("Ports of the node that are published on the host.", portMappingType, map[string]schema.Attribute{
		"container_port": schema.Int64Attribute{
			Required: true, MarkdownDescription: "Port in the node, 1 to 65535.",
			Validators: []validator.Int64{int64validator.Between(1, 65535)},
		},
		"host_port": defaultInt(0, "Port on the host, 1 to 65535; 0 takes a free one. "+
			"A port that is in use is an error at creation that names its user.", int64validator.Between(0, 65535)),
		"listen_address": defaultString("127.0.0.1", "Address of the host to listen on; `0.0.0.0` opens the port to the host's network.", ipAddress()),
		"protocol":       defaultString("TCP", "`TCP`, `UDP` or `SCTP`.", stringvalidator.OneOf("TCP", "UDP", "SCTP")),
	})
}

func networkingAttribute() schema.Attribute {
	return schema.SingleNestedAttribute{
		Optional: true, Computed: true, Default: defaultNetworking(),
		MarkdownDescription: "Addresses and proxying.",
		Attributes: map[string]schema.Attribute{
			"pod_subnet":          defaultString(defaultPodSubnet, "CIDR block of the pods.", cidr()),
			"service_subnet":      defaultString(defaultServiceSubnet, "CIDR block of the Services.", cidr()),
			"api_server_address":  defaultString(defaultAPIServerAddress, "Address of the host on which the API server listens.", ipAddress()),
			"api_server_port":     defaultInt(0, "Port of the host on which the API server listens; 0 takes a free one, which stays the same.", int64validator.Between(0, 65535)),
			"disable_default_cni": defaultBool(false, "Whether to leave out the node image's CNI. Nodes become Ready when another one is installed, so creation does not wait for it."),
			"kube_proxy_mode": defaultString(defaultKubeProxyMode, "`iptables`, `nftables`, `ipvs` or `none`.",
				stringvalidator.OneOf("iptables", "nftables", "ipvs", "none")),
		},
	}
}

func mirrorsAttribute() schema.Attribute {
	return schema.MapAttribute{
		ElementType: types.ListType{ElemType: types.StringType},
		Optional:    true, Computed: true, Default: emptyMap(types.ListType{ElemType: types.StringType}),
		MarkdownDescription: "For a registry host, as image references name it, the base URLs that the nodes ask instead, in order. " +
			"A URL with a path (`http://mirror:5000/v2/registry.k8s.io`) takes the place of the registry's `/v2`. Changed in place.",
		Validators: mirrorsValidators(),
	}
}

func manifestsAttribute() schema.Attribute {
	return schema.MapAttribute{
		ElementType: types.StringType,
		Optional:    true, Computed: true, Default: emptyMap(types.StringType),
		MarkdownDescription: "Kubernetes objects by a name of your choice, each a text of YAML documents, applied by the node's kubectl once the cluster is up. " +
			"Changed in place: documents that are no longer there are deleted. What is changed in the cluster by hand is not noticed.",
		Validators: manifestsValidators(),
	}
}

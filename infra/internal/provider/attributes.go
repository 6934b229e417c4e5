package provider

import (
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/defaults"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/int64default"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/listdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/mapdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/objectdefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringdefault"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

// kind's own defaults, spelled out so that a plan shows them.
const (
	defaultPodSubnet        = "10.244.0.0/16"
	defaultServiceSubnet    = "10.96.0.0/16"
	defaultAPIServerAddress = "127.0.0.1"
	defaultKubeProxyMode    = "iptables"
)

var (
	taintType = map[string]attr.Type{"key": types.StringType, "value": types.StringType, "effect": types.StringType}
	mountType = map[string]attr.Type{"host_path": types.StringType, "container_path": types.StringType, "read_only": types.BoolType}

	portMappingType = map[string]attr.Type{
		"container_port": types.Int64Type, "host_port": types.Int64Type,
		"listen_address": types.StringType, "protocol": types.StringType,
	}
	nodeType = map[string]attr.Type{
		"role":          types.StringType,
		"labels":        types.MapType{ElemType: types.StringType},
		"taints":        types.ListType{ElemType: types.ObjectType{AttrTypes: taintType}},
		"extra_mounts":  types.ListType{ElemType: types.ObjectType{AttrTypes: mountType}},
		"port_mappings": types.ListType{ElemType: types.ObjectType{AttrTypes: portMappingType}},
	}
	networkingType = map[string]attr.Type{
		"pod_subnet": types.StringType, "service_subnet": types.StringType,
		"api_server_address": types.StringType, "api_server_port": types.Int64Type,
		"disable_default_cni": types.BoolType, "kube_proxy_mode": types.StringType,
	}
)

func defaultNetworking() defaults.Object {
	return objectdefault.StaticValue(types.ObjectValueMust(networkingType, map[string]attr.Value{
		"pod_subnet":          types.StringValue(defaultPodSubnet),
		"service_subnet":      types.StringValue(defaultServiceSubnet),
		"api_server_address":  types.StringValue(defaultAPIServerAddress),
		"api_server_port":     types.Int64Value(0),
		"disable_default_cni": types.BoolValue(false),
		"kube_proxy_mode":     types.StringValue(defaultKubeProxyMode),
	}))
}

// Collections default to empty rather than null, so that a configuration that
// leaves one out, one that says {} and an imported cluster are all the same.

func emptyMap(element attr.Type) defaults.Map {
	return mapdefault.StaticValue(types.MapValueMust(element, map[string]attr.Value{}))
}

func emptyList(element attr.Type) defaults.List {
	return listdefault.StaticValue(types.ListValueMust(element, []attr.Value{}))
}

func stringMap(description string) schema.MapAttribute {
	return schema.MapAttribute{
		ElementType: types.StringType, MarkdownDescription: description,
		Optional: true, Computed: true, Default: emptyMap(types.StringType),
	}
}

func boolMap(description string) schema.MapAttribute {
	return schema.MapAttribute{
		ElementType: types.BoolType, MarkdownDescription: description,
		Optional: true, Computed: true, Default: emptyMap(types.BoolType),
	}
}

func stringList(description string) schema.ListAttribute {
	return schema.ListAttribute{
		ElementType: types.StringType, MarkdownDescription: description,
		Optional: true, Computed: true, Default: emptyList(types.StringType),
	}
}

func nestedList(description string, element map[string]attr.Type, attributes map[string]schema.Attribute) schema.ListNestedAttribute {
	return schema.ListNestedAttribute{
		Optional: true, Computed: true, Default: emptyList(types.ObjectType{AttrTypes: element}),
		MarkdownDescription: description,
		NestedObject:        schema.NestedAttributeObject{Attributes: attributes},
	}
}

func defaultString(value, description string, validators ...validator.String) schema.StringAttribute {
	if value != "" {
		description += fmt.Sprintf(" Default `%s`.", value)
	}
	return schema.StringAttribute{
		Optional: true, Computed: true, Default: stringdefault.StaticString(value),
		MarkdownDescription: description, Validators: validators,
	}
}

func defaultInt(value int64, description string, validators ...validator.Int64) schema.Int64Attribute {
	return schema.Int64Attribute{
		Optional: true, Computed: true, Default: int64default.StaticInt64(value),
		MarkdownDescription: description + fmt.Sprintf(" Default `%d`.", value), Validators: validators,
	}
}

func defaultBool(value bool, description string) schema.BoolAttribute {
	return schema.BoolAttribute{
		Optional: true, Computed: true, Default: booldefault.StaticBool(value),
		MarkdownDescription: description + fmt.Sprintf(" Default `%t`.", value),
	}
}

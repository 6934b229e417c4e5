# Nothing is reached from the internet but the services, through the ingress controller.
package kindling.rules.private_endpoints

import data.kindling.plan

violation contains {"address": r.address, "reason": "its API server answers on the internet", "fix": "set endpoint_public_access = false and endpoint_private_access = true"} if {
	some r in plan.of_type({"aws_eks_cluster"})
	some config in plan.blocks(r.change.after, "vpc_config")
	not config.endpoint_public_access == false
}

violation contains {"address": r.address, "reason": "it has an address on the internet", "fix": "set publicly_accessible = false"} if {
	some r in plan.of_type({"aws_db_instance", "aws_rds_cluster_instance", "aws_redshift_cluster"})
	r.change.after.publicly_accessible == true
}

violation contains {"address": r.address, "reason": "it lets everybody's objects be public", "fix": sprintf("set %s = true", [flag])} if {
	some r in plan.of_type({"aws_s3_bucket_public_access_block", "aws_s3_account_public_access_block"})
	some flag in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"]
	not r.change.after[flag] == true
}

violation contains {"address": r.address, "reason": "its objects can be read by everybody", "fix": "set acl = \"private\""} if {
	some r in plan.of_type({"aws_s3_bucket_acl"})
	r.change.after.acl in {"public-read", "public-read-write", "authenticated-read"}
}

violation contains {"address": r.address, "reason": "it is a registry for everybody", "fix": "use aws_ecr_repository"} if {
	some r in plan.of_type({"aws_ecrpublic_repository"})
}

violation contains {"address": r.address, "reason": "its machines get addresses on the internet", "fix": "set it to false, and let them out through a NAT gateway"} if {
	some r in plan.resources
	r.change.after[{"aws_subnet": "map_public_ip_on_launch", "aws_instance": "associate_public_ip_address"}[r.type]] == true
}

violation contains {"address": r.address, "reason": "it lets every address in", "fix": "name the address ranges or the security groups that need it"} if {
	some r in plan.resources
	some range in let_in(r)
	plan.anywhere(range)
}

let_in(r) := {plan.value(r, "cidr_ipv4"), plan.value(r, "cidr_ipv6")} if r.type == "aws_vpc_security_group_ingress_rule"

let_in(r) := ranges(r.change.after, ["cidr_blocks", "ipv6_cidr_blocks"]) if {
	r.type == "aws_security_group_rule"
	r.change.after.type == "ingress"
}

let_in(r) := {range | some block in plan.blocks(r.change.after, "ingress"); some range in ranges(block, ["cidr_blocks", "ipv6_cidr_blocks"])} if {
	r.type == "aws_security_group"
}

let_in(r) := ranges(r.change.after, ["source_ranges"]) if {
	r.type == "google_compute_firewall"
	not r.change.after.direction == "EGRESS"
	count(plan.blocks(r.change.after, "allow")) > 0
}

let_in(r) := {range |
	some block in plan.blocks(r.change.after, "master_authorized_networks_config")
	some network in plan.blocks(block, "cidr_blocks")
	range := network.cidr_block
} if r.type == "google_container_cluster"

let_in(r) := {network.value |
	some settings in plan.blocks(r.change.after, "settings")
	some config in plan.blocks(settings, "ip_configuration")
	some network in plan.blocks(config, "authorized_networks")
} if r.type == "google_sql_database_instance"

ranges(from, names) := {range | some name in names; some range in plan.list(object.get(from, name, []))}

violation contains {"address": r.address, "reason": reason, "fix": sprintf("set private_cluster_config { %s = true }", [flag])} if {
	some r in plan.of_type({"google_container_cluster"})
	some flag, reason in {
		"enable_private_endpoint": "its API server answers on the internet",
		"enable_private_nodes": "its nodes have addresses on the internet",
	}
	count([config | some config in plan.blocks(r.change.after, "private_cluster_config"); config[flag] == true]) == 0
}

violation contains {"address": r.address, "reason": "its API server answers on the internet by its DNS name", "fix": "set dns_endpoint_config { allow_external_traffic = false }"} if {
	some r in plan.of_type({"google_container_cluster"})
	some config in plan.blocks(r.change.after, "control_plane_endpoints_config")
	some endpoint in plan.blocks(config, "dns_endpoint_config")
	endpoint.allow_external_traffic == true
}

violation contains {"address": r.address, "reason": "it has an address on the internet", "fix": "set ip_configuration { ipv4_enabled = false } and a private_network"} if {
	some r in plan.of_type({"google_sql_database_instance"})
	some settings in plan.blocks(r.change.after, "settings")
	count([config | some config in plan.blocks(settings, "ip_configuration"); config.ipv4_enabled == false]) == 0
}

violation contains {"address": r.address, "reason": "its objects can be made public", "fix": "set public_access_prevention = \"enforced\""} if {
	some r in plan.of_type({"google_storage_bucket"})
	not r.change.after.public_access_prevention == "enforced"
}

violation contains {"address": r.address, "reason": "it is granted to everybody", "fix": "name the accounts that need it"} if {
	some r in plan.resources
	regex.match(`^google_.*_iam_(member|binding)$`, r.type)
	some member in array.concat([plan.value(r, "member")], members(r))
	member in {"allUsers", "allAuthenticatedUsers"}
}

members(r) := plan.value(r, "members") if is_array(plan.value(r, "members"))

members(r) := [] if not is_array(plan.value(r, "members"))

# On this machine, the nodes' ports are for this machine.
violation contains {"address": r.address, "reason": sprintf("it listens on %s", [address]), "fix": "leave listen_address and api_server_address at 127.0.0.1"} if {
	some r in plan.of_type({"kind_cluster"})
	walk(r.change.after, [path, address])
	path[count(path) - 1] in {"listen_address", "api_server_address"}
	not address in {"127.0.0.1", "::1", null}
}

violation contains {"address": r.address, "reason": sprintf("it is published as a %s", [spec.type]), "fix": "give the service a route: the ingress controller is the one way in"} if {
	some r in plan.kubernetes({"service"})
	some spec in plan.blocks(r.change.after, "spec")
	spec.type in {"LoadBalancer", "NodePort"}
	not is_ingress(r)
}

is_ingress(r) if {
	some metadata in plan.blocks(r.change.after, "metadata")
	metadata.namespace == "ingress-nginx"
}

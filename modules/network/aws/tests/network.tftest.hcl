mock_provider "aws" {}

variables {
  name       = "prod"
  account_id = "123456789012"
  region     = "eu-central-1"
  zones      = ["eu-central-1a", "eu-central-1b", "eu-central-1c"]
  flow_logs  = { key_arn = "arn:aws:kms:eu-central-1:123456789012:key/0c1d" }
}

run "has_three_tiers_in_three_zones" {
  command = plan

  assert {
    condition     = { for zone, subnet in aws_subnet.private : zone => subnet.cidr_block } == { "eu-central-1a" = "10.0.0.0/20", "eu-central-1b" = "10.0.16.0/20", "eu-central-1c" = "10.0.32.0/20" }
    error_message = "each zone must have a private subnet of a sixteenth"
  }
  assert {
    condition     = { for zone, subnet in aws_subnet.public : zone => subnet.cidr_block } == { "eu-central-1a" = "10.0.240.0/24", "eu-central-1b" = "10.0.241.0/24", "eu-central-1c" = "10.0.242.0/24" }
    error_message = "each zone must have a public subnet"
  }
  assert {
    condition     = { for zone, subnet in aws_subnet.isolated : zone => subnet.cidr_block } == { "eu-central-1a" = "10.0.244.0/24", "eu-central-1b" = "10.0.245.0/24", "eu-central-1c" = "10.0.246.0/24" }
    error_message = "each zone must have an isolated subnet"
  }
}

run "moves_nobody_when_a_zone_is_added" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-central-1b", "eu-central-1c", "eu-central-1d"]
  }

  assert {
    condition     = aws_subnet.private["eu-central-1c"].cidr_block == "10.0.32.0/20" && aws_subnet.private["eu-central-1d"].cidr_block == "10.0.48.0/20"
    error_message = "a zone at the end must leave the others where they are"
  }
  assert {
    condition     = length(setintersection([for subnet in aws_subnet.public : subnet.cidr_block], [for subnet in aws_subnet.isolated : subnet.cidr_block])) == 0
    error_message = "four zones' tiers must not overlap"
  }
}

run "gives_out_no_public_addresses" {
  command = plan

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : !subnet.map_public_ip_on_launch])
    error_message = "what is started in a public subnet must not get a public address"
  }
}

run "refuses_all_by_default" {
  command = plan

  assert {
    condition     = length(coalesce(aws_default_route_table.this.route, [])) == 0
    error_message = "the default route table must lead nowhere"
  }
}

run "leaves_each_zone_by_its_own_gateway" {
  command = plan

  assert {
    condition     = toset(keys(aws_nat_gateway.this)) == toset(var.zones) && length(aws_route.nat) == 3
    error_message = "there must be a NAT gateway and a route in each zone"
  }
  assert {
    condition     = local.gateway["eu-central-1b"] == "eu-central-1b"
    error_message = "a zone must use its own gateway"
  }
}

run "shares_one_gateway_when_told" {
  command = plan

  variables {
    nat = "single"
  }

  assert {
    condition     = keys(aws_nat_gateway.this) == ["eu-central-1a"] && alltrue([for zone, gateway in local.gateway : gateway == "eu-central-1a"]) && length(aws_route.nat) == 3
    error_message = "all zones must leave by the first one's gateway"
  }
}

run "stays_inside_when_told" {
  command = plan

  variables {
    nat = "none"
  }

  assert {
    condition     = length(aws_nat_gateway.this) + length(aws_eip.nat) + length(aws_route.nat) == 0
    error_message = "there must be no way out"
  }
}

run "isolates_databases" {
  command = plan

  assert {
    condition     = length(aws_route_table_association.isolated) == 3 && length(coalesce(aws_route_table.isolated.route, [])) == 0
    error_message = "isolated subnets must have a table without routes"
  }
}

run "reaches_s3_without_nat" {
  command = plan

  assert {
    condition     = aws_vpc_endpoint.s3.service_name == "com.amazonaws.eu-central-1.s3" && aws_vpc_endpoint.s3.vpc_endpoint_type == "Gateway"
    error_message = "image layers must not pass the NAT gateways"
  }
}

run "writes_flow_logs" {
  command = plan

  assert {
    condition = (
      aws_flow_log.this.traffic_type == "ALL"
      && aws_cloudwatch_log_group.flow.retention_in_days == 90
      && aws_cloudwatch_log_group.flow.kms_key_id == "arn:aws:kms:eu-central-1:123456789012:key/0c1d"
    )
    error_message = "all traffic must be logged for 90 days, encrypted"
  }
}

run "writes_flow_logs_of_its_own_account_only" {
  command = plan

  assert {
    condition     = jsondecode(aws_iam_role.flow.assume_role_policy).Statement[0].Condition.StringEquals["aws:SourceAccount"] == "123456789012"
    error_message = "the service may take the role for this account alone"
  }
}

run "refuses_an_account_that_is_none" {
  command = plan

  variables {
    account_id = "prod"
  }

  expect_failures = [var.account_id]
}

run "is_found_by_the_load_balancers_of_a_cluster" {
  command = plan

  variables {
    cluster_name = "prod"
  }

  assert {
    condition     = alltrue([for subnet in aws_subnet.public : subnet.tags["kubernetes.io/role/elb"] == "1" && subnet.tags["kubernetes.io/cluster/prod"] == "shared"])
    error_message = "public subnets must be tagged for load balancers"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.private : subnet.tags["kubernetes.io/role/internal-elb"] == "1"])
    error_message = "private subnets must be tagged for internal load balancers"
  }
  assert {
    condition     = alltrue([for subnet in aws_subnet.isolated : !contains(keys(subnet.tags), "kubernetes.io/cluster/prod")])
    error_message = "no load balancer may go into isolated subnets"
  }
}

run "tags_everything" {
  command = plan

  variables {
    tags = { team = "shop" }
  }

  assert {
    condition     = aws_vpc.this.tags == tomap({ team = "shop", Name = "prod" }) && aws_iam_role.flow.tags == tomap({ team = "shop" })
    error_message = "the given tags must be on everything"
  }
}

run "plans_the_basic_example" {
  command = plan

  module {
    source = "./examples/basic"
  }
}

run "refuses_a_name_that_is_no_dns_label" {
  command = plan

  variables {
    name = "Prod_1"
  }

  expect_failures = [var.name]
}

run "refuses_a_region_that_is_none" {
  command = plan

  variables {
    region = "Frankfurt"
    zones  = ["Frankfurta", "Frankfurtb"]
  }

  expect_failures = [var.region]
}

run "refuses_a_single_zone" {
  command = plan

  variables {
    zones = ["eu-central-1a"]
  }

  expect_failures = [var.zones]
}

run "refuses_a_zone_twice" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-central-1a"]
  }

  expect_failures = [var.zones]
}

run "refuses_a_zone_of_another_region" {
  command = plan

  variables {
    zones = ["eu-central-1a", "eu-west-1b"]
  }

  expect_failures = [var.zones]
}

run "refuses_a_range_that_is_too_small" {
  command = plan

  variables {
    cidr = "10.0.0.0/24"
  }

  expect_failures = [var.cidr]
}

run "refuses_public_addresses" {
  command = plan

  variables {
    cidr = "8.8.0.0/16"
  }

  expect_failures = [var.cidr]
}

run "refuses_an_unknown_nat" {
  command = plan

  variables {
    nat = "many"
  }

  expect_failures = [var.nat]
}

run "refuses_a_cluster_name_that_is_no_dns_label" {
  command = plan

  variables {
    cluster_name = "Prod!"
  }

  expect_failures = [var.cluster_name]
}

run "refuses_logs_without_a_key" {
  command = plan

  variables {
    flow_logs = { key_arn = "" }
  }

  expect_failures = [var.flow_logs]
}

run "refuses_a_retention_that_cloudwatch_does_not_know" {
  command = plan

  variables {
    flow_logs = { key_arn = "arn:aws:kms:eu-central-1:123456789012:key/0c1d", retention_days = 42 }
  }

  expect_failures = [var.flow_logs]
}

run "refuses_unknown_traffic" {
  command = plan

  variables {
    flow_logs = { key_arn = "arn:aws:kms:eu-central-1:123456789012:key/0c1d", traffic = "SOME" }
  }

  expect_failures = [var.flow_logs]
}

run "lies_in_the_range_that_is_given" {
  command = plan

  variables {
    cidr = "192.168.0.0/16"
  }

  assert {
    condition     = aws_vpc.this.cidr_block == "192.168.0.0/16" && output.private_subnets["eu-central-1b"].cidr == "192.168.16.0/20" && output.isolated_subnets["eu-central-1c"].cidr == "192.168.246.0/24"
    error_message = "the subnets must be parts of it"
  }
}

run "logs_the_traffic_that_it_is_told_to_for_as_long" {
  command = plan

  variables {
    flow_logs = { key_arn = "arn:aws:kms:eu-central-1:123456789012:key/0c1d", retention_days = 30, traffic = "REJECT" }
  }

  assert {
    condition     = aws_flow_log.this.traffic_type == "REJECT" && aws_cloudwatch_log_group.flow.retention_in_days == 30
    error_message = "traffic and days must be the given ones"
  }
}

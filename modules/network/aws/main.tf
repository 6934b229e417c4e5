locals {
  # A zone's place gives its addresses, in all three tiers: zones that are added
  # at the end move nobody.
  places = { for place, zone in var.zones : zone => place }
  subnets = {
    private  = { for zone, place in local.places : zone => cidrsubnet(var.cidr, 4, place) }
    public   = { for zone, place in local.places : zone => cidrsubnet(var.cidr, 8, 240 + place) }
    isolated = { for zone, place in local.places : zone => cidrsubnet(var.cidr, 8, 244 + place) }
  }

  # Zones that have a NAT gateway, and the one that each zone uses.
  gateways = var.nat == "none" ? toset([]) : var.nat == "single" ? toset([var.zones[0]]) : toset(var.zones)
  gateway  = { for zone in var.zones : zone => var.nat == "single" ? var.zones[0] : zone if var.nat != "none" }

  # How Kubernetes finds the subnets of its load balancers.
  shared        = var.cluster_name == "" ? {} : { "kubernetes.io/cluster/${var.cluster_name}" = "shared" }
  balancer_tags = { for tier in ["elb", "internal-elb"] : tier => var.cluster_name == "" ? {} : { "kubernetes.io/role/${tier}" = "1" } }
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_support   = true
  enable_dns_hostnames = true # a private API endpoint needs both

  tags = merge(var.tags, { Name = var.name })
}

# Whatever forgets to name a security group or a route table gets these, which
# let nothing through.
resource "aws_default_security_group" "this" {
  vpc_id = aws_vpc.this.id
  tags   = merge(var.tags, { Name = "${var.name}-default-refuses-all" })
}

resource "aws_default_route_table" "this" {
  default_route_table_id = aws_vpc.this.default_route_table_id
  route                  = []
  tags                   = merge(var.tags, { Name = "${var.name}-default-leads-nowhere" })
}

resource "aws_subnet" "private" {
  for_each = local.subnets.private

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = merge(var.tags, local.shared, local.balancer_tags["internal-elb"], { Name = "${var.name}-private-${each.key}" })
}

resource "aws_subnet" "public" {
  for_each = local.subnets.public

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  # Load balancers and NAT gateways bring their own addresses; nothing else may
  # get a public one by being started here.
  map_public_ip_on_launch = false
  tags                    = merge(var.tags, local.shared, local.balancer_tags["elb"], { Name = "${var.name}-public-${each.key}" })
}

resource "aws_subnet" "isolated" {
  for_each = local.subnets.isolated

  vpc_id            = aws_vpc.this.id
  availability_zone = each.key
  cidr_block        = each.value
  tags              = merge(var.tags, { Name = "${var.name}-isolated-${each.key}" })
}

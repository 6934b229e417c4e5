output "id" {
  description = "ID of the VPC."
  value       = aws_vpc.this.id
}

output "cidr" {
  description = "Addresses of the network."
  value       = aws_vpc.this.cidr_block
}

output "private_subnets" {
  description = "Subnets of nodes and pods, by zone: id and cidr. They reach the internet through NAT."
  value       = { for zone, subnet in aws_subnet.private : zone => { id = subnet.id, cidr = subnet.cidr_block } }
}

output "public_subnets" {
  description = "Subnets of load balancers, by zone: id and cidr."
  value       = { for zone, subnet in aws_subnet.public : zone => { id = subnet.id, cidr = subnet.cidr_block } }
}

output "isolated_subnets" {
  description = "Subnets of databases, by zone: id and cidr. They reach this network alone."
  value       = { for zone, subnet in aws_subnet.isolated : zone => { id = subnet.id, cidr = subnet.cidr_block } }
}

output "ipv6_cidr" {
  description = "IPv6 range of the VPC. Null without IPv6."
  value       = stackwright_network.main.ipv6_cidr
}

output "nat_public_ips" {
  description = "Public addresses from which tasks reach the internet by IPv4, by availability zone."
  value       = stackwright_network.main.nat_public_ips
}

output "private_subnet_ids" {
  description = "Private subnets, a map of availability zone to subnet id. Tasks run in them."
  value       = stackwright_network.main.private_subnet_ids
}

output "public_subnet_ids" {
  description = "Public subnets, a map of availability zone to subnet id."
  value       = stackwright_network.main.public_subnet_ids
}

output "ref" {
  description = "The network as other modules take it."
  value       = stackwright_network.main.ref
}

output "vpc_id" {
  description = "Id of the VPC."
  value       = stackwright_network.main.vpc_id
}

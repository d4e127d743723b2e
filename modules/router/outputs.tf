output "dns_name" {
  description = "DNS name that AWS gave the load balancer."
  value       = stackwright_router.main.dns_name
}

output "monitors" {
  description = "Each monitor by its key: its name, its thresholds and the ARNs of its alarms."
  value       = module.monitors.monitors
}

output "omitted_monitors" {
  description = "The monitors that are not made, by their key, and why."
  value       = module.monitors.omitted
}

output "private_name" {
  description = "Private DNS name of an internal router, null without one."
  value       = stackwright_router.main.private_name
}

output "router" {
  description = "The router as services take it in their routes."
  value       = stackwright_router.main.ref
}

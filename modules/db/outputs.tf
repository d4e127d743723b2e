output "config" {
  description = "Environment variables for processes: DB_HOST, DB_PORT, DB_NAME and DB_USER."
  value       = stackwright_db.main.config
}

output "db" {
  description = "The database as other modules take it."
  value       = stackwright_db.main.ref
}

output "host" {
  description = "Host name of the database, which its certificate is made out for."
  value       = stackwright_db.main.host
}

output "monitors" {
  description = "Each monitor by its key, those of a replica by replica.key: its name, its thresholds and the ARNs of its alarms."
  value = merge(module.monitors.monitors, [
    for replica, made in module.replica_monitors : { for key, monitor in made.monitors : "${replica}.${key}" => monitor }
  ]...)
}

output "omitted_monitors" {
  description = "The monitors that are not made, by their key, those of a replica by replica.key, and why."
  value = merge(module.monitors.omitted, [
    for replica, made in module.replica_monitors : { for key, reason in made.omitted : "${replica}.${key}" => reason }
  ]...)
}

output "private_name" {
  description = "Name in the network's private domain, empty without one."
  value       = stackwright_db.main.private_name
}

output "replica_hosts" {
  description = "Host names of the read replicas by key."
  value       = stackwright_db.main.replica_hosts
}

output "secret_arn" {
  description = "ARN of the secret with host, port, dbname, username, password and url."
  value       = stackwright_db.main.secret_arn
}

output "secrets" {
  description = "Secret references for processes: DB_PASSWORD and DATABASE_URL."
  value       = stackwright_db.main.secrets
}

output "security_group_id" {
  description = "Id of the security group of the database."
  value       = stackwright_db.main.security_group_id
}

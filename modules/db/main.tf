# A PostgreSQL database on RDS with backups, a secret with its password and
# URL, a private name, read replicas, and the default monitors.
#
# Usage:
#
#   module "db" {
#     source = "../../modules/db"
#
#     name    = "shop"
#     network = var.network
#     clients = { shop = stackwright_app.main.security_group_id }
#   }

resource "stackwright_db" "main" {
  name                           = var.name
  network                        = var.network
  engine_version                 = var.engine_version
  allow_major_version_upgrade    = var.allow_major_version_upgrade
  instance_class                 = var.instance_class
  storage                        = var.storage
  max_storage                    = var.max_storage
  kms_key_id                     = var.kms_key_id
  database                       = var.database
  username                       = var.username
  password_version               = var.password_version
  multi_az                       = var.multi_az
  backup_retention               = var.backup_retention
  parameters                     = var.parameters
  clients                        = var.clients
  replicas                       = var.replicas
  restore                        = var.restore
  log_exports                    = var.log_exports
  deletion_protection            = var.deletion_protection
  final_snapshot                 = var.final_snapshot
  apply_immediately              = var.apply_immediately
  backup_window                  = var.backup_window
  ca_certificate                 = var.ca_certificate
  iam_authentication             = var.iam_authentication
  ignore_drift                   = var.ignore_drift
  maintenance_window             = var.maintenance_window
  performance_insights           = var.performance_insights
  performance_insights_retention = var.performance_insights_retention
  port                           = var.port
  tags                           = var.tags

  dynamic "timeouts" {
    for_each = var.timeouts == null ? [] : [var.timeouts]
    content {
      create = timeouts.value.create
      update = timeouts.value.update
      delete = timeouts.value.delete
    }
  }
}

locals {
  # 0 says that the provider does not know the number of this class.
  max_connections = stackwright_db.main.max_connections > 0 ? stackwright_db.main.max_connections : null
  memory_bytes    = stackwright_db.main.memory_bytes > 0 ? stackwright_db.main.memory_bytes : null

  # Replicas of the database's own class, which have the same numbers.
  alike = [for key, replica in var.replicas : key if coalesce(replica.instance_class, var.instance_class) == var.instance_class]
}

module "monitors" {
  source = "../monitors"

  name                  = "${var.name}/db"
  kind                  = "database"
  dimensions            = { DBInstanceIdentifier = stackwright_db.main.instance_id }
  allocated_storage_gib = var.storage
  max_connections       = local.max_connections
  memory_bytes          = local.memory_bytes
  defaults              = var.defaults
  monitors              = var.monitors
  notify                = var.notify
  tags                  = var.tags
}

# A replica of another class has other numbers, so what needs them is left out, unless thresholds are given.
module "replica_monitors" {
  source   = "../monitors"
  for_each = var.replicas

  name                  = "${var.name}/db/${each.key}"
  kind                  = "database"
  replica               = true
  dimensions            = { DBInstanceIdentifier = stackwright_db.main.replica_ids[each.key] }
  allocated_storage_gib = var.storage
  max_connections       = contains(local.alike, each.key) ? local.max_connections : null
  memory_bytes          = contains(local.alike, each.key) ? local.memory_bytes : null
  defaults              = var.defaults
  monitors              = var.monitors
  notify                = var.notify
  tags                  = var.tags
}

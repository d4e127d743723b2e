# Required variables

variable "name" {
  description = "Name of the database within its environment, e.g. shop. Changing it replaces the database."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.name)) && length(var.name) <= 32
    error_message = "Write up to 32 lower-case letters, digits and single hyphens, beginning with a letter, e.g. shop."
  }
}

# Objects that resources pass on have the type `any`: the provider checks them,
# and a type written here would drop what a newer provider adds to them.

variable "network" {
  description = "The network that the database stands in, with two availability zones or more: ref of a stackwright_network."
  type        = any
  nullable    = false
}

# Options

variable "allow_major_version_upgrade" {
  description = "Whether engine_version may name another major version, which stops the database for minutes and cannot be undone."
  type        = bool
  default     = false
  nullable    = false
}

variable "apply_immediately" {
  description = "Whether changes that restart the database are done at once. Otherwise they wait for the maintenance window."
  type        = bool
  default     = true
  nullable    = false
}

variable "backup_retention" {
  description = "Days of backups, 0 to 35; 0 turns them off and deletes those that are there."
  type        = number
  default     = 7
  nullable    = false

  validation {
    condition     = var.backup_retention >= 0 && var.backup_retention <= 35 && floor(var.backup_retention) == var.backup_retention
    error_message = "Write a whole number of days from 0 to 35."
  }
}

variable "backup_window" {
  description = "When the daily backup runs, in UTC, e.g. 03:00-03:30. Without it AWS chooses."
  type        = string
  default     = null

  validation {
    condition     = var.backup_window == null || can(regex("^[0-2][0-9]:[0-5][0-9]-[0-2][0-9]:[0-5][0-9]$", var.backup_window))
    error_message = "Write two times, e.g. 03:00-03:30."
  }
}

variable "ca_certificate" {
  description = "Certificate authority of its TLS certificate, e.g. rds-ca-rsa2048-g1. Without it AWS chooses."
  type        = string
  default     = null
}

variable "clients" {
  description = "Who may connect: ids of security groups by keys of your choice, e.g. { shop = stackwright_app.shop.security_group_id }."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "database" {
  description = "Name of the database inside PostgreSQL. Changing it replaces the database."
  type        = string
  default     = "app"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9_]{0,62}$", var.database))
    error_message = "Write 1 to 63 letters, digits and _, beginning with a letter."
  }
}

variable "defaults" {
  description = "Which of the monitors that come with it are made, by their key: { burst_io = false } leaves one out."
  type        = map(bool)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setsubtract(keys(var.defaults), ["burst_bytes", "burst_io", "connections", "cpu", "memory", "replica_lag", "storage", "transaction_ids"])) == 0
    error_message = "Write only keys of its monitors: burst_bytes, burst_io, connections, cpu, memory, replica_lag, storage, transaction_ids."
  }
}

variable "deletion_protection" {
  description = "Whether the database is kept from being deleted. Set it to false and apply before you destroy it."
  type        = bool
  default     = true
  nullable    = false
}

variable "engine_version" {
  description = "PostgreSQL version: a major one like 16, which AWS keeps at its newest minor one, or a minor one like 16.4."
  type        = string
  default     = "16"
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{2}(\\.[0-9]{1,2})?$", var.engine_version))
    error_message = "Write a major version like 16 or a minor one like 16.4."
  }
}

variable "final_snapshot" {
  description = "Whether a delete leaves a last snapshot. Without it everything is lost."
  type        = bool
  default     = true
  nullable    = false
}

variable "iam_authentication" {
  description = "Whether IAM credentials are accepted besides passwords."
  type        = bool
  default     = false
  nullable    = false
}

variable "ignore_drift" {
  description = "What others may change without being undone, as component.field or a component's name for all of it, e.g. instance.tags."
  type        = set(string)
  default     = []
  nullable    = false
}

variable "instance_class" {
  description = "Size of the machine, e.g. db.m6g.large. A change restarts the database."
  type        = string
  default     = "db.t4g.micro"
  nullable    = false

  validation {
    condition     = can(regex("^db\\.[a-z0-9-]+\\.[a-z0-9]+$", var.instance_class))
    error_message = "Write a class of RDS, e.g. db.t4g.micro."
  }
}

variable "kms_key_id" {
  description = "ARN of the KMS key that encrypts storage, backups and the secret. Without it AWS's own keys. Changing it replaces the database."
  type        = string
  default     = null

  validation {
    condition     = var.kms_key_id == null || can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/", var.kms_key_id))
    error_message = "Write the ARN of a key, arn:aws:kms:<region>:<account>:key/<id>, not an alias."
  }
}

variable "log_exports" {
  description = "Logs that RDS sends to CloudWatch Logs: iam-db-auth-error, postgresql, upgrade."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = length(setsubtract(var.log_exports, ["iam-db-auth-error", "postgresql", "upgrade"])) == 0
    error_message = "Write iam-db-auth-error, postgresql or upgrade."
  }
}

variable "maintenance_window" {
  description = "When AWS may restart the database, in UTC, e.g. sun:04:00-sun:04:30. Without it AWS chooses."
  type        = string
  default     = null

  validation {
    condition     = var.maintenance_window == null || can(regex("^[a-z]{3}:[0-2][0-9]:[0-5][0-9]-[a-z]{3}:[0-2][0-9]:[0-5][0-9]$", var.maintenance_window))
    error_message = "Write two moments of the week, e.g. sun:04:00-sun:04:30."
  }
}

variable "max_storage" {
  description = "GiB up to which AWS grows the storage by itself, at least 10% above storage. Without it never."
  type        = number
  default     = null

  validation {
    condition     = var.max_storage == null || try(var.max_storage >= ceil(var.storage * 1.1), false)
    error_message = "Write at least 10% more than storage."
  }
}

variable "monitors" {
  description = "Changes of the monitors that come with it, by their key, e.g. { cpu = { warning = 70 } }. The output monitors lists them."
  type = map(object({
    enabled      = optional(bool, true)
    warning      = optional(number)
    critical     = optional(number)
    time_window  = optional(string)
    short_window = optional(string)
    message      = optional(string)
    no_data      = optional(string)
    notify       = optional(object({ warning = optional(string), critical = optional(string) }), {})
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(setsubtract(keys(var.monitors), ["burst_bytes", "burst_io", "connections", "cpu", "memory", "replica_lag", "storage", "transaction_ids"])) == 0
    error_message = "Write only keys of its monitors: burst_bytes, burst_io, connections, cpu, memory, replica_lag, storage, transaction_ids."
  }
}

variable "multi_az" {
  description = "Whether a standby in another availability zone takes over when the database fails."
  type        = bool
  default     = false
  nullable    = false
}

variable "notify" {
  description = "Whom each level of the monitors tells: handles of the provider's monitoring.notifiers or ARNs, with spaces between."
  type = object({
    warning  = optional(string)
    critical = optional(string)
  })
  default  = {}
  nullable = false
}

variable "parameters" {
  description = "PostgreSQL parameters that differ from RDS's defaults, e.g. { work_mem = \"8192\" }."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "password_version" {
  description = "Raise it to give the database another password. Running processes keep the old one until they are started anew."
  type        = number
  default     = 1
  nullable    = false

  validation {
    condition     = var.password_version >= 1 && floor(var.password_version) == var.password_version
    error_message = "Write a whole number from 1."
  }
}

variable "performance_insights" {
  description = "Whether Performance Insights shows which queries are slow."
  type        = bool
  default     = true
  nullable    = false
}

variable "performance_insights_retention" {
  description = "Days that Performance Insights keeps: 7 are free of charge, others are multiples of 31 up to 713, and 731."
  type        = number
  default     = 7
  nullable    = false
}

variable "port" {
  description = "Port of the database. Changing it restarts the database."
  type        = number
  default     = 5432
  nullable    = false

  validation {
    condition     = var.port >= 1150 && var.port <= 65535 && floor(var.port) == var.port
    error_message = "Write a port from 1150 to 65535."
  }
}

variable "replicas" {
  description = "Read replicas by keys of your choice. instance_class is that of the database and availability_zone AWS's choice when they are left out."
  type = map(object({
    instance_class    = optional(string)
    availability_zone = optional(string)
    multi_az          = optional(bool, false)
  }))
  default  = {}
  nullable = false

  validation {
    condition     = length(var.replicas) == 0 || var.backup_retention > 0
    error_message = "Write a backup_retention of 1 or more: RDS makes replicas from backups."
  }
}

variable "restore" {
  description = "What a new database is filled from: snapshot_id, or source_db and perhaps time like 2026-11-20T09:30:00Z. Read only when the database is made."
  type = object({
    snapshot_id = optional(string)
    source_db   = optional(string)
    time        = optional(string)
  })
  default = null
}

variable "storage" {
  description = "Storage in GiB, 20 or more. It can grow, never shrink."
  type        = number
  default     = 20
  nullable    = false

  validation {
    condition     = var.storage >= 20 && var.storage <= 65536 && floor(var.storage) == var.storage
    error_message = "Write a whole number of GiB from 20 to 65536."
  }
}

variable "tags" {
  description = "Tags for everything that the database is made of, and for its monitors."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "timeouts" {
  description = "How long AWS may take to create, to update and to delete, e.g. { create = \"30m\" }."
  type = object({
    create = optional(string)
    update = optional(string)
    delete = optional(string)
  })
  default = null

  validation {
    condition     = var.timeouts == null || try(alltrue([for time in values(var.timeouts) : time == null || can(regex("^[0-9]+[smh]$", time))]), false)
    error_message = "Write a whole number and s, m or h, e.g. 30m."
  }
}

variable "username" {
  description = "Name of the first user. Changing it replaces the database."
  type        = string
  default     = "app"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9_]{0,62}$", var.username)) && !contains(["admin", "postgres", "rdsadmin", "user"], lower(var.username))
    error_message = "Write 1 to 63 letters, digits and _, beginning with a letter, and no reserved word like admin."
  }
}

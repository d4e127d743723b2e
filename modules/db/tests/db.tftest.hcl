# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {
  override_during = plan

  mock_resource "stackwright_db" {
    defaults = {
      instance_id     = "acme-stage-shop-abcdef"
      memory_bytes    = 1073741824
      max_connections = 112
      replica_ids     = { a = "acme-stage-shop-replica-a-abcdef", b = "acme-stage-shop-replica-b-abcdef" }
    }
  }
}

variables {
  name = "shop"
  network = {
    name               = "main"
    vpc_id             = "vpc-1"
    cidr               = "10.30.0.0/16"
    private_subnet_ids = ["subnet-1", "subnet-2"]
    public_subnet_ids  = ["subnet-3", "subnet-4"]
  }
}

run "defaults_are_safe" {
  command = plan

  assert {
    condition     = stackwright_db.main.deletion_protection && stackwright_db.main.final_snapshot && stackwright_db.main.backup_retention == 7
    error_message = "A database is protected, leaves a snapshot and has backups unless told otherwise."
  }

  assert {
    condition     = length(setintersection(keys(module.monitors.monitors), ["cpu", "storage", "connections", "memory"])) == 4
    error_message = "A monitor of the database is missing."
  }
}

run "monitors_are_left_out_by_key" {
  command = plan

  variables {
    defaults = { burst_io = false, burst_bytes = false }
  }

  assert {
    condition     = output.omitted_monitors.burst_io == "left out by defaults.burst_io" && contains(keys(output.monitors), "cpu")
    error_message = "It was not left out, or another was: ${jsonencode(output.omitted_monitors)}."
  }
}

run "arguments_reach_the_database" {
  command = plan

  variables {
    engine_version      = "16.4"
    instance_class      = "db.m6g.large"
    storage             = 100
    max_storage         = 200
    multi_az            = true
    backup_retention    = 30
    clients             = { shop = "sg-1" }
    replicas            = { a = { instance_class = "db.m6g.xlarge" } }
    parameters          = { work_mem = "8192" }
    restore             = { snapshot_id = "before" }
    log_exports         = ["postgresql"]
    password_version    = 2
    deletion_protection = false
    final_snapshot      = false
    monitors            = { burst_io = { enabled = false } }
    notify              = { critical = "arn:aws:sns:us-west-2:111111111111:page" }
    tags                = { team = "core" }
  }

  assert {
    condition     = stackwright_db.main.storage == 100 && stackwright_db.main.max_storage == 200 && stackwright_db.main.multi_az
    error_message = "Sizes are lost."
  }

  assert {
    condition     = stackwright_db.main.restore.snapshot_id == "before" && stackwright_db.main.clients.shop == "sg-1" && stackwright_db.main.password_version == 2
    error_message = "Restore, clients or the password's version are lost."
  }

  assert {
    condition     = contains(keys(module.replica_monitors["a"].monitors), "replica_lag") && !contains(keys(module.monitors.monitors), "burst_io")
    error_message = "The replica has no monitor of its lag, or a monitor that was left out is there."
  }
}

run "replicas_of_the_same_class_have_its_numbers" {
  command = plan

  variables {
    instance_class = "db.t4g.micro"
    replicas       = { a = {}, b = { instance_class = "db.m6g.large" } }
  }

  assert {
    condition     = output.monitors["a.connections"].critical == 100 && output.monitors["a.memory"].warning == 268435456
    error_message = "The replica has no monitors of its connections and its memory: ${jsonencode(output.omitted_monitors)}."
  }

  assert {
    condition     = output.omitted_monitors["b.connections"] == "needs max_connections" && output.omitted_monitors["b.memory"] == "needs memory_bytes"
    error_message = "The numbers of another class are not known: ${jsonencode(output.omitted_monitors)}."
  }
}

run "thresholds_that_are_given_need_no_number" {
  command = plan

  variables {
    replicas = { b = { instance_class = "db.m6g.large" } }
    monitors = { connections = { warning = 50, critical = 80 } }
  }

  assert {
    condition     = output.monitors["b.connections"].critical == 80 && output.omitted_monitors["b.memory"] == "needs memory_bytes"
    error_message = "The replica lacks the monitor whose thresholds are given: ${jsonencode(output.omitted_monitors)}."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    name             = "a--b"
    engine_version   = "9.6"
    instance_class   = "t4g.micro"
    storage          = 10
    backup_retention = 36
    kms_key_id       = "alias/mine"
    username         = "admin"
    database         = "1"
    log_exports      = ["slow"]
    password_version = 0
  }

  expect_failures = [
    var.name, var.engine_version, var.instance_class, var.storage, var.backup_retention,
    var.kms_key_id, var.username, var.database, var.log_exports, var.password_version,
  ]
}

run "how_it_is_kept_reaches_it" {
  command = plan

  variables {
    apply_immediately              = false
    backup_window                  = "03:00-03:30"
    ca_certificate                 = "rds-ca-rsa4096-g1"
    iam_authentication             = true
    ignore_drift                   = ["instance"]
    maintenance_window             = "sun:04:00-sun:04:30"
    performance_insights_retention = 31
    port                           = 6432
    timeouts                       = { create = "2h" }
  }

  assert {
    condition     = !stackwright_db.main.apply_immediately && stackwright_db.main.iam_authentication && stackwright_db.main.performance_insights && stackwright_db.main.performance_insights_retention == 31
    error_message = "An argument is lost."
  }

  assert {
    condition     = stackwright_db.main.backup_window == "03:00-03:30" && stackwright_db.main.maintenance_window == "sun:04:00-sun:04:30" && stackwright_db.main.ca_certificate == "rds-ca-rsa4096-g1"
    error_message = "An argument is lost."
  }

  assert {
    condition     = stackwright_db.main.port == 6432 && contains(stackwright_db.main.ignore_drift, "instance") && stackwright_db.main.timeouts.create == "2h"
    error_message = "An argument is lost."
  }
}

run "mistakes_of_windows_are_told" {
  command = plan

  variables {
    backup_window      = "3-4"
    maintenance_window = "sunday"
    port               = 80
    timeouts           = { create = "1 hour" }
  }

  expect_failures = [var.backup_window, var.maintenance_window, var.port, var.timeouts]
}

run "autoscaling_needs_room" {
  command = plan

  variables {
    storage     = 100
    max_storage = 105
  }

  expect_failures = [var.max_storage]
}

run "replicas_need_backups" {
  command = plan

  variables {
    backup_retention = 0
    replicas         = { a = {} }
  }

  expect_failures = [var.replicas]
}

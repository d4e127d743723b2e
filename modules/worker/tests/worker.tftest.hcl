# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {}

variables {
  app = {
    name               = "shop"
    vpc_id             = "vpc-1"
    subnet_ids         = ["subnet-1"]
    security_group_id  = "sg-1"
    log_group          = "/acme/stage/shop"
    execution_role_arn = "arn:aws:iam::111111111111:role/execution"
    config             = {}
    secrets            = {}
    policies           = {}
    config_digest      = "1"
  }
  cluster            = { name = "main", arn = "arn:aws:ecs:us-west-2:111111111111:cluster/main" }
  process            = "worker"
  image              = "repo/shop:v41"
  command            = "bundle exec sidekiq"
  container_insights = true
  notify             = { warning = "@slack", critical = "@pagerduty" }
}

run "a_worker_has_all_its_monitors" {
  command = plan

  assert {
    condition     = join(" ", keys(output.monitors)) == "below_desired cpu deploy_failed memory none_running" && length(output.omitted_monitors) == 0
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = output.monitors.cpu.name == "shop/worker cpu" && output.monitors.cpu.critical == 90
    error_message = "Another monitor: ${output.monitors.cpu.name}."
  }
}

run "monitors_are_changed_and_left_out_by_key" {
  command = plan

  variables {
    defaults = { memory = false }
    monitors = { cpu = { warning = 50, critical = 60 } }
  }

  assert {
    condition     = output.monitors.cpu.critical == 60 && output.omitted_monitors.memory == "left out by defaults.memory"
    error_message = "The monitors are not as asked for: ${jsonencode(output.monitors)}."
  }
}

run "without_a_task_on_purpose_nobody_is_told" {
  command = plan

  variables {
    desired_count = 0
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "below_desired cpu deploy_failed memory" && output.omitted_monitors.none_running == "would fire for ever: the service may have no task"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }
}

run "autoscaling_down_to_none_is_on_purpose" {
  command = plan

  variables {
    scale = { min = 0, max = 4, cpu = 60 }
  }

  assert {
    condition     = !contains(keys(output.monitors), "none_running")
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }
}

run "autoscaling_owns_the_count" {
  command = plan

  variables {
    desired_count = 0
    scale         = { max = 4, cpu = 60 }
  }

  assert {
    condition     = contains(keys(output.monitors), "none_running")
    error_message = "Some task runs at all times: ${jsonencode(output.omitted_monitors)}."
  }
}

run "what_the_task_is_made_of_reaches_it" {
  command = plan

  variables {
    architecture           = "ARM64"
    command                = ["/app", "serve"]
    container_health_check = { command = "/healthy" }
    entrypoint             = ["/entry"]
    ignore_drift           = ["log_group"]
    sidecars = {
      agent     = { image = "repo/agent:1", essential = false, command = ["run"] }
      collector = { image = "repo/collector:2", health_check = { command = "/healthy" } }
    }
    start_after = { collector = "HEALTHY" }
    timeouts    = { create = "30m" }
    volumes     = { uploads = { file_system_id = "fs-01234567", mount_path = "/uploads" } }
  }

  assert {
    condition     = join(" ", stackwright_service.main.command) == "/app serve" && join(" ", stackwright_service.main.entrypoint) == "/entry" && stackwright_service.main.architecture == "ARM64"
    error_message = "An argument is lost."
  }

  assert {
    condition     = stackwright_service.main.sidecars.collector.health_check.command == "/healthy" && stackwright_service.main.sidecars.agent.image == "repo/agent:1" && stackwright_service.main.start_after.collector == "HEALTHY"
    error_message = "A sidecar is lost: ${jsonencode(stackwright_service.main.sidecars)}."
  }

  assert {
    condition     = stackwright_service.main.volumes.uploads.root_directory == "/" && stackwright_service.main.container_health_check.interval == 30 && contains(stackwright_service.main.ignore_drift, "log_group")
    error_message = "An argument is lost."
  }

  assert {
    condition     = stackwright_service.main.timeouts.create == "30m"
    error_message = "An argument is lost."
  }
}

run "without_a_command_the_image_says_what_runs" {
  command = plan

  variables {
    command = null
  }

  assert {
    condition     = stackwright_service.main.command == null
    error_message = "Somebody wrote a command."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    command  = " "
    size     = "9X"
    defaults = { latency = false }
    monitors = { latency = {} }
  }

  expect_failures = [var.command, var.size, var.defaults, var.monitors]
}

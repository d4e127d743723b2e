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
    namespace_id       = "ns-1"
    namespace          = "stage.acme.internal"
  }
  cluster            = { name = "main", arn = "arn:aws:ecs:us-west-2:111111111111:cluster/main" }
  process            = "web"
  image              = "repo/shop:v41"
  command            = "bundle exec puma"
  container_insights = true
  notify             = { warning = "@slack", critical = "@pagerduty" }
  slo                = 99.9
  routes = {
    main = {
      router = {
        name              = "public"
        arn               = "arn:aws:elasticloadbalancing:us-west-2:111111111111:loadbalancer/app/public/1"
        arn_suffix        = "app/public/1"
        dns_name          = "public.example"
        zone_id           = "Z1"
        listener_arn      = "arn:aws:elasticloadbalancing:us-west-2:111111111111:listener/app/public/1/2"
        security_group_id = "sg-2"
        vpc_id            = "vpc-1"
        public            = true
        https             = true
        domain            = "shop.example.com"
      }
      host = "shop.example.com"
    }
  }
}

run "it_has_all_its_monitors" {
  command = plan

  assert {
    condition = join(" ", keys(output.monitors)) == join(" ", [
      "below_desired", "cpu", "deploy_failed", "memory", "none_running",
      "public.errors", "public.latency", "public.no_healthy",
      "public.slo_fast", "public.slo_long", "public.slo_slow", "public.unhealthy",
    ])
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = length(output.omitted_monitors) == 0
    error_message = "Something was left out: ${jsonencode(output.omitted_monitors)}."
  }

  assert {
    condition     = output.monitors["public.latency"].name == "shop/web at public latency" && output.monitors.cpu.name == "shop/web cpu"
    error_message = "The names are others: ${jsonencode(output.monitors)}."
  }
}

run "monitors_are_changed_and_left_out_by_key" {
  command = plan

  variables {
    slo      = null
    defaults = { latency = false, memory = false }
    monitors = { errors = { warning = 2, critical = 10 }, cpu = { enabled = false } }
  }

  assert {
    condition     = output.monitors["public.errors"].critical == 10 && !contains(keys(output.monitors), "cpu")
    error_message = "The monitors are not as asked for: ${jsonencode(output.monitors)}."
  }

  assert {
    condition     = output.omitted_monitors.memory == "left out by defaults.memory" && output.omitted_monitors["public.latency"] == "left out by defaults.latency"
    error_message = "Other reasons: ${jsonencode(output.omitted_monitors)}."
  }

  assert {
    condition     = output.omitted_monitors["public.slo_fast"] == "needs slo"
    error_message = "Nobody gave an objective."
  }
}

run "a_private_one_is_at_no_router" {
  command = plan

  variables {
    routes       = {}
    private_name = true
    clients      = { shop = "sg-3" }
    slo          = null
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "below_desired cpu deploy_failed memory none_running"
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = stackwright_service.main.private_name == "true" && stackwright_service.main.clients.shop == "sg-3" && stackwright_service.main.port == 8080
    error_message = "An argument is lost."
  }
}

run "without_a_task_on_purpose_nobody_is_told" {
  command = plan

  variables {
    desired_count = 0
  }

  assert {
    condition     = length(setintersection(keys(output.monitors), ["none_running", "public.no_healthy"])) == 0 && contains(keys(output.monitors), "below_desired")
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }

  assert {
    condition     = output.omitted_monitors["public.no_healthy"] == "would fire for ever: the service may have no task"
    error_message = "Other reasons: ${jsonencode(output.omitted_monitors)}."
  }
}

run "autoscaling_owns_the_count" {
  command = plan

  variables {
    scale = { max = 4, cpu = 60 }
  }

  assert {
    condition     = stackwright_service.main.scale.max == 4 && stackwright_service.main.scale.min == 1
    error_message = "An argument is lost."
  }

  assert {
    condition     = contains(keys(output.monitors), "none_running") && contains(keys(output.monitors), "public.no_healthy")
    error_message = "Some task runs at all times: ${jsonencode(output.omitted_monitors)}."
  }
}

run "autoscaling_down_to_none_is_on_purpose" {
  command = plan

  variables {
    scale = { min = 0, max = 4, cpu = 60 }
  }

  assert {
    condition     = length(setintersection(keys(output.monitors), ["none_running", "public.no_healthy"])) == 0
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
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
    stickiness  = {}
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
    condition     = stackwright_service.main.timeouts.create == "30m" && stackwright_service.main.stickiness.duration == 86400
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
    port         = 70000
    slow_start   = 10
    slo          = 50
    scale        = { max = 4 }
    health_check = { timeout = 20 }
    defaults     = { router_errors = false }
    monitors     = { router_errors = {} }
  }

  expect_failures = [var.port, var.slow_start, var.slo, var.scale, var.health_check, var.defaults, var.monitors]
}

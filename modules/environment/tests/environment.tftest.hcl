# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {}

run "without_routers" {
  command = plan

  assert {
    condition     = output.public_router == null && output.internal_router == null && output.internal_router_name == null
    error_message = "A router was made that nobody asked for."
  }

  assert {
    condition     = length(output.monitors) == 0 && length(output.omitted_monitors) == 0
    error_message = "Without routers there is nothing to watch."
  }

  assert {
    condition     = !output.container_insights
    error_message = "Container Insights costs extra, so it is off unless asked for."
  }
}

run "with_both_routers" {
  command = plan

  variables {
    public_router       = { domains = ["shop.example.com"], zone_id = "Z0123456789ABCDEFGHIJ" }
    internal_router     = { idle_timeout = 120 }
    deletion_protection = false
    notify              = { warning = "@slack", critical = "@pagerduty" }
  }

  assert {
    condition     = length(module.public_router) == 1 && length(module.internal_router) == 1
    error_message = "A router is missing."
  }

  assert {
    condition     = output.monitors.public.certificate.critical == 14 && output.monitors.public.router_errors.critical == 10
    error_message = "The public router's monitors are not as they should be: ${jsonencode(output.monitors)}."
  }

  assert {
    condition     = join(" ", keys(output.monitors.internal)) == "router_errors" && output.omitted_monitors.internal.certificate == "dimensions lacks CertificateArn"
    error_message = "The router without a certificate watches its own errors alone: ${jsonencode(output.monitors)}."
  }
}

run "monitors_of_routers_are_changed_and_left_out_by_key" {
  command = plan

  variables {
    public_router = {
      domains  = ["shop.example.com"]
      zone_id  = "Z0123456789ABCDEFGHIJ"
      monitors = { certificate = { warning = 30 } }
    }
    internal_router = { defaults = { router_errors = false } }
  }

  assert {
    condition     = output.monitors.public.certificate.warning == 30 && output.monitors.public.router_errors.warning == 1
    error_message = "The monitors are not as asked for: ${jsonencode(output.monitors)}."
  }

  assert {
    condition     = length(output.monitors.internal) == 0 && output.omitted_monitors.internal.router_errors == "left out by defaults.router_errors"
    error_message = "It was not left out: ${jsonencode(output.monitors)}."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    name         = "Main"
    spot_percent = 101
  }

  expect_failures = [var.name, var.spot_percent]
}

# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {}

run "without_routers" {
  command = plan

  assert {
    condition     = output.public_router == null && output.internal_router == null && output.internal_router_name == null
    error_message = "A router was made that nobody asked for."
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
    condition     = module.public_router[0].monitors.certificate.critical == 14 && length(module.internal_router[0].monitors) == 0
    error_message = "The router with a certificate has its monitor, the other has none."
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

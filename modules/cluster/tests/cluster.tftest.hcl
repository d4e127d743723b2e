# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {}

variables {
  name = "main"
}

run "defaults_are_cheap_and_safe" {
  command = plan

  assert {
    condition     = stackwright_cluster.main.spot_percent == 0 && !stackwright_cluster.main.container_insights
    error_message = "Spot and Container Insights are for those who ask for them."
  }
}

run "arguments_reach_the_cluster" {
  command = plan

  variables {
    spot_percent       = 50
    container_insights = true
  }

  assert {
    condition     = stackwright_cluster.main.spot_percent == 50 && stackwright_cluster.main.container_insights
    error_message = "An argument is lost."
  }
}

run "what_every_resource_has_reaches_it" {
  command = plan

  variables {
    ignore_drift = ["cluster"]
    tags         = { team = "core" }
    timeouts     = { delete = "30m" }
  }

  assert {
    condition     = contains(stackwright_cluster.main.ignore_drift, "cluster") && stackwright_cluster.main.tags.team == "core" && stackwright_cluster.main.timeouts.delete == "30m"
    error_message = "An argument is lost."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    name         = "Main"
    spot_percent = 1.5
  }

  expect_failures = [var.name, var.spot_percent]
}

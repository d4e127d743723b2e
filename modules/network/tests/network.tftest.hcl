# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {}

variables {
  name = "main"
}

run "defaults_survive_the_loss_of_a_zone" {
  command = plan

  assert {
    condition     = stackwright_network.main.az_count == 2 && stackwright_network.main.nat == "single" && stackwright_network.main.cidr == "10.30.0.0/16"
    error_message = "The defaults are others."
  }
}

run "arguments_reach_the_network" {
  command = plan

  variables {
    cidr     = "10.40.0.0/18"
    az_count = 3
    nat      = "per_az"
  }

  assert {
    condition     = stackwright_network.main.az_count == 3 && stackwright_network.main.nat == "per_az" && stackwright_network.main.cidr == "10.40.0.0/18"
    error_message = "An argument is lost."
  }
}

run "zones_may_be_named" {
  command = plan

  variables {
    availability_zones = ["us-west-2b", "us-west-2c"]
    domain             = "stage.acme.internal"
    ignore_drift       = ["vpc"]
    tags               = { team = "core" }
    timeouts           = { create = "30m" }
  }

  assert {
    condition     = join(" ", stackwright_network.main.availability_zones) == "us-west-2b us-west-2c"
    error_message = "The zones are not those that were named."
  }

  assert {
    condition     = stackwright_network.main.domain == "stage.acme.internal" && stackwright_network.main.tags.team == "core" && contains(stackwright_network.main.ignore_drift, "vpc") && stackwright_network.main.timeouts.create == "30m"
    error_message = "An argument is lost."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    name     = "Main"
    cidr     = "10.0.0.0/8"
    az_count = 5
    nat      = "some"
  }

  expect_failures = [var.name, var.cidr, var.az_count, var.nat]
}

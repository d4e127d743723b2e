# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {}

variables {
  project             = "acme"
  trusted_account_ids = ["111111111111"]
}

run "one_role_reads_and_one_builds" {
  command = plan

  assert {
    condition     = stackwright_role.deploy.preset == "deploy" && stackwright_role.deploy.name == "acme-deploy" && stackwright_role.deploy.trust.account_ids == tolist(["111111111111"])
    error_message = "One role is for applies, from the accounts that are named."
  }

  assert {
    condition     = stackwright_role.plan.preset == "plan" && stackwright_role.plan.name == "acme-plan" && stackwright_role.plan.trust.account_ids == tolist(["111111111111"])
    error_message = "One role is for plans, from the accounts that are named."
  }
}

run "arguments_reach_both_roles" {
  command = plan

  variables {
    max_session = 7200
    require_mfa = true
    external_id = "terrateam"
  }

  assert {
    condition     = alltrue([for role in [stackwright_role.plan, stackwright_role.deploy] : role.max_session == 7200 && role.trust.require_mfa && role.trust.external_id == "terrateam"])
    error_message = "An argument is lost."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    project             = "Acme"
    trusted_account_ids = ["ops"]
    max_session         = 60
  }

  expect_failures = [var.project, var.trusted_account_ids, var.max_session]
}

# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {}

variables {
  name                = "acme-deploy"
  trusted_account_ids = ["111111111111"]
}

run "it_may_deploy_and_no_more" {
  command = plan

  assert {
    condition     = stackwright_role.main.preset == "deploy" && stackwright_role.main.trust.account_ids == tolist(["111111111111"])
    error_message = "The role is for deployments, from the accounts that are named."
  }
}

run "arguments_reach_the_role" {
  command = plan

  variables {
    max_session = 7200
    require_mfa = true
    external_id = "terrateam"
  }

  assert {
    condition     = stackwright_role.main.max_session == 7200 && stackwright_role.main.trust.require_mfa && stackwright_role.main.trust.external_id == "terrateam"
    error_message = "An argument is lost."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    name                = "acme deploy"
    trusted_account_ids = ["ops"]
    max_session         = 60
  }

  expect_failures = [var.name, var.trusted_account_ids, var.max_session]
}

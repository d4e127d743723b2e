terraform {
  required_version = ">= 1.11"
  required_providers {
    stackwright = {
      source = "stackwright/stackwright"
    }
  }
}

provider "stackwright" {
  project             = "acme"
  environment         = "prod"
  owner               = "acme/prod"
  region              = "us-west-2"
  allowed_account_ids = ["333333333333"]

  assume_role {
    role_arn     = "arn:aws:iam::333333333333:role/acme-deploy"
    session_name = "terraform"
  }

  monitoring {
    namespace = "acme"
    notifiers = {
      "@pagerduty" = "arn:aws:sns:us-west-2:333333333333:pagerduty"
    }
  }
}

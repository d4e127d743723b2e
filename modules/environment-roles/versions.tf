terraform {
  required_version = ">= 1.11"

  required_providers {
    stackwright = {
      source  = "stackwright/stackwright"
      version = "~> 0.1"
    }
  }
}

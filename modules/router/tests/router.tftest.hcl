# The provider is mocked: what is tested is the wiring and the rules of the variables.

mock_provider "stackwright" {}

variables {
  name = "public"
  network = {
    name               = "main"
    vpc_id             = "vpc-1"
    cidr               = "10.30.0.0/16"
    ipv6_cidr          = "2001:db8::/56"
    private_subnet_ids = ["subnet-1", "subnet-2"]
    public_subnet_ids  = ["subnet-3", "subnet-4"]
  }
}

run "defaults_are_safe" {
  command = plan

  assert {
    condition     = stackwright_router.main.deletion_protection && stackwright_router.main.public
    error_message = "A router is public and protected unless told otherwise."
  }
}

run "arguments_reach_the_router" {
  command = plan

  variables {
    public              = false
    domains             = ["example.com", "*.example.com"]
    zone_id             = "Z0123456789ABCDEFGHIJ"
    access_logs         = { bucket = "acme-logs" }
    idle_timeout        = 120
    deletion_protection = false
    tags                = { team = "core" }
  }

  assert {
    condition     = stackwright_router.main.domains[1] == "*.example.com" && !stackwright_router.main.public
    error_message = "Domains or scheme are lost."
  }

  assert {
    condition     = stackwright_router.main.access_logs.prefix == "" && stackwright_router.main.idle_timeout == 120
    error_message = "Access logs or timeout are lost."
  }
}

run "a_certificate_is_watched" {
  command = plan

  variables {
    domains = ["example.com"]
    zone_id = "Z0123456789ABCDEFGHIJ"
    notify  = { warning = "@slack", critical = "@pagerduty" }
  }

  assert {
    condition     = output.monitors.certificate.name == "router/public certificate" && output.monitors.certificate.warning == 44
    error_message = "The certificate's monitor is not as it should be: ${jsonencode(output.monitors)}."
  }

  assert {
    condition     = join(" ", keys(output.monitors)) == "certificate router_errors" && length(output.omitted_monitors) == 0
    error_message = "Other monitors: ${join(" ", keys(output.monitors))}."
  }
}

run "without_a_certificate_its_own_errors_are_watched" {
  command = plan

  assert {
    condition     = join(" ", keys(output.monitors)) == "router_errors" && output.omitted_monitors.certificate == "dimensions lacks CertificateArn"
    error_message = "Other monitors: ${jsonencode(output.monitors)}."
  }
}

run "a_certificate_that_is_given_is_watched" {
  command = plan

  variables {
    certificate_arn = "arn:aws:acm:us-west-2:111111111111:certificate/1"
    monitors        = { router_errors = { warning = 5, notify = { warning = "@team" } } }
  }

  assert {
    condition     = contains(keys(output.monitors), "certificate") && output.monitors.router_errors.warning == 5
    error_message = "Other monitors: ${jsonencode(output.monitors)}."
  }
}

run "its_monitors_can_be_left_out" {
  command = plan

  variables {
    domains  = ["example.com"]
    zone_id  = "Z0123456789ABCDEFGHIJ"
    defaults = { certificate = false }
    monitors = { router_errors = { enabled = false } }
  }

  assert {
    condition     = length(output.monitors) == 0 && output.omitted_monitors.certificate == "left out by defaults.certificate"
    error_message = "It was not left out."
  }
}

run "how_it_speaks_tls_reaches_it" {
  command = plan

  variables {
    certificate_arn             = "arn:aws:acm:us-west-2:111111111111:certificate/1"
    additional_certificate_arns = { other = "arn:aws:acm:us-west-2:111111111111:certificate/2" }
    ssl_policy                  = "ELBSecurityPolicy-TLS13-1-3-2021-06"
    ipv6                        = true
    ignore_drift                = ["load_balancer"]
    timeouts                    = { create = "30m" }
  }

  assert {
    condition     = stackwright_router.main.additional_certificate_arns.other == "arn:aws:acm:us-west-2:111111111111:certificate/2" && stackwright_router.main.ssl_policy == "ELBSecurityPolicy-TLS13-1-3-2021-06"
    error_message = "An argument is lost."
  }

  assert {
    condition     = stackwright_router.main.ipv6 && contains(stackwright_router.main.ignore_drift, "load_balancer") && stackwright_router.main.timeouts.create == "30m"
    error_message = "An argument is lost."
  }
}

run "mistakes_are_told" {
  command = plan

  variables {
    name         = "Public"
    domains      = ["Example.com"]
    zone_id      = "/hostedzone/Z1"
    idle_timeout = 4001
    defaults     = { latency = false }
    monitors     = { latency = {} }
  }

  expect_failures = [var.name, var.domains, var.zone_id, var.idle_timeout, var.defaults, var.monitors]
}

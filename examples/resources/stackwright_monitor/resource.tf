# Handles like @pagerduty stand in monitoring.notifiers of the provider block;
# ARNs stand for themselves.
resource "stackwright_monitor" "app_internal_errors" {
  name        = "App Internal Errors"
  message     = "{{#is_alert}}Page: more than {{threshold}} errors.{{/is_alert}}{{#is_warning}}Look soon.{{/is_warning}}"
  namespace   = "app"
  metric      = "app.5xx"
  time_aggr   = "avg"
  time_window = "last_5m"
  space_aggr  = "avg"
  operator    = ">"
  no_data     = "ok"

  warning {
    threshold = 10
    notify    = "arn:aws:sns:us-west-2:111111111111:slack-team-infra"
  }

  critical {
    threshold = 50
    notify    = "arn:aws:sns:us-west-2:111111111111:slack-team-infra arn:aws:sns:us-west-2:111111111111:pagerduty"
  }
}

# A burn rate: 0.1% of the requests may fail, and 14.4 times as many do, for an hour
# and still in its last 5 minutes.
resource "stackwright_monitor" "errors_burn" {
  name         = "Errors burn"
  message      = "More than {{threshold}}% of the requests fail. See what was deployed last."
  namespace    = "app"
  expression   = "IF(requests >= 20, 100 * failed / requests, 0)"
  time_aggr    = "sum"
  time_window  = "last_1h"
  short_window = "last_5m"
  operator     = ">"
  no_data      = "ok"

  metrics = {
    failed   = { metric = "app.failed" }
    requests = { metric = "app.requests" }
  }

  critical {
    threshold = 1.44
    notify    = "arn:aws:sns:us-west-2:111111111111:pagerduty"
  }
}

# Events of AWS itself: a rule of EventBridge counts those that match.
resource "stackwright_monitor" "image_pull_failed" {
  name        = "Image cannot be pulled"
  message     = "A task could not pull its image. See whether the tag exists and the registry can be reached."
  type        = "event"
  time_window = "last_5m"
  operator    = ">"

  event {
    pattern = jsonencode({
      source        = ["aws.ecs"]
      "detail-type" = ["ECS Task State Change"]
      detail        = { stoppedReason = [{ prefix = "CannotPullContainerError" }] }
    })
  }

  critical {
    threshold = 0
    notify    = "arn:aws:sns:us-west-2:111111111111:pagerduty"
  }
}

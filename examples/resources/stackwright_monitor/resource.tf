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

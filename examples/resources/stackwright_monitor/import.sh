# <environment>/<monitor name>
terraform import stackwright_monitor.app_internal_errors "prod/App Internal Errors"

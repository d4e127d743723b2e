# <environment>/<app>/<process>
terraform import stackwright_job.report prod/shop/report

# <environment>/<app>/<process>
terraform import stackwright_service.worker prod/shop/worker

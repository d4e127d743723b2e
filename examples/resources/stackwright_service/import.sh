# <environment>/<app>/<process>; the routers of its routes must be routers of Stackwright
terraform import stackwright_service.worker prod/shop/worker

# <environment>/<app>
terraform import stackwright_app.shop prod/shop

# <environment>/<name>
terraform import stackwright_network.main prod/main

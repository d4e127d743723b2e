# <environment>/<name>
terraform import stackwright_cluster.main prod/main

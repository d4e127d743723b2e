# <environment>/<name>
terraform import stackwright_router.public prod/public

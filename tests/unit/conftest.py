"""The SDKs of the clouds, imported as the program imports them."""

from lazy_sdk import import_lazily

for sdk in ("pulumi_aws", "pulumi_cloudflare"):
    import_lazily(sdk)

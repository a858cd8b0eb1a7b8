"""Who may connect to the load balancer: clients with a certificate of our own authority, which our Cloudflare zone
has."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.site import Site
from components.storage.storage import Storage

NAME_LIMIT = 32
BUNDLE = "origin-pull-ca.pem"


@dataclass(frozen=True, kw_only=True)
class TrustStoreArgs:
    """`authorities` are certificates in PEM."""

    site: Site
    storage: Storage
    authorities: pulumi.Output[str]


class TrustStore(Component):
    """A trust store; ELB reads the bundle from S3 when the store is created, and again for each new version."""

    store: aws.lb.TrustStore

    def __init__(self, name: str, args: TrustStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("web:OriginTrust", name, args.site, opts=opts)
        bucket = args.storage.trust
        bundle = aws.s3.BucketObjectv2(
            f"{name}-bundle",
            bucket=bucket.name,
            key=BUNDLE,
            content=args.authorities,
            content_type="application/x-pem-file",
            # The store names a version; an object written before versioning is enabled has none.
            opts=self.child(depends_on=[bucket.versioning]),
        )
        self.store = aws.lb.TrustStore(
            f"{name}-store",
            name=args.site.naming.physical(name, NAME_LIMIT),
            ca_certificates_bundle_s3_bucket=bucket.name,
            ca_certificates_bundle_s3_key=bundle.key,
            ca_certificates_bundle_s3_object_version=bundle.version_id,
            opts=self.child(),
        )
        self.register_outputs({"store_arn": self.store.arn})

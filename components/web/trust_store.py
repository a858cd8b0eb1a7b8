"""Who may call the load balancer: who shows a certificate of our own authority, which is our zone at Cloudflare."""

from dataclasses import dataclass

import pulumi
import pulumi_aws as aws

from components.component import Component
from components.storage.storage import Storage
from naming import Naming

NAME_LIMIT = 32
BUNDLE = "origin-pull-ca.pem"


@dataclass(frozen=True, kw_only=True)
class OriginTrustArgs:
    """`authorities` are certificates in PEM."""

    naming: Naming
    storage: Storage
    authorities: pulumi.Output[str]


class OriginTrust(Component):
    """A trust store; ELB reads its bundle from the bucket when the store is made, and again for each new version."""

    store: aws.lb.TrustStore

    def __init__(self, name: str, args: OriginTrustArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("web", name, args.naming, opts=opts)
        bucket = args.storage.trust
        bundle = aws.s3.BucketObjectv2(
            f"{name}-bundle",
            bucket=bucket.name,
            key=BUNDLE,
            content=args.authorities,
            content_type="application/x-pem-file",
            # The store names a version, and an object from before has none.
            opts=self.child(depends_on=[bucket.versioning]),
        )
        self.store = aws.lb.TrustStore(
            f"{name}-store",
            name=args.naming.physical(name, NAME_LIMIT),
            ca_certificates_bundle_s3_bucket=bucket.name,
            ca_certificates_bundle_s3_key=bundle.key,
            ca_certificates_bundle_s3_object_version=bundle.version_id,
            opts=self.child(),
        )
        self.register_outputs({"store_arn": self.store.arn})

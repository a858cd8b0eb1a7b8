"""What the gate must know of moto's memory."""

import os

from moto.backends import get_backend


def bucket_region(name: str) -> str | None:
    """The region that holds a bucket, or None where there is no such bucket."""
    bucket = get_backend("s3")[os.environ["MOTO_ACCOUNT_ID"]]["aws"].buckets.get(name)
    return bucket.region_name if bucket else None

"""The services that call the application: edge and regions both allow them, from one table in Pulumi.yaml."""

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field

from settings.block import Block
from settings.network import distinct
from settings.shapes import Environment, text

UrlPath = Annotated[
    str,
    text(
        "is not a path; want a slash and letters, digits or . _ ~ / -, such as /login", re.compile(r"/[\w.~/-]*", re.A)
    ),
]
Paths = Annotated[list[UrlPath], Field(min_length=1), AfterValidator(distinct)]
HeaderName = Annotated[
    str,
    text(
        "is not a header's name in lower case; want letters, digits or -, such as x-signature",
        re.compile(r"[a-z0-9]+(-[a-z0-9]+)*"),
    ),
]


class WebhookSettings(Block):
    """A service that calls the application, and signs what it sends."""

    signature_header: HeaderName
    """Header with the signature, in lower case: requests without it, and requests other than POST, are blocked."""
    paths: Paths
    """Paths that the service calls; the application verifies the signatures."""


Webhooks = Annotated[dict[Environment, WebhookSettings], Field(min_length=1)]


def paths(webhooks: Mapping[str, WebhookSettings]) -> list[str]:
    """The paths of all webhooks, in the order of their names."""
    return [path for _name, service in sorted(webhooks.items()) for path in service.paths]

"""The mail block of the edge: the records with which the domain receives mail, and others recognize forgeries."""

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from settings.block import Block, rule
from settings.network import distinct
from settings.problems import Problem, shown
from settings.shapes import Domain, EmailAddress, text

LOOKUPS = ("include:", "a", "mx", "exists:")
MOST_LOOKUPS = 10
"""RFC 7208, 4.6.4: above this limit, the check fails with a permanent error."""
HIGHEST_PREFERENCE = 65_535
"""RFC 1035, 3.3.9: 16 bits."""
_NAME = r"([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9])?\.)+[a-z]{2,}"


def _preference(value: int) -> int:
    if not 0 <= value <= HIGHEST_PREFERENCE:
        raise ValueError(f"is not a preference; want a whole number from 0 to {HIGHEST_PREFERENCE}")
    return value


Preference = Annotated[int, AfterValidator(_preference)]
Sender = Annotated[
    str,
    text(
        "is not an allowed SPF mechanism; want a, mx, or include:, a:, mx:, exists:, ip4: or ip6: with a value",
        re.compile(rf"(include|exists|a|mx):{_NAME}|a|mx|ip4:[0-9.]+(/\d+)?|ip6:[0-9a-f:]+(/\d+)?"),
    ),
]
Selector = Annotated[
    str,
    text(
        "is not a selector; want lower-case letters, digits or -, such as mail1",
        re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"),
    ),
]
Key = Annotated[
    str,
    text(
        "is neither a DKIM key nor a host name; want v=DKIM1; k=rsa; p=..., or a host name",
        re.compile(rf"v=DKIM1; [A-Za-z0-9+/=;: ]{{1,1000}}|{_NAME}"),
    ),
]


def out_of_reach(name: str, emails: Sequence[str], domain: str) -> Iterator[Problem]:
    """A problem if all addresses are in the domain itself: when its zone is down, mail to them is lost."""
    if all(f".{email.partition('@')[2]}".endswith(f".{domain}") for email in emails):
        text = f"{shown(', '.join(emails))} has no address outside {domain}, whose own mail fails with its DNS; add one"
        yield Problem(path=(name,), text=text)


class MailSettings(Block):
    """Mail of the domain, with the values of its mail provider."""

    exchangers: Annotated[dict[Domain, Preference], Field(min_length=1)]
    """Preference of each mail exchanger of the domain: the lowest is tried first (RFC 5321, MX)."""
    senders: Annotated[list[Sender], AfterValidator(distinct)]
    """Who else may send mail for the domain, as SPF mechanisms (RFC 7208); all others are rejected."""
    dkim: dict[Selector, Key]
    """The DKIM key of each selector (RFC 6376), or the host name that a provider publishes it under. For mail from the
    monitoring host, Amazon SES has three names <token>.dkim.amazonses.com.
    """
    dmarc_policy: Literal["none", "quarantine", "reject"]
    """What receivers do with forged mail, subdomains included (RFC 7489): start with none, read the reports, and then
    change it to reject.
    """
    dmarc_reports: EmailAddress
    """Who gets the receivers' daily reports."""

    @rule
    def _receivers_can_look_all_up(self) -> Iterator[Problem]:
        count = sum(sender.startswith(LOOKUPS) for sender in self.senders)
        if count > MOST_LOOKUPS:
            text = f"takes {count} lookups; want {MOST_LOOKUPS} or less, beyond which receivers ignore it"
            yield Problem(path=("senders",), text=text)

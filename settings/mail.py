"""The mail block of the edge: the records by which the domain receives mail, and others know its own from forgeries."""

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
"""RFC 7208, 4.6.4: beyond, receivers take the record for none."""
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
        "is not a mechanism of SPF; want a, mx, or include:, a:, mx:, exists:, ip4: or ip6: and what it is about",
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
        "is neither a key nor where one is; want v=DKIM1; k=rsa; p=..., or a host name",
        re.compile(rf"v=DKIM1; [A-Za-z0-9+/=;: ]{{1,1000}}|{_NAME}"),
    ),
]


def out_of_reach(name: str, emails: Sequence[str], domain: str) -> Iterator[Problem]:
    """Addresses that are all in the domain itself: when its zone is down, mail to them is lost."""
    if all(f".{email.partition('@')[2]}".endswith(f".{domain}") for email in emails):
        text = f"{shown(', '.join(emails))} has nobody outside {domain}, whose mail fails with its DNS; want one too"
        yield Problem(path=(name,), text=text)


class MailSettings(Block):
    """Mail of the domain, as its provider of mail says."""

    exchangers: Annotated[dict[Domain, Preference], Field(min_length=1)]
    """Preference of each host that takes mail for the domain: the lowest is asked first (RFC 5321, MX)."""
    senders: Annotated[list[Sender], AfterValidator(distinct)]
    """Who else sends mail of the domain, as mechanisms of SPF (RFC 7208); everybody who is not here is refused."""
    dkim: dict[Selector, Key]
    """The key of each selector that mail is signed with (RFC 6376), or the host name where its owner keeps it. For what
    the monitoring sends, Amazon SES has three of <token>.dkim.amazonses.com."""
    dmarc_policy: Literal["none", "quarantine", "reject"]
    """What receivers do with forgeries, names below the domain included (RFC 7489): begin with none, read the reports,
    and go on to reject."""
    dmarc_reports: EmailAddress
    """Who gets the receivers' daily reports."""

    @rule
    def _receivers_can_look_all_up(self) -> Iterator[Problem]:
        count = sum(sender.startswith(LOOKUPS) for sender in self.senders)
        if count > MOST_LOOKUPS:
            text = f"takes {count} lookups; want {MOST_LOOKUPS} or less, beyond which receivers ignore it"
            yield Problem(path=("senders",), text=text)

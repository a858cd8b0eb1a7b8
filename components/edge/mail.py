"""The DNS records of the domain's mail: who receives it, who may send it, how it is signed, and what happens to
forgeries.

The domain sends all mail. Its subdomains send none, which DMARC's policy covers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from settings import MailSettings

LONGEST_STRING = 255
"""The maximum bytes of a string in a TXT record, which may have several (RFC 1035, 3.3.14)."""
KEY_PREFIX = "v=DKIM1"


@dataclass(frozen=True, kw_only=True)
class MailRecord:
    """`role` is the last part of the resource's name; `why` the record's comment at Cloudflare."""

    role: str
    host: str
    type: str
    content: str
    why: str
    priority: int | None = None


def mail_records(domain: str, mail: MailSettings) -> Iterator[MailRecord]:
    """Every record, named by what it is, not by its position in the stack file."""
    for host, preference in mail.exchangers.items():
        yield MailRecord(
            role=f"mx-{host}",
            host=domain,
            type="MX",
            content=host,
            priority=preference,
            why="Receives the domain's mail.",
        )
    senders = " ".join(["v=spf1", *sorted(mail.senders), "-all"])
    yield MailRecord(role="spf", host=domain, type="TXT", content=quoted(senders), why="SPF: who sends our mail.")
    for selector, key in mail.dkim.items():
        is_key = key.startswith(KEY_PREFIX)
        yield MailRecord(
            role=f"dkim-{selector}",
            host=f"{selector}._domainkey.{domain}",
            type="TXT" if is_key else "CNAME",
            content=quoted(key) if is_key else key,
            why="DKIM: the key that our mail is signed with.",
        )
    policy = f"v=DMARC1; p={mail.dmarc_policy}; rua=mailto:{mail.dmarc_reports}"
    yield MailRecord(
        role="dmarc",
        host=f"_dmarc.{domain}",
        type="TXT",
        content=quoted(policy),
        why="DMARC: what receivers do with mail that only pretends to be ours.",
    )


def quoted(text: str) -> str:
    """A text in the form that Cloudflare requires for a TXT record: quoted strings of the length that DNS allows."""
    return " ".join(f'"{text[at : at + LONGEST_STRING]}"' for at in range(0, len(text), LONGEST_STRING))

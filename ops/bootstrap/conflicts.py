"""Existing records and rules in a zone that conflict with the edge's own, reported before anything is created.

Cloudflare's provider adopts nothing, and `ops recover` only what has the same name and type: an A record at one of our
names stops the edge's first `up`, and rules from the dashboard would be replaced.
"""

from collections.abc import Iterator
from typing import Any

from contract import EDGE_LABELS, EDGE_PHASES, origin
from ops.core.cloudflare import EdgeApi

ADDRESSES = ("A", "AAAA")
RECORDS_A_PAGE = 5000
OF_MAIL = {"": "v=spf1", "_dmarc.": "v=DMARC1"}
"""TXT records that must be unique for mail receivers (RFC 7208, 4.5; RFC 7489, 6.6.3), by the prefix of their name."""


def found(api: EdgeApi, zone: str, domain: str, stacks: tuple[str, ...], *, mail: bool) -> Iterator[str]:
    """All conflicts, one per line; the check of the token reports what the token may not read.

    `stacks` are those of the regions, `mail`: the edge declares the domain's mail.
    """
    status, answer = api.asked(f"/zones/{zone}/dns_records?per_page={RECORDS_A_PAGE}")
    rows: list[dict[str, Any]] = answer["result"] if status == 200 else []
    ours = {f"{label}.{domain}" if label else domain for label in EDGE_LABELS}
    ours |= {origin(stack, domain) for stack in stacks}
    for row in rows:
        what = f"{row['type']} record {row['name']} ({row['content']})"
        if row["type"] in ADDRESSES and row["name"] in ours:
            yield f"{what} is where the edge has a CNAME: delete it when the platform takes over"
        if mail and any(
            row["type"] == "TXT"
            and row["name"] == f"{prefix}{domain}"
            and str(row["content"]).strip('"').startswith(text)
            for prefix, text in OF_MAIL.items()
        ):
            yield f"{what} would be a second one beside that of `mail`: delete it"
    for phase in EDGE_PHASES:
        status, answer = api.asked(f"/zones/{zone}/rulesets/phases/{phase}/entrypoint")
        rules = answer["result"].get("rules") or [] if status == 200 else []
        if rules:
            yield f"phase {phase} has {len(rules)} rules of somebody, which the edge would replace: delete them"

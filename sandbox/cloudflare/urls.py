"""How Cloudflare normalizes the path of a URL, before its rules see it (Cloudflare, "How URL normalization works")."""

import re
from urllib.parse import quote

UNRESERVED = re.compile(r"[A-Za-z0-9._~-]")
RESERVED = ":/?#[]@!$&'()*+,;=%"
ENCODED = re.compile(r"%([0-9A-Fa-f]{2})")


def normalized(path: str) -> str:
    """A path normalized by the type `cloudflare`: RFC 3986, with one kind of slash and no duplicate slashes."""
    decoded = ENCODED.sub(_decoded, path.replace("\\", "/"))
    return _without_dots(re.sub("/{2,}", "/", quote(decoded, safe=RESERVED)))


def _decoded(match: re.Match[str]) -> str:
    character = chr(int(match[1], 16))
    return character if UNRESERVED.fullmatch(character) else match[0].upper()


def _without_dots(path: str) -> str:
    """RFC 3986, 5.2.4."""
    kept: list[str] = []
    segments = path.split("/")[1:]
    for segment in segments:
        if segment == "..":
            kept = kept[:-1]
        elif segment != ".":
            kept.append(segment)
    if segments and segments[-1] in (".", ".."):
        kept.append("")
    return "/" + "/".join(kept)

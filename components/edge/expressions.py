"""The expressions of Cloudflare's rules language that the rule tables use.

None requires a plan above Pro: no regular expressions, and only host and path in rate limits (Cloudflare WAF,
"Rate limiting rules", availability).
"""

from __future__ import annotations

from collections.abc import Iterable

PATH = "http.request.uri.path"
METHOD = "http.request.method"
STATUS = "http.response.code"
LEAKED = "cf.waf.credential_check.password_leaked"
"""Whether the password was leaked elsewhere; every plan has it (Cloudflare WAF, "Leaked credentials detection")."""


def any_host(hosts: Iterable[str]) -> str:
    """Whether the request is for one of the hosts."""
    return f"http.host in {{{_quoted(hosts)}}}"


def any_path(paths: Iterable[str]) -> str:
    """Whether the path is one of the paths, with or without a trailing slash, which Laravel's router removes."""
    return f"{PATH} in {{{_quoted(form for path in paths for form in (path, f'{path}/'))}}}"


def below(path: str) -> str:
    """Whether the path is this one or under it."""
    return f'({PATH} eq "{path}" or starts_with({PATH}, "{path}/"))'


def has_header(name: str) -> str:
    """Whether the request has a non-empty header of this name, which is in lower case."""
    return f'any(http.request.headers["{name}"][*] ne "")'


def _quoted(words: Iterable[str]) -> str:
    return " ".join(f'"{word}"' for word in words)

"""Expressions of Cloudflare's rules language, as the emulated edge evaluates them."""

from typing import Any

import pytest

from sandbox.cloudflare.expressions import UnsupportedError, evaluate

FIELDS = {
    "http.host": "www.askproai.de",
    "http.request.uri.path": "/api/Health",
    "http.request.method": "GET",
    "ip.src": "192.0.2.7",
    "ssl": True,
    "cf.threat_score": 7,
    "http.request.headers": {"x-signature": ["", "v=1"], "accept": ["Text/HTML"]},
    "http.request.headers.names": ["X-Signature", "Accept"],
}


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("true", True),
        ("ssl", True),
        ("not ssl", False),
        ("!ssl or ssl", True),
        ('http.host eq "www.askproai.de"', True),
        ('http.host == "askproai.de"', False),
        ('http.host ne "askproai.de" and ssl', True),
        ('http.host in {"a" "www.askproai.de"}', True),
        ('not http.host in {"www.askproai.de"}', False),
        ('http.request.uri.path contains "Hea"', True),
        ('starts_with(http.request.uri.path, "/api/")', True),
        ('ends_with(lower(http.request.uri.path), "/health")', True),
        ('http.request.uri.path wildcard "/API/*"', True),
        ('http.request.uri.path matches "^/api/[A-Z]"', True),
        (r'http.request.uri.path matches r"^/api/\w+$"', True),
        ("ip.src in {192.0.2.0/24}", True),
        ("ip.src in {192.0.3.0/24 192.0.2.8}", False),
        ("cf.threat_score gt 5", True),
        ("cf.threat_score <= 5", False),
        ('concat("https://", http.host, "/x")', "https://www.askproai.de/x"),
        ('false or (ssl and http.request.method eq "GET")', True),
        ("false and true or true", True),
        ("true or true and false", True),
        ("(true or true) and false", False),
        ('http.host eq "a\\"b"', False),
        ('any(http.request.headers["x-signature"][*] eq "v=1")', True),
        ('all(http.request.headers["x-signature"][*] eq "v=1")', False),
        ('any(http.request.headers["x-other"][*] ne "")', False),
        ('not any(http.request.headers["x-other"][*] ne "") and ssl', True),
        ('any(lower(http.request.headers["accept"][*])[*] contains "html")', True),
        ('any(lower(http.request.headers.names[*])[*] eq "x-signature")', True),
        ('any(http.request.headers.names[*] in {"accept" "x-signature"})', False),
    ],
)
def test_an_expression_has_its_value(expression: str, value: Any) -> None:
    assert evaluate(expression, FIELDS) == value


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("cf.bot_management.score lt 30", "the field cf.bot_management.score"),
        ('any(http.request.headers.names[0] == "x")', r"'0' in any"),
        ("url_decode(http.host)", "the function url_decode"),
        ('http.host strict wildcard "a*"', "strict wildcard"),
        ("ssl ssl", "'ssl' in ssl ssl"),
        ("(ssl", r"'' in place of '\)'"),
        ("ssl and", "the end of ssl and"),
        ("eq 1", "'1' in eq 1"),
    ],
)
def test_what_is_not_understood_is_named(expression: str, named: str) -> None:
    with pytest.raises(UnsupportedError, match=named):
        evaluate(expression, FIELDS)

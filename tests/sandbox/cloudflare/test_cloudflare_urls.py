"""URLs in the normal form that Cloudflare's documentation shows."""

import pytest

from sandbox.cloudflare.urls import normalized


@pytest.mark.parametrize(
    ("path", "normal"),
    [
        # Cloudflare, "URL normalization examples", type Cloudflare.
        ("/hello", "/hello"),
        ("/%68ello", "/hello"),
        ("/%68ello//pa\\th", "/hello/pa/th"),
        # "How URL normalization works": unreserved characters, reserved ones, upper case, other bytes.
        ("/%7e%2D%2e%5f", "/~-._"),
        ("/a%2fb%3f", "/a%2Fb%3F"),
        ("/ü", "/%C3%BC"),
        ("/%c3%bc", "/%C3%BC"),
        # RFC 3986, 5.2.4 and 5.4.
        ("/a/b/c/./../../g", "/a/g"),
        ("/a/./b/.", "/a/b/"),
        ("/a/b/..", "/a/"),
        ("/../../a", "/a"),
        ("/a/%2e%2E/b", "/b"),
        ("/", "/"),
        ("/%2561", "/%2561"),
    ],
)
def test_a_path_has_one_form(path: str, normal: str) -> None:
    assert normalized(path) == normal

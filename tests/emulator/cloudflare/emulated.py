"""Constants and helpers of the tests of the emulated Cloudflare."""

import json
from dataclasses import dataclass
from email.message import Message
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

from tests.emulator.emulated import PATIENCE_SECONDS

ACCOUNT = "f037e56e89293a057740de681ac9abbe"
ZONE = "023e105f4ecef8ad9ca31a8372d0c353"
OTHER_ID = "0123456789abcdef0123456789abcdef"
DOMAIN = "askproai.de"
TOKEN = "t" * 40


@dataclass(frozen=True)
class Answer:
    """An answer over HTTP."""

    status: int
    headers: Message
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def error(self) -> Any:
        """The one error of a refusal's envelope."""
        envelope = self.json
        assert envelope["success"] is False
        assert envelope["result"] is None
        assert envelope["messages"] == []
        (error,) = envelope["errors"]
        return error


@dataclass(frozen=True)
class Emulated:
    """The emulated Cloudflare as its callers reach it."""

    url: str

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """A request, whatever the answer."""
        data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        request = Request(f"{self.url}{path}", method=method, data=data, headers=headers)
        try:
            with urlopen(request, timeout=PATIENCE_SECONDS) as answer:
                return Answer(answer.status, answer.headers, answer.read().decode())
        except HTTPError as answer:
            return Answer(answer.code, answer.headers, answer.read().decode())

    def call(self, method: str, path: str, body: Any = None) -> Answer:
        """A call of the API with the token."""
        return self.ask(method, f"/client/v4{path}", body, Authorization=f"Bearer {TOKEN}")

    def made(self, path: str, body: Any, method: str = "POST") -> Any:
        """The result of a call that makes or changes something."""
        answer = self.call(method, path, body)
        assert answer.status == 200, answer.text
        return answer.json["result"]

    def control(self, method: str, noun: str, body: Any = None) -> Any:
        """The sandbox's own paths."""
        answer = self.ask(method, f"/_sandbox/{noun}", body)
        assert answer.status == 200, answer.text
        return answer.json

    def record(self, name: str, **values: Any) -> Any:
        """A proxied record to a load balancer, or as `values` have it."""
        given = {"type": "CNAME", "content": "lb.example.com", "ttl": 1, "proxied": True, **values}
        return self.made(f"/zones/{ZONE}/dns_records", {"name": name, **given})
